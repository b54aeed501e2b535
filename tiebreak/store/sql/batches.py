"""Query batches, in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, select, true, update

from tiebreak.domain.batches import BatchItem, Phase, QueryBatch
from tiebreak.store.rules import answered_items, batch_exists, later_phase, no_batch, not_in_batch
from tiebreak.store.sql.dialect import lock_tables
from tiebreak.store.sql.part import SqlPart, check_known_records, row_of
from tiebreak.store.sql.schema import batch_items, batches


class SqlBatches(SqlPart):
    """`tiebreak.domain.ports.Batches` in SQL."""

    def add(self, batch: QueryBatch) -> None:
        self._db.atomically(lambda conn: self._add(conn, batch))

    def _add(self, conn: Connection, batch: QueryBatch) -> None:
        lock_tables(conn, "batches")
        if _read(conn, batches.c.round == batch.round):
            raise batch_exists(batch.round)
        check_known_records(conn, {item.record_id for item in batch.items})
        conn.execute(batches.insert(), row_of(batch, batches, created_at=self._stamp()))
        if batch.items:
            rows = [row_of(item, batch_items, round=batch.round) for item in batch.items]
            conn.execute(batch_items.insert(), rows)

    def get(self, round: int) -> QueryBatch:
        with self._db.reading() as conn:
            return _one(conn, round)

    def last(self) -> QueryBatch | None:
        last = select(func.max(batches.c.round)).scalar_subquery()
        with self._db.reading() as conn:
            return next(iter(_read(conn, batches.c.round == last)), None)

    def all(self) -> list[QueryBatch]:
        with self._db.reading() as conn:
            return _read(conn, true())

    def advance(self, round: int, phase: Phase) -> None:
        def work(conn: Connection) -> None:
            lock_tables(conn, "batches")
            to = later_phase(_one(conn, round).phase, phase)
            conn.execute(update(batches).where(batches.c.round == round).values(phase=to))

        self._db.atomically(work)

    def answer(self, round: int, items: Sequence[BatchItem]) -> None:
        self._db.atomically(lambda conn: _answer(conn, round, items))


def _read(conn: Connection, which: ColumnElement[bool]) -> list[QueryBatch]:
    """Batches that meet a condition on ``batches``, by round, with their items by position."""
    rows = conn.execute(select(batches).where(which).order_by(batches.c.round)).all()
    stmt = (
        select(batch_items)
        .join(batches, batches.c.round == batch_items.c.round)
        .where(which)
        .order_by(batch_items.c.round, batch_items.c.position, batch_items.c.record_id)
    )
    items: dict[int, list[BatchItem]] = defaultdict(list)
    for row in conn.execute(stmt):
        fields = row._asdict()
        items[fields.pop("round")].append(BatchItem(**fields))
    return [QueryBatch(**row._asdict(), items=tuple(items[row.round])) for row in rows]


def _one(conn: Connection, round_: int) -> QueryBatch:
    matching = _read(conn, batches.c.round == round_)
    if not matching:
        raise no_batch(round_)
    return matching[0]


def _answer(conn: Connection, round_: int, items: Sequence[BatchItem]) -> None:
    lock_tables(conn, "batches")
    stored = {item.record_id: item for item in _one(conn, round_).items}
    if unknown := {item.record_id for item in items} - stored.keys():
        raise not_in_batch(round_, unknown)
    for item in items:
        answered = answered_items(stored[item.record_id], item)
        conn.execute(
            update(batch_items)
            .where(batch_items.c.round == round_, batch_items.c.record_id == item.record_id)
            .values(
                model_version=answered.model_version,
                model_probabilities=answered.model_probabilities,
                agent=answered.agent,
                agent_labels=answered.agent_labels,
            )
        )
