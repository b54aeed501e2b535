"""The desk of a multi-label project as people meet it: ``tiebreak review``, Chromium, the database.

The person is simulated: a script presses the keys that give each issue its maintainers' tags.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from agent_projects import QUICK
from browser import Tab
from commands import inside
from issue_sets import FILE, SimulatedSetAgent, issues, tags

from benchmarks.agents.chat_server import ChatServer
from benchmarks.desk.driver import CARD, DeskServer, wait_saved
from tiebreak.api.project import Project

pytestmark = pytest.mark.browser

CARDS = 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a model of sets, whose next batch waits."""
    made = tmp_path / "p"
    with ChatServer(SimulatedSetAgent()) as server:
        more = ["--agent", "openai:simulated", "--embedder", "hashing"]
        inside("init", made, "--labels-from", f"{FILE}:tags", "--multiple", *more)
        inside("import", made, FILE, "--label", "tags", "--labels-are", "gold")
        lines = {"base_url": server.url, **QUICK}
        with (made / "tiebreak.toml").open("a", encoding="utf-8") as settings:
            settings.write("\n".join(f"{k} = {json.dumps(v)}" for k, v in lines.items()) + "\n")
        inside("run", made, "--reviewer", "labels", "--rounds", "2", "--batch", "20")
        inside("run", made, "--batch", str(CARDS))
    return made


def test_a_batch_of_sets_is_answered_by_keyboard(folder: Path, tab: Tab, port: int) -> None:
    truth = {row["id"]: sorted(row["tags"]) for row in issues()}
    touched = accepted = 0
    answered: dict[str, list[str]] = {}
    with (
        DeskServer(folder, ("--no-learn", "--who", "Ada"), port=port) as server,
        tab.visit() as at,
    ):
        page = at.open(server.url)
        card = page.locator(CARD)
        for _ in range(CARDS):
            page.locator(f"{CARD}[data-painted]").wait_for()
            record, name = card.get_attribute("data-record"), card.locator(".tb-id").inner_text()
            blind = card.get_attribute("data-blind") == "true"
            on = card.locator(".tb-label[aria-pressed='true']")
            before = [each.get_attribute("data-label") for each in on.all()]
            assert not (blind and before)
            todo = set(before) ^ set(truth[name])
            for label in sorted(filter(None, todo)):
                page.keyboard.press("/")
                page.keyboard.type(label.replace("-", " "))
                page.keyboard.press("Enter")
            pressed = {each.get_attribute("data-label") for each in on.all()}
            assert pressed == set(truth[name])
            page.wait_for_timeout(260)
            accepts = card.locator(".tb-accept").get_attribute("aria-disabled") == "false"
            page.keyboard.press("Enter" if accepts else "d")  # no label applies, and none was on
            page.locator(f".tb-card:not([data-record='{record}'])").wait_for()
            answered[name] = truth[name]
            touched, accepted = touched + bool(todo), accepted + (not todo)
        wait_saved(page)
        assert at.errors == []
    assert touched >= 1
    assert accepted >= 1
    with Project.open(folder, agent="none") as project:
        store = project.context.store
        names = {r.id: r.external_id for r in store.records.scan()}
        human = {
            names[i]: list(d.labels or ())
            for i, d in store.decisions.latest().items()
            if d.by == "human"
        }
        assert human == answered
        assert project.verify() == []
        assert project.schema.names == tuple(tags())
