"""The whole loop gives the same project on the in-memory store, SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from clock import TickingClock
from contexts import make_context

from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.loop.verify import project_hash, verify_project
from tiebreak.report.status import project_status
from tiebreak.store.sql import SqlStore

OPTIONS = RunOptions(batch=20, rounds=3, reviewer="labels")


def test_the_loop_ends_alike_in_memory_and_in_a_database(tmp_path: Path, database_url: str) -> None:
    memory = make_context(tmp_path / "memory")
    run_loop(memory, OPTIONS)
    store = SqlStore.open(database_url, TickingClock())
    try:
        database = make_context(tmp_path / "database", store=store)
        run_loop(database, OPTIONS)
        assert project_hash(database) == project_hash(memory)
        assert project_status(database) == project_status(memory)
        assert verify_project(database) == []
    finally:
        store.close()
