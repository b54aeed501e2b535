"""Drift marks and readings, alarms and asked terms, in SQL: rows are only ever inserted."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, Table, func, select, union_all

from tiebreak.domain.monitoring import Alarm, AskedTerms, DriftMark, DriftReading
from tiebreak.store.sql.dialect import lock_tables
from tiebreak.store.sql.part import SqlPart, row_of
from tiebreak.store.sql.schema import alarms, drift_marks, drift_readings, promise_terms

E = TypeVar("E", DriftMark, DriftReading, Alarm, AskedTerms)

_IDS = union_all(
    *(select(table.c.id) for table in (drift_marks, drift_readings, alarms, promise_terms))
).subquery()
_LAST_ID = select(func.coalesce(func.max(_IDS.c.id), 0))


class SqlMonitoring(SqlPart):
    """`tiebreak.domain.ports.Monitoring` in SQL."""

    def put_mark(self, mark: DriftMark) -> DriftMark:
        return self._put(mark, drift_marks)

    def last_mark(self) -> DriftMark | None:
        return self._last(DriftMark, drift_marks)

    def put_reading(self, reading: DriftReading) -> DriftReading:
        return self._put(reading, drift_readings)

    def last_reading(self) -> DriftReading | None:
        return self._last(DriftReading, drift_readings)

    def put_alarm(self, alarm: Alarm) -> Alarm:
        return self._put(alarm, alarms)

    def alarms(self) -> list[Alarm]:
        return list(self._read(Alarm, select(alarms).order_by(alarms.c.id)))

    def put_terms(self, terms: AskedTerms) -> AskedTerms:
        return self._put(terms, promise_terms)

    def last_terms(self) -> AskedTerms | None:
        return self._last(AskedTerms, promise_terms)

    def _put(self, item: E, table: Table) -> E:
        def work(conn: Connection) -> E:
            lock_tables(conn, "monitoring")
            number = int(conn.execute(_LAST_ID).scalar_one()) + 1
            stored = replace(item, id=number, created_at=self._stamp())
            conn.execute(table.insert(), row_of(stored, table))
            return stored

        return self._db.atomically(work)

    def _last(self, cls: type[E], table: Table) -> E | None:
        return self._first(cls, select(table).order_by(table.c.id.desc()).limit(1))
