"""Suggestions, annotations, decisions and routes, in SQL: rows are only ever inserted.

An append first locks its records' rows, so that what it read (the latest item, the last ``seq``)
still holds when it writes. The primary key (record_id, seq) guards the same once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Generic

from sqlalchemy import Connection, Select, Table, bindparam, func, select, tuple_

from tiebreak.domain.decisions import Decision, Route
from tiebreak.domain.ports import Clock
from tiebreak.domain.reviews import Annotation, standing
from tiebreak.store.rules import (
    L,
    admit_annotations,
    admit_decisions,
    admit_routes,
    numbered,
    undone_records,
)
from tiebreak.store.sql import schema
from tiebreak.store.sql.database import Database
from tiebreak.store.sql.dialect import CHUNK, IDS, chunks, lock_records
from tiebreak.store.sql.part import SqlPart, row_of


class SqlLog(SqlPart, Generic[L]):
    """`tiebreak.domain.ports.Log` in SQL."""

    def __init__(self, database: Database, clock: Clock, table: Table, cls: type[L]) -> None:
        super().__init__(database, clock)
        self._table = table
        self._cls: type[L] = cls
        column, seq = table.c.record_id, table.c.seq
        among = column.in_(IDS)
        last = select(column, func.max(seq).label("seq")).group_by(column)
        self._ordered = select(table).order_by(column, seq)
        self._histories = self._ordered.where(among)
        self._last_of = last.where(among)
        self._latest = self._joined(last)
        self._latest_of = self._joined(self._last_of)

    def _joined(self, last: Select[Any]) -> Select[Any]:
        newest, columns = last.subquery(), self._table.c
        on = (columns.record_id == newest.c.record_id) & (columns.seq == newest.c.seq)
        return self._ordered.join(newest, on)

    def append(self, items: Sequence[L]) -> list[L]:
        return self._db.atomically(lambda conn: self._append(conn, items))

    def _append(self, conn: Connection, items: Sequence[L]) -> list[L]:
        ids = {item.record_id for item in items}
        lock_records(conn, ids)
        kept = self._admit(conn, items)
        stored = numbered(kept, self._last(conn, ids), self._stamp())
        if stored:
            conn.execute(self._table.insert(), [row_of(item, self._table) for item in stored])
        return stored

    def _admit(self, conn: Connection, items: Sequence[L]) -> Sequence[L]:
        return items

    def _last(self, conn: Connection, ids: set[int]) -> dict[int, int]:
        last: dict[int, int] = {}
        for chunk in chunks(sorted(ids)):
            rows = conn.execute(self._last_of, {"ids": chunk})
            last.update((record_id, high) for record_id, high in rows)
        return last

    def of(self, record_id: int) -> list[L]:
        return list(self._items(self._histories, [record_id]))

    def latest(self, ids: Sequence[int] | None = None) -> dict[int, L]:
        statement = self._latest if ids is None else self._latest_of
        return {item.record_id: item for item in self._items(statement, ids)}

    def scan(self) -> Iterator[L]:
        place = tuple_(self._table.c.record_id, self._table.c.seq)
        page = list(self._items(self._ordered.limit(CHUNK)))
        while page:
            yield from page
            last = (page[-1].record_id, page[-1].seq)
            page = list(self._items(self._ordered.where(place > last).limit(CHUNK)))

    def count(self) -> int:
        return self._count(self._table)

    def _items(self, statement: Select[Any], ids: Iterable[int] | None = None) -> Iterator[L]:
        return self._read(self._cls, statement, ids)


class SqlAnnotations(SqlLog[Annotation]):
    """`tiebreak.domain.ports.Annotations` in SQL."""

    def _admit(self, conn: Connection, items: Sequence[Annotation]) -> Sequence[Annotation]:
        keys = sorted({item.key for item in items if item.key is not None})
        known: set[str] = set()
        for chunk in chunks(keys):
            known.update(conn.execute(_KNOWN_KEYS, {"keys": chunk}).scalars())
        histories = self.histories(sorted(undone_records(items)))
        return admit_annotations(items, known, histories)

    def standing(self, ids: Sequence[int] | None = None) -> dict[int, Annotation]:
        acts = self.scan() if ids is None else self._items(self._histories, ids)
        in_force = ((i, standing(history)) for i, history in groupby(acts, key=_record_of))
        return {record_id: act for record_id, act in in_force if act is not None}

    def histories(self, ids: Sequence[int] | None = None) -> dict[int, list[Annotation]]:
        acts = self.scan() if ids is None else self._items(self._histories, ids)
        return {i: list(history) for i, history in groupby(acts, key=_record_of)}


_KEY = schema.annotations.c.key
_KNOWN_KEYS = select(_KEY).where(_KEY.in_(bindparam("keys", expanding=True, type_=_KEY.type)))
_record_of = attrgetter("record_id")


class SqlDecisions(SqlLog[Decision]):
    """`tiebreak.domain.ports.Decisions` in SQL."""

    def _admit(self, conn: Connection, items: Sequence[Decision]) -> Sequence[Decision]:
        return admit_decisions(items, self.latest([item.record_id for item in items]))


class SqlRoutes(SqlLog[Route]):
    """`tiebreak.domain.ports.Routes` in SQL."""

    def _admit(self, conn: Connection, items: Sequence[Route]) -> Sequence[Route]:
        return admit_routes(items, self.latest([item.record_id for item in items]))
