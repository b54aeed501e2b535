"""Items to rows and rows to items: a column is named as the field that it holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Table

from tiebreak.store.rules import L


def row_of(item: Any, table: Table, **fixed: Any) -> dict[str, Any]:
    """The item's fields that are columns of *table*, with *fixed* in place of some."""
    names = [column.name for column in table.columns if column.name not in fixed]
    return fixed | {name: getattr(item, name) for name in names}


def item_of(cls: type[L], row: Row[Any]) -> L:
    """The item in a row of its table."""
    return cls(**row._asdict())
