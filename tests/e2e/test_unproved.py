"""``--accept-unproved``: labels that nobody proved are said to be so everywhere, and are never
counted, learnt from or left standing against a person's word.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_projects import agent_project
from chat_stub import demonstrations, question, sure
from commands import Done, inside, inside_document, read, tiebreak
from contexts import slice_rows

from benchmarks.agents.chat_server import ChatServer, Sent
from tiebreak.api.project import Project
from tiebreak.loop.routing import proposals

ROWS = slice_rows(80, 10)
NAMES = sorted({r["label"] for r in ROWS})
GOLD = {r["text"]: r["label"] for r in ROWS}
BATCH = 30
RUN = ("--batch", str(BATCH), "--prelabel", "all")
ACCEPT = (*RUN, "--accept-unproved")
ROUTE = "[route]\nmodel_confidence = 0.3"


def knows(body: dict[str, Any]) -> Sent:
    """Right about every record, and sure of it."""
    return sure(body, GOLD[question(body)])


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer(knows) as running:
        yield running


@pytest.fixture(scope="module")
def swept(server: ChatServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project where people answered one batch, and the rest was pre-labelled without the flag."""
    folder = tmp_path_factory.mktemp("unproved") / "p"
    agent_project(folder, server.url, ROWS, mode="score", toml=ROUTE)
    inside("run", folder, *RUN)
    answer_all(folder)
    done = inside("run", folder, *RUN, "--json")
    report = read(done)
    assert report["proposed"] >= 5, "too few proposals to test anything with"
    assert report["labelled"] == {"human": BATCH, "simulated": 0, "autonomous": 0, "unproved": 0}
    assert report["unproved_now"] == 0
    assert_silent(done)
    return folder


@pytest.fixture
def folder(swept: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "p"
    shutil.copytree(swept, copy)
    return copy


def assert_silent(done: Done) -> None:
    assert "UNPROVED" not in done.stderr + done.stdout


def answer_all(folder: Path, who: str = "ada") -> None:
    with Project.open(folder, agent="none") as project:
        for card in project.next_batch(100, who=who):
            project.annotate(card.record.id, GOLD[card.record.text], who=who)


def proposed(folder: Path) -> dict[int, tuple[str, ...] | None]:
    with Project.open(folder, agent="none") as project:
        return {r.record_id: r.labels for r in proposals(project.context)}


def decided(folder: Path) -> dict[int, tuple[str, tuple[str, ...] | None]]:
    with Project.open(folder, agent="none") as project:
        assert project.verify() == []
        return {i: (d.by, d.labels) for i, d in project.context.store.decisions.latest().items()}


def test_without_the_flag_no_machine_decides_anything(folder: Path, tmp_path: Path) -> None:
    assert proposed(folder)
    assert {by for by, _ in decided(folder).values()} == {"human"}
    assert_silent(inside("status", folder))
    assert_silent(inside("export", folder, tmp_path / "out.csv"))


def test_with_it_every_command_says_so_and_only_proposals_are_labelled(
    folder: Path, tmp_path: Path
) -> None:
    before = decided(folder)
    done = tiebreak("run", folder, *ACCEPT, "--json")
    report = read(done)
    n = report["unproved_now"]
    assert n >= 5
    assert f"UNPROVED: {n} labels" in done.stderr
    assert report["labelled"] == {"human": BATCH, "simulated": 0, "autonomous": 0, "unproved": n}
    assert (report["certificates"], report["control"]["n"]) == ([], BATCH // 10)

    wanted = proposed(folder)
    after = decided(folder)
    assert len(wanted) == n
    assert after == {**before, **{i: ("unproved", labels) for i, labels in wanted.items()}}
    with Project.open(folder, agent="none") as project:
        queued = {t.record_id for t in project.context.store.queue.tasks()}
        pool = set(project.context.table.pool.tolist())
    assert not queued & set(wanted)
    assert set(wanted) <= pool

    for status in (inside("status", folder), inside("status", folder, "--json")):
        assert f"UNPROVED: {n} labels" in status.stderr
    assert f"{n} UNPROVED" in inside("status", folder).stdout
    exported = inside("export", folder, tmp_path / "out.csv")
    assert f"UNPROVED: {n} rows" in exported.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(r["by"] == "unproved" for r in rows) == n
    assert sum(r["by"] == "human" for r in rows) == BATCH
    assert {r["who"] for r in rows if r["by"] == "unproved"} == {""}
    assert all(float(r["confidence"]) >= 0.3 for r in rows if r["by"] == "unproved")


def test_it_never_trains_and_is_never_shown_as_an_example(folder: Path, server: ChatServer) -> None:
    inside("run", folder, *ACCEPT)
    machine = {i for i, (by, _) in decided(folder).items() if by == "unproved"}
    with Project.open(folder, agent="none") as project:
        texts = {r.text for r in project.context.records(machine).values()}
        assert not machine & set(project.context.pool_state().labelled)
    answer_all(folder)
    before = len(server.bodies)
    report = inside_document("run", folder, *ACCEPT)
    humans = report["labelled"]["human"]
    assert humans > BATCH
    assert report["model"]["trained_on"] == {"human": humans}
    asked = server.bodies[before:]
    shown = [text for body in asked for text, _ in demonstrations(body)]
    assert not texts & set(shown)


def test_a_person_replaces_it_and_nothing_takes_that_back(folder: Path) -> None:
    inside("run", folder, *ACCEPT)
    first, second, third = list(proposed(folder))[:3]
    with Project.open(folder, agent="none") as project:
        was = project.context.store.decisions.latest()[first].labels
        other = next(name for name in NAMES if (name,) != was)
        project.annotate(first, other, who="ada")
        project.annotate(second, who="ada", outcome="none")
        project.annotate(third, other, who="ada")
        project.annotate(third, who="ada", outcome="undo")
    report = inside_document("run", folder, *ACCEPT)
    after = decided(folder)
    assert after[first] == ("human", (other,))
    assert after[second] == ("human", None)  # no label fits: the machine's is gone
    assert after[third] == ("human", None)  # taken back by a person: to be asked again
    assert report["labelled"]["human"] == BATCH + 1
    with Project.open(folder, agent="none") as project:
        learnt = project.context.pool_state().labelled
        assert learnt[first] == ("human", (other,))
        assert len(learnt) == BATCH + 1
        by = [d.by for d in project.context.store.decisions.of(first)]
        assert by == ["unproved", "human"]  # append-only: what the machine said is still there


def test_twice_is_once(folder: Path) -> None:
    assert inside_document("run", folder, *ACCEPT)["unproved_now"] >= 5
    before = inside_document("verify", folder)["hash"]
    again = inside_document("run", folder, *ACCEPT)
    assert again["unproved_now"] == 0
    assert inside_document("verify", folder)["hash"] == before


def test_a_simulated_reviewer_is_kept_apart_from_it(folder: Path) -> None:
    simulated = ("--batch", "10", "--reviewer", "labels", "--rounds", "3", *ACCEPT[2:])
    report = inside_document("run", folder, *simulated)
    counts = report["labelled"]
    assert (counts["human"], counts["autonomous"]) == (BATCH, 0)
    assert counts["simulated"] >= 10
    assert sum(counts.values()) <= 80
    trained = report["model"]["trained_on"]
    assert trained == {"human": BATCH, "simulated": counts["simulated"]}
