"""What a step reads it reads once: whole-table reads of a round, of a promise, of a freeze."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from clock import TickingClock
from contexts import make_context, slice_rows
from promise_projects import pin_coins, promise_bench
from read_counter import ReadCounter
from stores import act, decision

from tiebreak.loop.export import export_labels
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.promise.freeze import freeze_policy
from tiebreak.promise.terms import current_terms
from tiebreak.store.sql import SqlStore

A_ROUND, A_PROMISE = 12, 60
"""Whole-table reads, at most."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A database in the test's folder, closed however the test ends."""
    with closing(SqlStore.open(tmp_path / "tiebreak.db", TickingClock())) as opened:
        yield opened


def test_a_round_over_899_records_reads_each_log_about_once(
    store: SqlStore, tmp_path: Path
) -> None:
    counter = ReadCounter(store)
    context = make_context(tmp_path, slice_rows(719, 180), store=store)
    run_loop(context, RunOptions(batch=24, rounds=2, reviewer="labels"))
    counter.reset()
    run_loop(context, RunOptions(batch=24, rounds=3, reviewer="labels"))
    assert store.batches.last().round == 3  # type: ignore[union-attr]
    assert 0 < sum(counter.whole.values()) <= A_ROUND, counter.whole


def test_a_promise_is_pursued_without_reading_everything_at_every_look(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin_coins(monkeypatch)  # they say how often it audits, and so how often it reads
    counter = ReadCounter(store)
    context = promise_bench(tmp_path, store=store)
    counter.reset()
    run_loop(context, RunOptions(batch=16, reviewer="labels"))
    assert context.pool_state().released  # a whole campaign was played
    assert 0 < sum(counter.whole.values()) <= A_PROMISE, counter.whole


def test_freezing_asks_for_the_schema_once_however_many_candidates(
    store: SqlStore, tmp_path: Path
) -> None:
    counter = ReadCounter(store)
    context = make_context(tmp_path, slice_rows(719, 0), store=store)
    run_loop(context, RunOptions(batch=60, rounds=2, reviewer="labels"))
    terms = current_terms(context, max_error=0.2, reviewer="labels")
    assert terms is not None
    open_ids = context.pool_state().unlabelled
    counter.reset()
    policy = freeze_policy(context, terms, open_ids)
    assert policy is not None
    assert policy.candidates > 500
    assert counter.schemas <= 1
    assert sum(counter.whole.values()) <= 3, counter.whole


def test_an_export_writes_nothing(store: SqlStore, tmp_path: Path) -> None:
    context = promise_bench(tmp_path, store=store)
    run_loop(context, RunOptions(batch=16, reviewer="labels"))
    (released,) = [list(context.pool_state().released)]
    before = store.versions(), len(store.promises.certificates())
    # somebody changes a label that was audited right: the certificate may no longer stand
    counts = export_labels(context, tmp_path / "labels.csv")
    assert counts["autonomous"] == len(released) > 0
    assert (store.versions(), len(store.promises.certificates())) == before


def test_what_was_read_stands_until_its_log_has_grown(store: SqlStore, tmp_path: Path) -> None:
    context = make_context(tmp_path, slice_rows(60, 0), store=store)
    state = context.pool_state()
    assert context.pool_state() is state
    assert np.array_equal(state.unlabelled, context.table.pool)
    with closing(SqlStore.open(tmp_path / "tiebreak.db", TickingClock())) as other:
        other.annotations.append([act(1, state.schema.names[0])])  # another process writes
        after = context.pool_state()
        assert after is not state
        assert after.decisions is state.decisions  # that log did not grow: it was not read again
        assert 1 in after.standing
        assert 1 not in after.unlabelled
        other.decisions.append([decision(1, label=state.schema.names[0])])
        assert context.pool_state().labelled == {1: ("human", (state.schema.names[0],))}
