"""The review queue and its leases, in SQL.

A lease is a row of its own per record, so that the primary key lets one person hold it, whatever
tasks the record has. Leasing looks for records in order of priority, skips those that another
transaction is at (PostgreSQL), and takes a record only if nobody holds it at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from tiebreak.domain.reviews import ReviewTask
from tiebreak.store.rules import served, task_order
from tiebreak.store.sql.dialect import IDS, chunks, lock_tables, upsert
from tiebreak.store.sql.part import SqlPart, check_known_records, highest, row_of
from tiebreak.store.sql.schema import leases, tasks

_IS_OPEN: ColumnElement[str] = literal_column("'open'")
"""Written out, not a parameter: only then can a query use the partial indexes of open tasks."""

_OPEN = tasks.c.status == _IS_OPEN


class SqlQueue(SqlPart):
    """`tiebreak.domain.ports.Queue` in SQL."""

    def open(self, tasks: Sequence[ReviewTask]) -> int:
        return self._db.atomically(lambda conn: self._open(conn, tasks))

    def _open(self, conn: Connection, wanted: Sequence[ReviewTask]) -> int:
        lock_tables(conn, "queue")
        ids = {task.record_id for task in wanted}
        check_known_records(conn, ids)
        taken = _open_keys(conn, ids)
        number = highest(conn, tasks.c.id)
        created_at = self._stamp()
        rows: list[dict[str, Any]] = []
        for task in wanted:
            if (task.record_id, task.reason) not in taken:
                taken.add((task.record_id, task.reason))
                number += 1
                rows.append(row_of(task, tasks, id=number, status="open", created_at=created_at))
        if rows:
            conn.execute(tasks.insert(), rows)
        return len(rows)

    def tasks(self, *, status: str | None = "open", batch: int | None = None) -> list[ReviewTask]:
        stmt = select(tasks)
        if status is not None:
            stmt = stmt.where(tasks.c.status == status)
        if batch is not None:
            stmt = stmt.where(tasks.c.batch == batch)
        return sorted(self._read(ReviewTask, stmt), key=task_order)

    def count(self, *, batch: int | None = None) -> int:
        waiting = select(tasks.c.record_id).where(_OPEN).distinct()
        if batch is not None:
            waiting = waiting.where(tasks.c.batch == batch)
        with self._db.reading() as conn:
            total = conn.execute(select(func.count()).select_from(waiting.subquery()))
            return int(total.scalar_one())

    def close(self, record_ids: Sequence[int], *, cancel: Sequence[str] = ()) -> int:
        return self._db.atomically(lambda conn: _close(conn, record_ids, cancel))

    def reopen(self, record_ids: Sequence[int]) -> int:
        return self._db.atomically(lambda conn: _reopen(conn, set(record_ids)))

    def lease(self, who: str, n: int, *, seconds: float) -> list[ReviewTask]:
        now = self._now()
        return self._db.atomically(lambda conn: _lease(conn, who, n, now, now + seconds))

    def hold(self, who: str, record_ids: Sequence[int], *, seconds: float) -> list[int]:
        now = self._now()
        ids = set(record_ids)
        leased = set(self._db.atomically(lambda conn: _hold(conn, who, ids, now, now + seconds)))
        return [i for i in record_ids if i in leased]

    def heartbeat(self, who: str, record_ids: Sequence[int], *, seconds: float) -> list[int]:
        now = self._now()

        def work(conn: Connection) -> set[int]:
            leased: set[int] = set()
            for chunk in chunks(sorted(set(record_ids))):
                renewed = and_(_leased_to(who, now), leases.c.record_id.in_(chunk))
                conn.execute(update(leases).where(renewed).values(expires_at=now + seconds))
                leased.update(conn.execute(select(leases.c.record_id).where(renewed)).scalars())
            return leased

        leased = self._db.atomically(work)
        return [i for i in record_ids if i in leased]

    def release(self, who: str, record_ids: Sequence[int] | None = None) -> int:
        now = self._now()

        def work(conn: Connection) -> int:
            stmt = delete(leases).where(_leased_to(who, now))
            if record_ids is None:
                return conn.execute(stmt).rowcount
            return sum(
                conn.execute(stmt.where(leases.c.record_id.in_(chunk))).rowcount
                for chunk in chunks(sorted(set(record_ids)))
            )

        return self._db.atomically(work)

    def _now(self) -> float:
        return self._clock().timestamp()


def _leased_to(who: str, now: float) -> ColumnElement[bool]:
    return and_(leases.c.who == who, leases.c.expires_at > now)


def _open_keys(conn: Connection, ids: set[int]) -> set[tuple[int, str]]:
    keys: set[tuple[int, str]] = set()
    for chunk in chunks(sorted(ids)):
        stmt = select(tasks.c.record_id, tasks.c.reason).where(_OPEN, tasks.c.record_id.in_(chunk))
        keys.update((record_id, reason) for record_id, reason in conn.execute(stmt))
    return keys


def _close(conn: Connection, record_ids: Sequence[int], cancel: Sequence[str]) -> int:
    closed = 0
    for chunk in chunks(sorted(set(record_ids))):
        stmt = _CANCELLING.where(tasks.c.reason.in_(cancel)) if cancel else _CLOSING
        closed += conn.execute(stmt, {"ids": chunk}).rowcount
        conn.execute(_LETTING_GO, {"ids": chunk})
    return closed


_CLOSING = update(tasks).where(_OPEN, tasks.c.record_id.in_(IDS)).values(status="done")
_CANCELLING = _CLOSING.values(status="cancelled")
_LETTING_GO = delete(leases).where(
    leases.c.record_id.in_(IDS),
    ~exists().where(_OPEN, tasks.c.record_id == leases.c.record_id),
)


def _reopen(conn: Connection, ids: set[int]) -> int:
    lock_tables(conn, "queue")
    taken = _open_keys(conn, ids)
    opening: list[int] = []
    for chunk in chunks(sorted(ids)):
        # The last one closed of each reason: an earlier round's must not come back beside it.
        stmt = (
            select(tasks.c.record_id, tasks.c.reason, func.max(tasks.c.id))
            .where(tasks.c.status == "done", tasks.c.record_id.in_(chunk))
            .group_by(tasks.c.record_id, tasks.c.reason)
        )
        opening += [
            i for record_id, reason, i in conn.execute(stmt) if (record_id, reason) not in taken
        ]
    for chunk in chunks(opening):
        conn.execute(update(tasks).where(tasks.c.id.in_(chunk)).values(status="open"))
    return len(opening)


def _lease(conn: Connection, who: str, n: int, now: float, until: float) -> list[ReviewTask]:
    live = leases.c.expires_at > now
    # IN, so that the few records that one person holds are looked up and the queue is not walked.
    renewed = _first_tasks().where(
        tasks.c.record_id.in_(select(leases.c.record_id).where(_leased_to(who, now)))
    )
    free = (
        _first_tasks()
        .where(~exists().where(leases.c.record_id == tasks.c.record_id, live))
        .with_for_update(of=tasks, skip_locked=True)
    )
    leased: list[int] = []
    for source in (renewed, free):
        # Again while others are quicker: what they took is no longer among the free ones.
        while len(leased) < n:
            ids = conn.execute(source.limit(n - len(leased))).scalars()
            new = [i for i in ids if i not in leased]
            leased += _take(conn, who, new, now, until)
            if not new or source is renewed:
                break
    return _served(conn, leased)


def _hold(conn: Connection, who: str, ids: set[int], now: float, until: float) -> list[int]:
    of_another = exists().where(
        leases.c.record_id == tasks.c.record_id, leases.c.expires_at > now, leases.c.who != who
    )
    free: set[int] = set()
    for chunk in chunks(sorted(ids)):
        # As in `_lease`, a task that another transaction is at is theirs: nobody waits holding it.
        stmt = (
            select(tasks.c.record_id)
            .where(_OPEN, tasks.c.record_id.in_(chunk), ~of_another)
            .with_for_update(of=tasks, skip_locked=True)
        )
        free.update(conn.execute(stmt).scalars())
    return _take(conn, who, sorted(free), now, until)


def _first_tasks() -> Select[int]:
    """Record ids of open tasks, best first, each once: by its task that no other one precedes."""
    other = tasks.alias()
    before = exists().where(
        other.c.record_id == tasks.c.record_id,
        other.c.status == _IS_OPEN,
        or_(
            other.c.priority > tasks.c.priority,
            and_(other.c.priority == tasks.c.priority, other.c.reason < tasks.c.reason),
        ),
    )
    order = (tasks.c.priority.desc(), tasks.c.record_id)
    return select(tasks.c.record_id).where(_OPEN, ~before).order_by(*order)


def _take(conn: Connection, who: str, ids: list[int], now: float, until: float) -> list[int]:
    """Lease these records unless somebody else does; those that *who* holds now, in order."""
    if not ids:
        return []
    insert = upsert(conn, leases)
    stmt = insert.on_conflict_do_update(
        index_elements=["record_id"],
        set_={"who": insert.excluded.who, "expires_at": insert.excluded.expires_at},
        where=or_(leases.c.expires_at <= now, leases.c.who == who),
    )
    conn.execute(stmt, [{"record_id": i, "who": who, "expires_at": until} for i in ids])
    taken: set[int] = set()
    for chunk in chunks(ids):
        leased = select(leases.c.record_id).where(
            leases.c.who == who, leases.c.record_id.in_(chunk)
        )
        taken.update(conn.execute(leased).scalars())
    return [i for i in ids if i in taken]


def _served(conn: Connection, ids: list[int]) -> list[ReviewTask]:
    by_record: dict[int, list[ReviewTask]] = {i: [] for i in ids}
    for chunk in chunks(ids):
        for row in conn.execute(select(tasks).where(_OPEN, tasks.c.record_id.in_(chunk))):
            by_record[row.record_id].append(ReviewTask(**row._asdict()))
    return [served(of_one) for of_one in by_record.values() if of_one]
