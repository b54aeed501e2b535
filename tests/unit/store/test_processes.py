"""Several processes and threads over one database: one queue, one budget, random kills."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from clock import TickingClock
from lease_worker import review
from sqlalchemy import func, select
from stores import act, filled, reply, task, undo

from tiebreak.errors import BudgetExceeded, UsageError
from tiebreak.store.sql import SqlStore
from tiebreak.store.sql.schema import spend

WORKERS = 20
RECORDS = 120


@pytest.fixture
def store(database_url: str, clock: TickingClock) -> Iterator[SqlStore]:
    opened = SqlStore.open(database_url, clock)
    yield opened
    opened.close()


def test_killed_reviewers_neither_share_nor_strand_a_record(
    store: SqlStore, database_url: str, tmp_path: Path
) -> None:
    filled(store, RECORDS)
    store.queue.open([task(i, priority=float(i % 3)) for i in range(1, RECORDS + 1)])
    claims = tmp_path / "claims"
    claims.mkdir()
    # A server process that has the imports forks the workers: no start-up for each.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "psycopg", "tiebreak.store.sql"])
    killed = 0

    def start(number: int) -> multiprocessing.process.BaseProcess:
        deadly = 0.1 if number < 40 else 0.0
        args = (database_url, claims, f"worker {number}", number, deadly)
        process = context.Process(target=review, args=args)
        process.start()
        return process

    running = [start(number) for number in range(WORKERS)]
    started = WORKERS
    while running:
        process = running.pop(0)
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        if process.exitcode == -signal.SIGKILL:
            killed += 1
            running.append(start(started))
            started += 1

    assert killed >= WORKERS // 2
    assert not (claims / "held-twice").exists()
    assert Counter(a.record_id for a in store.annotations.scan()) == dict.fromkeys(
        range(1, RECORDS + 1), 1
    )
    assert store.queue.tasks() == []


def test_an_undo_never_takes_back_what_another_said_meanwhile(store: SqlStore) -> None:
    rounds = 40
    filled(store, rounds)
    store.annotations.append([act(i, "a", who="ada") for i in range(1, rounds + 1)])
    start = threading.Barrier(2)
    refused: list[int] = []

    def take_back() -> None:
        for i in range(1, rounds + 1):
            start.wait(10)
            try:
                store.annotations.append([undo(i, who="ada")])
            except UsageError:
                refused.append(i)

    def answer() -> None:
        for i in range(1, rounds + 1):
            start.wait(10)
            store.annotations.append([act(i, "b", who="bob")])

    threads = [threading.Thread(target=each) for each in (take_back, answer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(1, rounds + 1):
        said = [(a.who, a.outcome) for a in store.annotations.of(i)]
        late = i in refused
        assert said == [("ada", "label"), *([] if late else [("ada", "undo")]), ("bob", "label")]
    assert {a.who for a in store.annotations.standing().values()} == {"bob"}


def test_threads_never_pass_the_budget_together(store: SqlStore) -> None:
    refused = []

    def spend_all(name: int) -> None:
        for call in range(20):
            try:
                number = store.ledger.reserve(f"{name}-{call}", "m", 10, limit=500)
            except BudgetExceeded:
                refused.append(name)
                continue
            if call % 5 == 4:
                store.ledger.release(number)
            else:
                store.ledger.settle(number, reply(), 5 + call % 5)

    threads = [threading.Thread(target=spend_all, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    totals = store.ledger.totals()
    with store.database.reading() as conn:
        by_state = {
            state: (n, nanos)
            for state, n, nanos in conn.execute(
                select(spend.c.state, func.count(), func.sum(spend.c.nanos)).group_by(spend.c.state)
            )
        }
    assert refused
    # At a refusal the five others may hold 10 each, and give back what they do not need afterwards.
    assert 490 - 5 * 10 < totals.nanos <= 500
    assert totals.reserved_nanos == 0
    assert by_state["settled"] == (totals.calls, totals.nanos)
    assert set(by_state) <= {"settled", "released"}
