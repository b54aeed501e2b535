"""Gold, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select

from tiebreak.domain.labels import LabelValue
from tiebreak.store.sql.dialect import chunks, lock_tables
from tiebreak.store.sql.links import check_known_records, linked
from tiebreak.store.sql.part import SqlPart
from tiebreak.store.sql.schema import gold


class SqlGold(SqlPart):
    """`tiebreak.domain.ports.Gold` in SQL."""

    def put(self, labels: Mapping[int, LabelValue]) -> int:
        return self._db.atomically(lambda conn: _put(conn, labels))

    def get(self, ids: Sequence[int]) -> dict[int, LabelValue]:
        found: dict[int, LabelValue] = {}
        with self._db.reading() as conn:
            for chunk in chunks(sorted(set(ids))):
                stmt = select(gold).where(gold.c.record_id.in_(chunk)).order_by(gold.c.record_id)
                found.update((row.record_id, row.labels) for row in conn.execute(stmt))
        return found

    def count(self) -> int:
        with self._db.reading() as conn:
            return conn.execute(select(func.count()).select_from(gold)).scalar_one()


def _put(conn: Connection, labels: Mapping[int, LabelValue]) -> int:
    lock_tables(conn, "gold")
    check_known_records(conn, set(labels))
    have = linked(conn, gold, list(labels))
    new = [{"record_id": i, "labels": value} for i, value in labels.items() if i not in have]
    if new:
        conn.execute(gold.insert(), new)
    return len(new)
