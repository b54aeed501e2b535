"""Suggestions, annotations, decisions and routes, in SQL: rows are only ever inserted.

An append first locks its records' rows, so that what it read (the latest item, the last ``seq``)
still holds when it writes. The primary key (record_id, seq) guards the same once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Generic

from sqlalchemy import Connection, Select, Table, func, select, tuple_

from tiebreak.domain.decisions import Decision, Route
from tiebreak.domain.ports import Clock
from tiebreak.domain.reviews import Annotation, standing
from tiebreak.store.rules import L, admit_annotations, admit_decisions, admit_routes, numbered
from tiebreak.store.sql.database import Database
from tiebreak.store.sql.dialect import CHUNK, chunks, lock_records
from tiebreak.store.sql.part import Part
from tiebreak.store.sql.rows import item_of, row_of


class SqlLog(Part, Generic[L]):
    """`tiebreak.domain.ports.Log` in SQL."""

    def __init__(self, database: Database, clock: Clock, table: Table, cls: type[L]) -> None:
        super().__init__(database, clock)
        self._table = table
        self._cls: type[L] = cls

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
        column, seq = self._table.c.record_id, self._table.c.seq
        last: dict[int, int] = {}
        for chunk in chunks(sorted(ids)):
            stmt = select(column, func.max(seq)).where(column.in_(chunk)).group_by(column)
            last.update((record_id, high) for record_id, high in conn.execute(stmt))
        return last

    def of(self, record_id: int) -> list[L]:
        return list(self._read([self._ordered().where(self._table.c.record_id == record_id)]))

    def latest(self, ids: Sequence[int] | None = None) -> dict[int, L]:
        column, seq = self._table.c.record_id, self._table.c.seq
        last = select(column, func.max(seq).label("seq")).group_by(column)
        statements = []
        for where in self._among(ids):
            sub = (last if where is None else last.where(column.in_(where))).subquery()
            on = (column == sub.c.record_id) & (seq == sub.c.seq)
            statements.append(self._ordered().join(sub, on))
        return {item.record_id: item for item in self._read(statements)}

    def scan(self) -> Iterator[L]:
        place = tuple_(self._table.c.record_id, self._table.c.seq)
        page = list(self._read([self._ordered().limit(CHUNK)]))
        while page:
            yield from page
            last = (page[-1].record_id, page[-1].seq)
            page = list(self._read([self._ordered().where(place > last).limit(CHUNK)]))

    def count(self) -> int:
        with self._db.reading() as conn:
            return conn.execute(select(func.count()).select_from(self._table)).scalar_one()

    def _ordered(self) -> Select[Any]:
        return select(self._table).order_by(self._table.c.record_id, self._table.c.seq)

    def _among(self, ids: Sequence[int] | None) -> Iterable[Sequence[int] | None]:
        """Ids in slices, ascending; one None for all."""
        return [None] if ids is None else chunks(sorted(set(ids)))

    def _read(self, statements: Iterable[Select[Any]]) -> Iterator[L]:
        with self._db.reading() as conn:
            for statement in statements:
                for row in conn.execute(statement):
                    yield item_of(self._cls, row)


class SqlAnnotations(SqlLog[Annotation]):
    """`tiebreak.domain.ports.Annotations` in SQL."""

    def _admit(self, conn: Connection, items: Sequence[Annotation]) -> Sequence[Annotation]:
        keys = sorted({item.key for item in items if item.key is not None})
        known: set[str] = set()
        for chunk in chunks(keys):
            column = self._table.c.key
            known.update(conn.execute(select(column).where(column.in_(chunk))).scalars())
        return admit_annotations(items, known)

    def standing(self, ids: Sequence[int] | None = None) -> dict[int, Annotation]:
        found: dict[int, Annotation] = {}
        for record_id, history in groupby(self._histories(ids), key=lambda act: act.record_id):
            if (act := standing(history)) is not None:
                found[record_id] = act
        return found

    def _histories(self, ids: Sequence[int] | None) -> Iterator[Annotation]:
        if ids is None:
            return self.scan()
        column = self._table.c.record_id
        return self._read(
            self._ordered().where(column.in_(chunk)) for chunk in chunks(sorted(set(ids)))
        )


class SqlDecisions(SqlLog[Decision]):
    """`tiebreak.domain.ports.Decisions` in SQL."""

    def _admit(self, conn: Connection, items: Sequence[Decision]) -> Sequence[Decision]:
        return admit_decisions(items, self.latest([item.record_id for item in items]))


class SqlRoutes(SqlLog[Route]):
    """`tiebreak.domain.ports.Routes` in SQL."""

    def _admit(self, conn: Connection, items: Sequence[Route]) -> Sequence[Route]:
        return admit_routes(items, self.latest([item.record_id for item in items]))
