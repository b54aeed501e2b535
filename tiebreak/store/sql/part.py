"""What the parts of the SQL store share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from tiebreak.domain.ports import Clock
from tiebreak.store.rules import stamp
from tiebreak.store.sql.database import Database


class SqlPart:
    """One part of the store, over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def _stamp(self) -> str:
        return stamp(self._clock)


def highest(conn: Connection, column: ColumnElement[Any]) -> int:
    """The highest value of a numbering column, 0 in an empty table.

    We number rows ourselves, under a lock: ids then have no gaps after a rollback, and a restored
    database goes on counting without an engine's sequences to set.
    """
    return int(conn.execute(select(func.coalesce(func.max(column), 0))).scalar_one())
