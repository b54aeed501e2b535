"""Records, duplicate links and gold, in SQL: sets at a time, since there may be a million."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, LargeBinary, func, select, type_coerce

from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Added
from tiebreak.domain.records import Link, NewRecord, Record, RecordTable, content_hash
from tiebreak.store.rules import check_links, unknown_records
from tiebreak.store.sql.dialect import IDS, chunks, lock_tables
from tiebreak.store.sql.part import SqlPart, among, check_known_records, highest, row_of
from tiebreak.store.sql.schema import gold, links, records

_BY_ID = select(records).where(records.c.id.in_(IDS))
_SIDES = select(records.c.id, records.c.heldout).where(records.c.id.in_(IDS))

PAGE = 50_000
"""Rows of `SqlRecords.table` in memory at a time, besides the arrays."""


class SqlRecords(SqlPart):
    """`tiebreak.domain.ports.Records` in SQL."""

    def add(self, rows: Sequence[NewRecord]) -> Added:
        return self._db.atomically(lambda conn: _add(conn, rows))

    def get(self, ids: Sequence[int]) -> list[Record]:
        by_id = {record.id: record for record in self._read(Record, _BY_ID, ids)}
        if missing := set(ids) - by_id.keys():
            raise unknown_records(missing)
        return [by_id[i] for i in ids]

    def heldout(self, ids: Sequence[int]) -> set[int]:
        flags: dict[int, bool] = {}
        with self._db.reading() as conn:
            for chunk in chunks(sorted(set(ids))):
                flags.update((i, flag) for i, flag in conn.execute(_SIDES, {"ids": chunk}))
        if missing := set(ids) - flags.keys():
            raise unknown_records(missing)
        return {i for i, flag in flags.items() if flag}

    def find(self, source: str, external_ids: Sequence[str]) -> dict[str, int]:
        known: dict[str, int] = {}
        with self._db.reading() as conn:
            for chunk in chunks(external_ids):
                stmt = select(records.c.external_id, records.c.id).where(
                    records.c.source == source, records.c.external_id.in_(chunk)
                )
                known.update((row.external_id, row.id) for row in conn.execute(stmt))
        return {e: known[e] for e in external_ids if e in known}

    def lookup(self, external_id: str) -> list[int]:
        stmt = select(records.c.id).where(records.c.external_id == external_id)
        with self._db.reading() as conn:
            return list(conn.execute(stmt.order_by(records.c.id)).scalars())

    def scan(self, *, after: int = 0, limit: int = 1000) -> list[Record]:
        stmt = select(records).where(records.c.id > after).order_by(records.c.id).limit(limit)
        return list(self._read(Record, stmt))

    def table(self) -> RecordTable:
        with self._db.reading() as conn:
            return _table(conn)

    def splits(self) -> dict[tuple[str | None, bool], int]:
        stmt = select(records.c.split, records.c.heldout, func.count()).group_by(
            records.c.split, records.c.heldout
        )
        with self._db.reading() as conn:
            return {(split, bool(heldout)): n for split, heldout, n in conn.execute(stmt)}

    def link(self, links: Sequence[Link]) -> int:
        check_links(links)
        return self._db.atomically(lambda conn: _link(conn, links))

    def links(self) -> list[Link]:
        return list(self._read(Link, select(links).order_by(links.c.record_id)))


class SqlGold(SqlPart):
    """`tiebreak.domain.ports.Gold` in SQL."""

    def put(self, labels: Mapping[int, LabelValue]) -> int:
        return self._db.atomically(lambda conn: _put_gold(conn, labels))

    def get(self, ids: Sequence[int]) -> dict[int, LabelValue]:
        values: dict[int, LabelValue] = {}
        with self._db.reading() as conn:
            for chunk in chunks(sorted(set(ids))):
                stmt = select(gold).where(gold.c.record_id.in_(chunk)).order_by(gold.c.record_id)
                values.update((row.record_id, row.labels) for row in conn.execute(stmt))
        return values

    def count(self) -> int:
        return self._count(gold)


def _add(conn: Connection, rows: Sequence[NewRecord]) -> Added:
    lock_tables(conn, "records")
    first_id = next_id = highest(conn, records.c.id) + 1
    changed: list[str] = []
    for chunk in chunks(rows):
        known = _known(conn, chunk)
        fresh: list[dict[str, Any]] = []
        for row in chunk:
            key, hashed = (row.source, row.external_id), content_hash(row.text)
            if key not in known:
                known[key] = hashed
                fresh.append(_row(next_id + len(fresh), row, hashed))
            elif known[key] != hashed:
                changed.append(row.external_id)
        next_id += len(fresh)
        if fresh:
            conn.execute(records.insert(), fresh)
            _link_exact(conn, fresh)
    inserted = tuple(range(first_id, next_id))
    return Added(inserted=inserted, existing=len(rows) - len(inserted), changed=tuple(changed))


def _row(number: int, row: NewRecord, hashed: str) -> dict[str, Any]:
    return {
        "id": number,
        "heldout": row.heldout,
        "content_hash": hashed,
        "source": row.source,
        "external_id": row.external_id,
        "split": row.split,
        "metadata": row.metadata,
        "text": row.text,
    }


def _known(conn: Connection, rows: Iterable[NewRecord]) -> dict[tuple[str, str], str]:
    """Content hashes of what is stored under the keys of one chunk of rows."""
    keys: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        keys[row.source].add(row.external_id)
    known: dict[tuple[str, str], str] = {}
    for source, external_ids in keys.items():
        stmt = select(records.c.external_id, records.c.content_hash).where(
            records.c.source == source, records.c.external_id.in_(sorted(external_ids))
        )
        known.update(((source, e), hashed) for e, hashed in conn.execute(stmt))
    return known


def _link_exact(conn: Connection, fresh: Sequence[Mapping[str, Any]]) -> None:
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
    first = {(hashed, bool(heldout)): i for hashed, heldout, i in conn.execute(stmt)}
    duplicates = [
        {"record_id": row["id"], "of_id": of_id, "kind": "exact", "similarity": 1.0}
        for row in fresh
        if (of_id := first[row["content_hash"], row["heldout"]]) != row["id"]
    ]
    if duplicates:
        conn.execute(links.insert(), duplicates)


def _link(conn: Connection, new: Sequence[Link]) -> int:
    """Store links of records that have none yet; how many."""
    lock_tables(conn, "records")
    check_known_records(conn, {x.record_id for x in new} | {x.of_id for x in new})
    present = among(conn, links.c.record_id, [x.record_id for x in new])
    first = {x.record_id: x for x in reversed(new) if x.record_id not in present}
    if first:
        conn.execute(links.insert(), [row_of(x, links) for x in first.values()])
    return len(first)


def _table(conn: Connection) -> RecordTable:
    # Rows that others add meanwhile have higher ids, so the first *n* stay the same.
    n = conn.execute(select(func.count()).select_from(records)).scalar_one()
    ids = np.empty(n, dtype=np.int64)
    heldout = np.empty(n, dtype=np.bool_)
    hashes = np.empty(n, dtype="V32")
    raw = type_coerce(records.c.content_hash, LargeBinary)
    stmt = select(records.c.id, records.c.heldout, raw).order_by(records.c.id).limit(PAGE)
    start, after = 0, 0
    while start < n:
        page = conn.execute(stmt.where(records.c.id > after)).all()[: n - start]
        end = start + len(page)
        ids[start:end], heldout[start:end], blobs = zip(*page, strict=True)
        hashes[start:end] = np.frombuffer(b"".join(blobs), dtype="V32")
        start, after = end, int(ids[end - 1])
    return RecordTable(ids=ids, heldout=heldout, hashes=hashes)


def _put_gold(conn: Connection, labels: Mapping[int, LabelValue]) -> int:
    lock_tables(conn, "gold")
    check_known_records(conn, set(labels))
    sealed = among(conn, gold.c.record_id, list(labels))
    new = [{"record_id": i, "labels": value} for i, value in labels.items() if i not in sealed]
    if new:
        conn.execute(gold.insert(), new)
    return len(new)
