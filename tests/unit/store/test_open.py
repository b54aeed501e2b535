"""Opening a database that is damaged, held, missing, or of another kind."""

from __future__ import annotations

import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from clock import TickingClock
from sqlalchemy import text
from stores import act, filled, rows

from tiebreak.errors import (
    ConfigError,
    Conflict,
    MissingPackage,
    StoreBusy,
    StoreCorrupt,
    StoreError,
)
from tiebreak.store.sql import SqlStore, database, engine


@pytest.fixture
def path(tmp_path: Path, clock: TickingClock) -> Path:
    """A closed database with 500 records, larger than one page."""
    path = tmp_path / "store.db"
    store = SqlStore.open(path, clock)
    store.records.add(rows([f"some longer text {i}" * 5 for i in range(500)]))
    store.close()
    return path


def damage(path: Path) -> None:
    """Overwrite the middle of the file."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 4)
        file.write(b"\xff" * (path.stat().st_size // 2))


def test_a_file_that_is_no_database_names_restore(tmp_path: Path, clock: TickingClock) -> None:
    path = tmp_path / "store.db"
    path.write_text("id,text\n1,hello\n")
    with pytest.raises(StoreCorrupt, match=r"store\.db.*not an SQLite database.*tiebreak restore"):
        SqlStore.open(path, clock)
    assert path.read_text() == "id,text\n1,hello\n"


def test_a_damaged_database_names_restore(path: Path, clock: TickingClock) -> None:
    damage(path)
    with pytest.raises(StoreCorrupt, match=r"damaged.*tiebreak restore"):
        SqlStore.open(path, clock)


def test_a_truncated_database_names_restore(path: Path, clock: TickingClock) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(StoreCorrupt, match="tiebreak restore"):
        SqlStore.open(path, clock)


def test_damage_found_while_reading_names_restore(
    path: Path, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MAX_CHECKED_BYTES", 0)
    damage(path)
    with pytest.raises(StoreCorrupt, match="tiebreak restore"):
        store = SqlStore.open(path, clock)
        try:
            store.records.scan(limit=500)
        finally:
            store.close()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path, clock: TickingClock) -> None:
    with pytest.raises(StoreError, match=r"cannot be opened.*folder"):
        SqlStore.open(tmp_path / "missing" / "store.db", clock)


def test_a_folder_is_no_database(tmp_path: Path, clock: TickingClock) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        SqlStore.open(tmp_path, clock)


def test_a_url_of_sqlite_opens_the_same_file(path: Path, clock: TickingClock) -> None:
    store = SqlStore.open(f"sqlite:///{path}", clock)
    assert len(store.records.scan()) == 500
    store.close()


def test_replies_survive_a_power_cut_once_committed(path: Path, clock: TickingClock) -> None:
    store = SqlStore.open(path, clock)
    with store.database.reading() as conn:
        full, keys, journal = (
            conn.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "foreign_keys", "journal_mode")
        )
    assert (full, keys, journal) == (2, 1, "wal")
    store.close()


def test_a_held_database_is_busy(
    path: Path, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT", 0.05)
    store = SqlStore.open(path, clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match=r"store\.db.*Wait for the other process"):
            store.annotations.append([act(1)])
        assert store.annotations.count() == 0
        other.execute("ROLLBACK")
    assert len(store.annotations.append([act(1)])) == 1
    store.close()


def test_a_database_held_alone_cannot_be_opened(
    tmp_path: Path, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT", 0.05)
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE x (y)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusy, match=r"store\.db"):
            SqlStore.open(path, clock)


def test_a_thread_that_holds_the_turn_makes_others_busy(
    path: Path, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.05)
    store = SqlStore.open(path, clock)
    seen: list[Exception] = []

    def write() -> None:
        try:
            store.annotations.append([act(1)])
        except StoreBusy as error:
            seen.append(error)

    with store.transaction():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert "Another thread" in str(seen[0])
    store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:secret@host/db", "mysql"),
        ("sqlite://", "sqlite"),
        ("sqlite:///:memory:", "memory"),
        ("postgresql://host:port/db", "not a URL"),
    ],
)
def test_another_kind_of_database_is_refused(url: str, said: str, clock: TickingClock) -> None:
    with pytest.raises(ConfigError, match="postgresql://") as caught:
        SqlStore.open(url, clock)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_postgresql_without_psycopg_names_the_extra(
    clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingPackage, match=r"pip install 'tiebreak\[postgres\]'"):
        SqlStore.open("postgresql://me@localhost/x", clock)


def test_a_server_that_is_down_is_an_error_without_the_password(clock: TickingClock) -> None:
    pytest.importorskip("psycopg", reason="psycopg not found: pip install 'tiebreak[postgres]'")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1") as caught:
        SqlStore.open("postgresql://me:secret@127.0.0.1:1/x", clock)
    assert "secret" not in str(caught.value)


@pytest.mark.postgres
def test_postgresql_waits_for_a_lock_and_then_is_busy(
    postgres_url: str, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT", 1)
    store, other = (SqlStore.open(postgres_url, clock) for _ in "12")
    filled(store)
    with other.transaction():
        other.annotations.append([act(1)])
        with pytest.raises(StoreBusy):
            store.annotations.append([act(1)])
    assert store.annotations.append([act(1)])[0].seq == 2
    store.close()
    other.close()


def test_writers_of_one_record_take_turns(database_url: str, clock: TickingClock) -> None:
    store, other = (SqlStore.open(database_url, clock) for _ in "12")
    filled(store)
    thread = threading.Thread(target=lambda: other.annotations.append([act(1, "b")]))
    with store.transaction():
        store.annotations.append([act(1, "a")])
        thread.start()
        store.annotations.append([act(1, "c")])
    thread.join()
    assert [(a.seq, a.labels) for a in store.annotations.of(1)] == [
        (1, ("a",)),
        (2, ("c",)),
        (3, ("b",)),
    ]
    store.close()
    other.close()


def test_work_that_lost_a_race_is_done_anew_unless_it_is_nested(
    path: Path, clock: TickingClock
) -> None:
    store = SqlStore.open(path, clock)
    insert = text("INSERT INTO reports VALUES (1, 's', 1, '{}', '')")
    tries = []

    def work(conn: object) -> int:
        tries.append(conn)
        if len(tries) < 3:
            conn.execute(insert)  # type: ignore[attr-defined]
            conn.execute(insert)  # type: ignore[attr-defined]
        return len(tries)

    assert store.database.atomically(work) == 3
    assert store.notes.reports() == []
    tries.clear()
    with pytest.raises(Conflict, match="retry"), store.transaction():
        store.database.atomically(work)
    assert len(tries) == 1
    store.close()
