"""Duplicate links, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select

from tiebreak.domain.records import Link
from tiebreak.store.rules import unknown_records
from tiebreak.store.sql.dialect import chunks, lock_tables
from tiebreak.store.sql.rows import row_of
from tiebreak.store.sql.schema import links, records


def link_exact(conn: Connection, fresh: Sequence[Mapping[str, Any]]) -> None:
    """Link new rows to the earliest row of their side (pool, held out) with their content hash.

    Args:
        conn: the transaction that inserted them.
        fresh: one chunk of rows of the table ``records``, in id order.
    """
    column = records.c.content_hash
    stmt = (
        select(column, records.c.heldout, func.min(records.c.id))
        .where(column.in_(sorted({row["content_hash"] for row in fresh})))
        .group_by(column, records.c.heldout)
    )
    first = {(hashed, bool(held)): i for hashed, held, i in conn.execute(stmt)}
    found = [
        {"record_id": row["id"], "of_id": of_id, "kind": "exact", "similarity": 1.0}
        for row in fresh
        if (of_id := first[row["content_hash"], row["heldout"]]) != row["id"]
    ]
    if found:
        conn.execute(links.insert(), found)


def link(conn: Connection, new: Sequence[Link]) -> int:
    """Store links of records that have none yet; how many."""
    lock_tables(conn, "records")
    check_known_records(conn, {x.record_id for x in new} | {x.of_id for x in new})
    have = linked(conn, links, [x.record_id for x in new])
    first = {x.record_id: x for x in reversed(new) if x.record_id not in have}
    if first:
        conn.execute(links.insert(), [row_of(x, links) for x in first.values()])
    return len(first)


def linked(conn: Connection, table: Table, ids: Sequence[int]) -> set[int]:
    """Which of these record ids have a row in *table*."""
    have: set[int] = set()
    column = table.c.record_id
    for chunk in chunks(sorted(set(ids))):
        have.update(conn.execute(select(column).where(column.in_(chunk))).scalars())
    return have


def check_known_records(conn: Connection, ids: set[int]) -> None:
    """Raise `StoreError` if there is no record with one of these ids."""
    for chunk in chunks(sorted(ids)):
        found = conn.execute(select(records.c.id).where(records.c.id.in_(chunk))).scalars()
        if missing := set(chunk) - set(found):
            raise unknown_records(missing)
