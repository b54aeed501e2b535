"""The few places where SQLite and PostgreSQL need different words.

SQLite has one writer at a time (`tiebreak.store.sql.database` begins every write with BEGIN
IMMEDIATE), so that locks are nothing there. PostgreSQL has many, and waits for a lock at most
`tiebreak.store.sql.engine.BUSY_TIMEOUT` seconds.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, Table, bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite

from tiebreak.store.rules import unknown_records
from tiebreak.store.sql.schema import records

T = TypeVar("T")

CHUNK = 5000
"""Values in one IN list: far below both engines' limits (32,766 and 65,535)."""

IDS: BindParameter[Any] = bindparam("ids", expanding=True)
"""For statements on the way of every label, which are built once: building costs more than
running them."""

_FOR_APPENDING = (
    select(records.c.id)
    .where(records.c.id.in_(IDS))
    .order_by(records.c.id)
    .with_for_update(key_share=True)
)


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Slices that fit one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def upsert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that has ``on_conflict_do_…``."""
    if conn.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def lock_tables(conn: Connection, name: str) -> None:
    """Until the transaction ends, be the only one who holds *name* in this database."""
    if conn.dialect.name == "postgresql":
        key = zlib.crc32(f"tiebreak {name}".encode())
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def lock_records(conn: Connection, ids: set[int]) -> None:
    """Until the transaction ends, be the only one who appends to the logs of these records.

    Rows are locked in id order, so that two writers of one set of records cannot deadlock.

    Raises:
        StoreError: there is no such record.
    """
    for chunk in chunks(sorted(ids)):
        locked = conn.execute(_FOR_APPENDING, {"ids": chunk}).scalars().all()
        if len(locked) < len(chunk):
            raise unknown_records(set(chunk) - set(locked))
