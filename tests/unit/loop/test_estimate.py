"""The outlook before a run: its figures, their basis, and that it buys and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_projects import agent_project
from chat_stub import ChatStub
from contexts import make_context, slice_rows
from stores import act

from tiebreak.api.project import Project
from tiebreak.loop.call_estimate import duration, seconds_a_call
from tiebreak.loop.estimate import estimate_run
from tiebreak.loop.results import EstimatedStep, RunEstimate
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.loop.verify import project_hash
from tiebreak.review.annotate import write_annotations

ROWS = slice_rows(60, 0)
PRICE = '[prices."stub"]\ninput = 1.0\noutput = 2.0\n'


def by_name(told: RunEstimate) -> dict[str, EstimatedStep]:
    return {step.step: step for step in told.steps}


def files(folder: Path) -> dict[str, int]:
    """Every file of a project that is not the database's own, with its size."""
    found = [p for p in folder.rglob("*") if p.is_file() and "tiebreak.db" not in p.name]
    return {str(p.relative_to(folder)): p.stat().st_size for p in found}


def test_a_new_project_learns_what_embedding_and_the_first_batch_take(tmp_path: Path) -> None:
    with ChatStub() as stub:
        folder = agent_project(tmp_path / "p", stub.url, ROWS, gold=False, toml=PRICE)
        before = files(folder)
        with Project.open(folder) as project:
            digest, reports = project.hash(), len(project.context.store.notes.reports())
            told = project.estimate_run(batch=20)
            assert (project.hash(), len(project.context.store.notes.reports())) == (digest, reports)
            assert project.status().spend.calls == 0
        assert len(stub.bodies) == 0
    assert files(folder) == before
    steps = by_name(told)
    assert list(steps) == ["embed", "near duplicates", "agent"]  # no label, no fit
    assert (steps["embed"].n, steps["agent"].n, told.calls) == (60, 20, 20)
    assert steps["embed"].basis == "32 of them timed"
    assert steps["embed"].seconds > 0
    assert told.disk == steps["embed"].disk > 60 * 4
    assert told.memory > 10_000_000
    assert steps["agent"].seconds is None  # it has a price, so no call is made to time it
    assert 0 < told.money == steps["agent"].money
    assert told.tokens > 20 * 50
    assert told.seconds == pytest.approx(sum(s.seconds or 0 for s in told.steps), abs=0.06)
    assert any("time unknown" in line and "USD" in line for line in told.lines)
    assert "unknown" in told.lines[-1]


def test_the_money_is_what_the_run_then_takes_within_a_factor(tmp_path: Path) -> None:
    with ChatStub() as stub:
        folder = agent_project(tmp_path / "p", stub.url, ROWS, gold=False, toml=PRICE)
        with Project.open(folder) as project:
            told = project.estimate_run(batch=20)
            project.run(batch=20)
            spent = project.status().spend
            assert spent.calls == told.calls == 20
            after = project.estimate_run(batch=20)
            each, basis = seconds_a_call(project.context)
        assert len(stub.bodies) >= 20
    assert "agent" not in by_name(after)  # the batch waits for people
    assert "embed" not in by_name(after)
    assert each is not None
    assert basis == "its last 20 answers timed"


def test_a_run_tells_what_is_long_and_keeps_quiet_of_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    steps: list[str] = []
    long = make_context(tmp_path / "long", slice_rows(700, 0))
    monkeypatch.setattr(long.progress, "note", said.append)
    monkeypatch.setattr(long.progress, "start", lambda step, total: steps.append(step))
    options = RunOptions(rounds=1, reviewer="labels")
    run_loop(long, options)
    assert any(line.startswith("embed: ") and "timed" in line for line in said)
    assert steps[:2] == ["embed", "near duplicates"]
    assert {"select", "train"} <= set(steps)  # each long step tells that it goes on
    short = make_context(tmp_path / "short", ROWS)
    said.clear()
    monkeypatch.setattr(short.progress, "note", said.append)
    run_loop(short, options)
    assert not any("timed" in line for line in said)


def test_a_fit_takes_as_long_as_those_before_and_none_is_said_so(tmp_path: Path) -> None:
    context = make_context(tmp_path, ROWS)
    gold = context.store.gold.get(context.table.pool.tolist())
    write_annotations(
        context.store, context.schema, [act(i, gold[i][0]) for i in sorted(gold)[:40]]
    )
    first = by_name(estimate_run(context))["train"]
    assert first.n == 40
    assert first.basis.startswith("logistic regression on 32 records timed")
    assert first.seconds > 0
    run_loop(context, RunOptions(batch=5))
    digest = project_hash(context)
    assert estimate_run(context).lines == ("There is nothing long to do.",)
    assert project_hash(context) == digest
    write_annotations(context.store, context.schema, [act(50, gold[50][0])])
    (later,) = estimate_run(context).steps
    (spent,) = [p["seconds"]["train"] for s, _, p in context.store.notes.reports() if s == "run"]
    assert (later.n, later.seconds) == (41, spent)
    assert later.basis == "the 1 models so far timed"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (4.4, "4 s"), (89, "89 s"), (150, "2 min"), (7200, "2.0 h")],
)
def test_durations_for_people(seconds: float, said: str) -> None:
    assert duration(seconds) == said
