"""The whole loop gives the same project on the in-memory store, SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from benches import make_bench
from clock import TickingClock

from tiebreak.store.sql import SqlStore
from tiebreak.workflow.loop import run
from tiebreak.workflow.running import RunOptions
from tiebreak.workflow.status import status
from tiebreak.workflow.verify import project_hash, verify

OPTIONS = RunOptions(batch=20, rounds=3, reviewer="labels")


def test_the_loop_ends_alike_in_memory_and_in_a_database(tmp_path: Path, database_url: str) -> None:
    memory = make_bench(tmp_path / "memory")
    run(memory, OPTIONS)
    store = SqlStore.open(database_url, TickingClock())
    try:
        database = make_bench(tmp_path / "database", store=store)
        run(database, OPTIONS)
        assert project_hash(database) == project_hash(memory)
        assert status(database) == status(memory)
        assert verify(database) == []
    finally:
        store.close()
