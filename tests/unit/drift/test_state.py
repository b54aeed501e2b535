"""The drift sensors at a run: what they keep, what a pause holds, and how it ends.

People and agents here are simulated."""

from __future__ import annotations

from pathlib import Path

import pytest
from contexts import make_context, slice_rows
from stores import rows, suggestion

from tiebreak.cli.show_status import outlook_lines
from tiebreak.config import RoutePart
from tiebreak.drift import state as watching
from tiebreak.drift.report import drift_report
from tiebreak.drift.state import (
    acknowledge_drift,
    drift_now,
    drift_state,
    pause_reason,
    watch_drift,
)
from tiebreak.errors import UsageError
from tiebreak.loop.routing import proposals
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.loop.verify import verify_project
from tiebreak.project.context import ProjectContext
from tiebreak.report.status import project_status

OPTIONS = RunOptions(rounds=3, batch=20, reviewer="labels")
SKY = "the {0} orbits a {1} planet beyond the {2} nebula near our telescope {3}"
WORDS = ("comet", "frozen", "distant", "probe", "giant", "ringed", "silent", "moon", "dusty")


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 30, and fewer new records for a test to make."""
    monkeypatch.setattr(watching, "WINDOW", 30)


@pytest.fixture
def context(tmp_path: Path) -> ProjectContext:
    made = make_context(tmp_path, slice_rows(240, 0))
    run_loop(made, OPTIONS)
    return made


def strange(context: ProjectContext, n: int = 60) -> None:
    """*n* records on another matter come in."""
    k = len(WORDS)
    texts = [
        SKY.format(WORDS[i % k], WORDS[i // 2 % k], WORDS[i // 5 % k], i) for i in range(n)
    ]  # fmt: skip
    context.store.records.add(rows(texts, source="sky"))
    context.forget()


def like(context: ProjectContext, n: int) -> None:
    """*n* records like the others come in."""
    texts = [row["text"] + " please" for row in slice_rows(240 + n, 0)[240:]]
    context.store.records.add(rows(texts, source="more"))
    context.forget()


def reference(context: ProjectContext) -> int | None:
    """The id of the reference's last record."""
    mark = context.store.monitoring.last_mark()
    return mark.up_to if mark else None


def test_a_pool_that_did_not_grow_is_not_looked_at(context: ProjectContext) -> None:
    assert reference(context) == 240
    assert drift_state(context) is None
    assert project_status(context).drift is None
    assert pause_reason(context) == ""


def test_strange_records_pause_until_somebody_looked(context: ProjectContext) -> None:
    strange(context)
    run_loop(context, OPTIONS)
    told = project_status(context).drift
    assert (told.state, told.new, told.after, told.up_to) == ("pause", 60, 240, 300)
    assert sum(told.groups) >= 40
    (line,) = [x for x in outlook_lines(project_status(context)) if x.startswith("paused: ")]
    assert "tiebreak drift DIR --acknowledge" in line
    reports = len(context.store.notes.reports())
    run_loop(context, OPTIONS)
    assert [s for s, _, _ in context.store.notes.reports()[reports:]] == ["run"]  # a pause holds
    assert acknowledge_drift(context) == 300
    assert (drift_state(context), pause_reason(context), reference(context)) == (None, "", 300)
    run_loop(context, OPTIONS)
    assert drift_state(context) is None


def test_a_pause_holds_the_one_step_that_needs_no_person_and_nothing_else(
    context: ProjectContext,
) -> None:
    strange(context)
    gold = context.store.gold.get(context.table.pool.tolist())
    sure = RoutePart(model_confidence=0.0, agent_confidence=0.0)
    context.settings = context.settings.model_copy(update={"route": sure})
    standing = context.store.annotations.standing()
    free = [i for i in gold if i not in standing][:60]
    context.store.suggestions.append(
        [suggestion(i, labels=gold[i], purpose="sweep", confidence=1.0) for i in free]
    )
    options = RunOptions(rounds=4, batch=20, reviewer="labels", accept_unproved=True)
    done = run_loop(context, options)
    assert pause_reason(context)
    assert done.unproved == 0
    assert len(proposals(context)) > 5  # they stand, and wait for a person
    labelled = project_status(context).labelled
    assert labelled.unproved == 0
    assert labelled.simulated >= 80  # people went on: the round, and ties
    acknowledge_drift(context)
    again = run_loop(context, options)
    assert again.unproved == len(proposals(context)) > 5
    assert verify_project(context) == []


def test_like_records_do_not_pause_and_each_growth_is_looked_at_once(
    context: ProjectContext,
) -> None:
    like(context, 30)
    run_loop(context, OPTIONS)
    first = drift_state(context)
    assert first is not None
    assert (first.state, first.new) in (("ok", 30), ("flag", 30))
    reading = context.store.monitoring.last_reading()
    watch_drift(context)
    assert drift_state(context) == first
    assert context.store.monitoring.last_reading() == reading  # and nothing more was written
    like(context, 60)  # 30 of them are known
    run_loop(context, OPTIONS)
    second = drift_state(context)
    assert second is not None
    assert (second.state != "pause", second.new) == (True, 60)


def test_to_look_by_hand_keeps_what_it_says_unless_other_records_are_compared(
    context: ProjectContext,
) -> None:
    strange(context, 60)
    run_loop(context, RunOptions(rounds=0, batch=20, reviewer="labels"))
    acknowledge_drift(context)
    told = drift_now(context, after=200, window=20)
    assert (told.after, told.state) == (200, "pause")
    assert told.do
    assert drift_state(context) is None
    own = drift_now(context)
    assert (own.after, own.state, own.new) == (300, "ok", 0)
    kept = drift_state(context)
    assert kept is not None
    assert kept.state == "ok"


def test_a_pause_is_told_also_when_its_windows_are_long_past(context: ProjectContext) -> None:
    strange(context)
    run_loop(context, OPTIONS)
    why = pause_reason(context)
    assert drift_report(context, after=300).state == "ok"
    like(context, 60)
    run_loop(context, OPTIONS)
    told = drift_now(context)
    assert (told.state, told.reason) == ("pause", why)


def test_before_the_first_run_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    context = make_context(tmp_path, slice_rows(40, 0))
    with pytest.raises(UsageError, match="no run was made yet"):
        drift_now(context)
    run_loop(context, OPTIONS)
    strange(context, 5)
    run_loop(context, OPTIONS)  # 40 records are too few for a reference: nothing is said
    assert drift_state(context) is None


def test_too_many_new_records_wait_to_be_asked_for(
    context: ProjectContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MAX_NEW", 10)
    notes: list[str] = []
    monkeypatch.setattr(context.progress, "note", notes.append)
    strange(context)
    run_loop(context, OPTIONS)
    assert drift_state(context) is None
    assert any("60 new records are many" in note for note in notes)
