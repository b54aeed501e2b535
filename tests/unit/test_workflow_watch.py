"""The drift sensors at a run: what they keep, what a pause holds, and how it ends.

People and agents here are simulated."""

from __future__ import annotations

from pathlib import Path

import pytest
from benches import make_bench, slice_rows
from stores import rows, suggestion

from tiebreak.cli.show_status import outlook_lines
from tiebreak.config import RoutePart
from tiebreak.errors import UsageError
from tiebreak.workflow import watch as watching
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.drift import drift_report
from tiebreak.workflow.loop import run
from tiebreak.workflow.routing import proposals
from tiebreak.workflow.running import RunOptions
from tiebreak.workflow.status import status
from tiebreak.workflow.verify import verify
from tiebreak.workflow.watch import drift_state, look, looked, mark, paused, watch

OPTIONS = RunOptions(rounds=3, batch=20, reviewer="labels")
SKY = "the {0} orbits a {1} planet beyond the {2} nebula near our telescope {3}"
WORDS = ("comet", "frozen", "distant", "probe", "giant", "ringed", "silent", "moon", "dusty")


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 30, and fewer new records for a test to make."""
    monkeypatch.setattr(watching, "WINDOW", 30)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = make_bench(tmp_path, slice_rows(240, 0))
    run(made, OPTIONS)
    return made


def strange(bench: Bench, n: int = 60) -> None:
    """*n* records on another matter come in."""
    k = len(WORDS)
    texts = [
        SKY.format(WORDS[i % k], WORDS[i // 2 % k], WORDS[i // 5 % k], i) for i in range(n)
    ]  # fmt: skip
    bench.store.records.add(rows(texts, source="sky"))
    bench.forget()


def like(bench: Bench, n: int) -> None:
    """*n* records like the others come in."""
    texts = [row["text"] + " please" for row in slice_rows(240 + n, 0)[240:]]
    bench.store.records.add(rows(texts, source="more"))
    bench.forget()


def test_a_pool_that_did_not_grow_is_not_looked_at(bench: Bench) -> None:
    assert mark(bench) == 240
    assert drift_state(bench) is None
    assert status(bench)["drift"] is None
    assert paused(bench) == ""


def test_strange_records_pause_until_somebody_looked(bench: Bench) -> None:
    strange(bench)
    run(bench, OPTIONS)
    told = status(bench)["drift"]
    assert (told["state"], told["new"], told["after"], told["up_to"]) == ("pause", 60, 240, 300)
    assert sum(told["groups"]) >= 40
    (line,) = [x for x in outlook_lines(status(bench)) if x.startswith("paused: ")]
    assert "tiebreak drift DIR --looked" in line
    reports = len(bench.store.notes.reports())
    run(bench, OPTIONS)
    assert [s for s, _, _ in bench.store.notes.reports()[reports:]] == ["run"]  # a pause holds
    assert looked(bench) == 300
    assert (drift_state(bench), paused(bench), mark(bench)) == (None, "", 300)
    run(bench, OPTIONS)
    assert drift_state(bench) is None


def test_a_pause_holds_the_one_step_that_needs_no_person_and_nothing_else(bench: Bench) -> None:
    strange(bench)
    gold = bench.store.gold.get(bench.table.pool.tolist())
    sure = RoutePart(model_confidence=0.0, agent_confidence=0.0)
    bench.settings = bench.settings.model_copy(update={"route": sure})
    standing = bench.store.annotations.standing()
    free = [i for i in gold if i not in standing][:60]
    bench.store.suggestions.append(
        [suggestion(i, labels=gold[i], purpose="sweep", confidence=1.0) for i in free]
    )
    options = RunOptions(rounds=4, batch=20, reviewer="labels", accept_unproved=True)
    done = run(bench, options)
    assert paused(bench)
    assert done.unproved == 0
    assert len(proposals(bench)) > 5  # they stand, and wait for a person
    labelled = status(bench)["labelled"]
    assert labelled["unproved"] == 0
    assert labelled["simulated"] >= 80  # people went on: the round, and ties
    looked(bench)
    again = run(bench, options)
    assert again.unproved == len(proposals(bench)) > 5
    assert verify(bench) == []


def test_like_records_do_not_pause_and_each_growth_is_looked_at_once(bench: Bench) -> None:
    like(bench, 30)
    run(bench, OPTIONS)
    first = drift_state(bench)
    assert first is not None
    assert (first["state"], first["new"]) in (("ok", 30), ("flag", 30))
    assert watch(bench) == first
    assert [s for s, _, _ in bench.store.notes.reports()].count("drift") == 1
    like(bench, 60)  # 30 of them are known
    run(bench, OPTIONS)
    second = drift_state(bench)
    assert second is not None
    assert (second["state"] != "pause", second["new"]) == (True, 60)


def test_to_look_by_hand_keeps_what_it_says_unless_other_records_are_compared(
    bench: Bench,
) -> None:
    strange(bench, 60)
    run(bench, RunOptions(rounds=0, batch=20, reviewer="labels"))
    looked(bench)
    told = look(bench, after=200, window=20)
    assert (told["after"], told["state"]) == (200, "pause")
    assert told["do"]
    assert drift_state(bench) is None
    own = look(bench)
    assert (own["after"], own["state"], own["new"]) == (300, "ok", 0)
    kept = drift_state(bench)
    assert kept is not None
    assert kept["state"] == "ok"


def test_a_pause_is_told_also_when_its_windows_are_long_past(bench: Bench) -> None:
    strange(bench)
    run(bench, OPTIONS)
    why = paused(bench)
    assert drift_report(bench, after=300)["state"] == "ok"
    like(bench, 60)
    run(bench, OPTIONS)
    told = look(bench)
    assert (told["state"], told["reason"]) == ("pause", why)


def test_before_the_first_run_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, slice_rows(40, 0))
    with pytest.raises(UsageError, match="no run was made yet"):
        look(bench)
    run(bench, OPTIONS)
    strange(bench, 5)
    run(bench, OPTIONS)  # 40 records are too few for a reference: nothing is said
    assert drift_state(bench) is None


def test_too_many_new_records_wait_to_be_asked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MOST_NEW", 10)
    notes: list[str] = []
    monkeypatch.setattr(bench.progress, "note", notes.append)
    strange(bench)
    run(bench, OPTIONS)
    assert drift_state(bench) is None
    assert any("60 new records are many" in note for note in notes)
