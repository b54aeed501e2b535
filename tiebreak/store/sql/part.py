"""What the parts of the SQL store share: rows and items, numbering, known records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from tiebreak.domain.ports import Clock
from tiebreak.store.rules import stamp, unknown_records
from tiebreak.store.sql.database import Database
from tiebreak.store.sql.dialect import chunks
from tiebreak.store.sql.schema import records

T = TypeVar("T")


class SqlPart:
    """One part of the store, over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def _stamp(self) -> str:
        return stamp(self._clock)

    def _read(
        self, cls: Callable[..., T], statement: Select[Any], ids: Iterable[int] | None = None
    ) -> Iterator[T]:
        """The items in a statement's rows; with *ids*, in those of one over `dialect.IDS`."""
        sets = [{}] if ids is None else ({"ids": some} for some in chunks(sorted(set(ids))))
        with self._db.reading() as conn:
            for values in sets:
                for row in conn.execute(statement, values):
                    yield cls(**row._asdict())

    def _first(self, cls: Callable[..., T], statement: Select[Any]) -> T | None:
        items = list(self._read(cls, statement))
        return items[0] if items else None

    def _count(self, table: Table) -> int:
        with self._db.reading() as conn:
            return conn.execute(select(func.count()).select_from(table)).scalar_one()


def row_of(item: Any, table: Table, **fixed: Any) -> dict[str, Any]:
    """The item's fields that are columns of *table*, with *fixed* in place of some."""
    names = [column.name for column in table.columns if column.name not in fixed]
    return fixed | {name: getattr(item, name) for name in names}


def highest(conn: Connection, column: ColumnElement[Any]) -> int:
    """The highest value of a numbering column, 0 in an empty table.

    We number rows ourselves, under a lock: ids then have no gaps after a rollback, and a restored
    database goes on counting without an engine's sequences to set.
    """
    return int(conn.execute(select(func.coalesce(func.max(column), 0))).scalar_one())


def among(conn: Connection, column: ColumnElement[int], ids: Sequence[int] | set[int]) -> set[int]:
    """Which of these record ids stand in *column*."""
    present: set[int] = set()
    for chunk in chunks(sorted(set(ids))):
        present.update(conn.execute(select(column).where(column.in_(chunk))).scalars())
    return present


def check_known_records(conn: Connection, ids: set[int]) -> None:
    """Raise `StoreError` if there is no record with one of these ids."""
    if missing := ids - among(conn, records.c.id, ids):
        raise unknown_records(missing)
