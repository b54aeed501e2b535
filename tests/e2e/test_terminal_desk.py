"""``tiebreak label`` in a real terminal: single keys, undo, leases, two people at once."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_projects import agent_project
from chat_stub import labelled, question
from commands import COMMAND, ENV, inside
from contexts import slice_rows
from terminal import Terminal

from benchmarks.agents.chat_server import ChatServer, Sent
from tiebreak.api.project import Project
from tiebreak.domain.reviews import Annotation

ROWS = slice_rows(40, 0)
NAMES = sorted({r["label"] for r in ROWS})
GOLD = {r["text"]: r["label"] for r in ROWS}
BATCH = 10
PROMPT = r"q quit"
CARD = r"─ (\S+) ─"
"""The title of a card's panel: the record's id."""


def knows(body: dict[str, Any]) -> Sent:
    return labelled(GOLD[question(body)])


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with one batch in the queue (one card of it blind), pre-labelled."""
    folder = tmp_path_factory.mktemp("desk") / "p"
    with ChatServer(knows) as server:
        agent_project(folder, server.url, ROWS)
        inside("run", folder, "--batch", str(BATCH))
    yield folder


@pytest.fixture
def folder(asked: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "p"
    shutil.copytree(asked, copy)
    return copy


def desk(folder: Path, who: str) -> Terminal:
    return Terminal([*COMMAND, "label", folder, "--who", who], ENV)


def card(terminal: Terminal) -> str:
    """Wait for the next card; its record's id."""
    name = terminal.expect(CARD).group(1)
    terminal.expect(PROMPT)
    return name


def annotations(folder: Path) -> list[tuple[str, Annotation]]:
    with Project.open(folder, agent="none") as project:
        assert project.verify() == []
        store = project.context.store
        names = {r.id: r.external_id for r in store.records.scan()}
        return [(names[a.record_id], a) for a in store.annotations.scan()]


def standing(folder: Path) -> dict[str, tuple[str, str, str | None]]:
    """Record to (who, outcome, label)."""
    with Project.open(folder, agent="none") as project:
        store = project.context.store
        names = {r.id: r.external_id for r in store.records.scan()}
        return {
            names[i]: (a.who, a.outcome, a.labels[0] if a.labels else None)
            for i, a in store.annotations.standing().items()
        }


def leased(folder: Path, who: str) -> int:
    """How many records another person could get now."""
    with Project.open(folder, agent="none") as project:
        got = project.next_batch(100, who=who)
        project.context.store.queue.release(who)
        return len(got)


def test_single_keys_label_skip_undo_and_quit(folder: Path) -> None:
    gold = {r["id"]: r["label"] for r in ROWS}
    with desk(folder, "ada") as screen:
        blind = screen.expect(CARD).group(1)
        assert "agent:" not in screen.expect(rf"(?s).*Blind.*{PROMPT}").group()
        screen.press("2")  # blind: digits are the schema's order
        second = screen.expect(CARD).group(1)
        said = screen.expect(rf"(?s)a  agent: (\S+).*{PROMPT}").group(1)
        assert said == gold[second]
        screen.press("a")
        third = card(screen)
        screen.press("x")  # no key of the desk: it says which there are
        screen.expect(PROMPT)
        screen.press("u")
        screen.expect("Took back")
        screen.press("s")
        fourth = card(screen)
        screen.press("d")
        fifth = card(screen)
        screen.press("/")
        screen.expect("label: ")
        screen.press(f"{NAMES[3]}\n")  # a name is a line
        card(screen)
        screen.press("q")
        screen.expect("4 answered")
        assert screen.ends() == 0
    assert standing(folder) == {
        blind: ("ada", "label", NAMES[1]),
        third: ("ada", "skip", None),
        fourth: ("ada", "none", None),
        fifth: ("ada", "label", NAMES[3]),
    }
    shown = {name: a.shown for name, a in annotations(folder) if a.outcome != "undo"}
    assert shown[blind] == "blind"
    assert shown[second] == "evidence"
    with Project.open(folder, agent="none") as project:
        assert project.status().queue == BATCH - 4  # the one taken back waits again


@pytest.mark.parametrize("way", ["quit", "interrupt"])
def test_whoever_leaves_gives_the_rest_back(way: str, folder: Path) -> None:
    with desk(folder, "ada") as screen:
        card(screen)
        screen.press("1")
        card(screen)
        assert leased(folder, "bea") == BATCH - 8  # ada holds a page of eight, one is answered
        if way == "quit":
            screen.press("q")
            assert screen.ends() == 0
        else:
            screen.interrupt()
            screen.expect("Nothing is lost")
            assert screen.ends() == 130
    assert leased(folder, "bea") == BATCH - 1
    assert len(standing(folder)) == 1


def test_two_people_at_once_never_get_the_same_record(folder: Path) -> None:
    seen: dict[str, list[str]] = {"ada": [], "bea": []}
    with contextlib.ExitStack() as desks:
        ada = desks.enter_context(desk(folder, "ada"))
        seen["ada"].append(card(ada))  # ada holds the first page before bea comes
        bea = desks.enter_context(desk(folder, "bea"))
        seen["bea"].append(card(bea))
        for screen, who in ((ada, "ada"), (bea, "bea"), (ada, "ada")):
            screen.press("1")
            seen[who].append(card(screen))
        ada.press("q")
        assert ada.ends() == 0
        left = seen["ada"].pop()  # looked at, not answered
        while len(seen["ada"]) + len(seen["bea"]) < BATCH:
            bea.press("1")
            seen["bea"].append(card(bea))
        bea.press("1")
        bea.expect("The queue is empty")
        assert bea.ends() == 0
    assert left in seen["bea"]
    served = seen["ada"] + seen["bea"]
    assert len(served) == len(set(served)) == BATCH
    assert Counter(who for who, _, _ in standing(folder).values()) == {"ada": 2, "bea": 8}
    assert len(annotations(folder)) == BATCH


KEYS = {"up": "\x1b[A", "home": "\x1b[1~", "delete": "\x1b[3~", "F5": "\x1b[15~", "alt-a": "\x1ba"}


def test_keys_that_send_several_characters_label_nothing(folder: Path) -> None:
    with desk(folder, "ada") as screen:
        card(screen)
        for keys in KEYS.values():
            screen.press(keys)
            screen.expect(PROMPT)
        screen.press("q")
        assert screen.ends() == 0
    assert standing(folder) == {}


def test_a_records_text_does_not_drive_the_terminal(tmp_path: Path) -> None:
    bell, erase, title = "\x07", "\x1b[2J\x1b[H", "\x1b]0;owned\x1b\\"
    texts = [f"{erase}gone{title}", f"bell{bell}\x9b31mred", "turned \u202eround", "tab\tand\nline"]
    with Project.create(
        tmp_path / "p", labels=["a", "b"], agent="none", embedder="hashing"
    ) as project:
        project.add([{"id": f"{n}{erase}", "text": text} for n, text in enumerate(texts)])
        project.run(batch=4)
    with desk(tmp_path / "p", "ada") as screen:
        for _ in texts:
            screen.expect(PROMPT)
            screen.press("1")
        screen.expect("The queue is empty")
        assert screen.ends() == 0
    for bad in ("\x1b[2J", "\x1b]", "\x07", "\x9b", "\u202e"):
        assert bad not in screen.raw
    for word in ("gone", "owned", "bell", "31mred", "turned", "round", "line"):
        assert word in screen.raw, "what a person must judge was left out"
