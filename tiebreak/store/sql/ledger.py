"""Money and replies, in SQL.

``balance`` has one row with the totals, changed in the same transaction as ``spend``: reserving
stays quick after a million calls, and its row is the lock that makes the check of the limit and
the reservation one act.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, select, update

from tiebreak.domain.evidence import Usage
from tiebreak.domain.ports import Completion, Spend
from tiebreak.store.rules import not_reserved, over_budget
from tiebreak.store.sql.dialect import upsert
from tiebreak.store.sql.part import SqlPart, highest
from tiebreak.store.sql.schema import balance, replies, spend


class SqlLedger(SqlPart):
    """`tiebreak.domain.ports.Ledger` in SQL."""

    def recall(self, request_hash: str) -> Completion | None:
        stmt = select(replies.c.completion).where(replies.c.request_hash == request_hash)
        with self._db.reading() as conn:
            stored = conn.execute(stmt).scalar()
        return None if stored is None else _completion(stored)

    def reserve(self, request_hash: str, model: str, nanos: int, *, limit: int | None) -> int:
        def work(conn: Connection) -> int:
            total = _locked_balance(conn)
            spent = total.settled_nanos + total.lost_nanos + total.reserved_nanos
            if limit is not None and spent + nanos > limit:
                raise over_budget(nanos, spent, limit)
            number = highest(conn, spend.c.id) + 1
            conn.execute(
                spend.insert(),
                {
                    "id": number,
                    "request_hash": request_hash,
                    "model": model,
                    "state": "reserved",
                    "nanos": nanos,
                    "usage": Usage(),
                    "created_at": self._stamp(),
                },
            )
            _change_balance(conn, reserved_nanos=nanos)
            return number

        return self._db.atomically(work)

    def settle(self, reservation: int, completion: Completion, nanos: int) -> None:
        def work(conn: Connection) -> None:
            entry = _reopened(conn, reservation)
            usage = completion.usage
            _close(conn, reservation, state="settled", nanos=nanos, usage=usage)
            _change_balance(
                conn,
                settled_nanos=nanos,
                calls=1,
                prompt_tokens=usage.prompt,
                completion_tokens=usage.completion,
            )
            reply = {
                "request_hash": entry.request_hash,
                "completion": asdict(completion),
                "created_at": self._stamp(),
            }
            # The first reply stays: another process may have bought the same one meanwhile.
            conn.execute(upsert(conn, replies).on_conflict_do_nothing(), reply)

        self._db.atomically(work)

    def release(self, reservation: int) -> None:
        def work(conn: Connection) -> None:
            _reopened(conn, reservation)
            _close(conn, reservation, state="released", nanos=0, usage=Usage())

        self._db.atomically(work)

    def abandon(self) -> int:
        def work(conn: Connection) -> int:
            total = _locked_balance(conn)
            nanos = total.reserved_nanos
            waiting = update(spend).where(spend.c.state == "reserved").values(state="lost")
            lost = conn.execute(waiting).rowcount
            _change_balance(conn, reserved_nanos=-nanos, lost_nanos=nanos, lost=lost)
            return lost

        return self._db.atomically(work)

    def totals(self) -> Spend:
        with self._db.reading() as conn:
            total = conn.execute(select(balance)).one()
        return Spend(
            nanos=total.settled_nanos + total.lost_nanos,
            reserved_nanos=total.reserved_nanos,
            calls=total.calls,
            prompt_tokens=total.prompt_tokens,
            completion_tokens=total.completion_tokens,
            lost=total.lost,
        )


def _completion(fields: dict[str, Any]) -> Completion:
    top = fields["top"]
    return Completion(
        **fields
        | {
            "usage": Usage(**fields["usage"]),
            "top": None if top is None else tuple((token, logprob) for token, logprob in top),
        }
    )


def _locked_balance(conn: Connection) -> Row[Any]:
    return conn.execute(select(balance).with_for_update()).one()


def _change_balance(conn: Connection, **by: int) -> None:
    changed = {name: balance.c[name] + amount for name, amount in by.items()}
    conn.execute(update(balance).values(changed))


def _reopened(conn: Connection, reservation: int) -> Row[Any]:
    """The entry of a reservation that may be closed now, taken out of the balance.

    One that was counted as lost may still be closed: its process was only slow.
    """
    _locked_balance(conn)
    entry = conn.execute(select(spend).where(spend.c.id == reservation)).one_or_none()
    if entry is None or entry.state not in ("reserved", "lost"):
        raise not_reserved(reservation, entry.state if entry else None)
    if entry.state == "lost":
        _change_balance(conn, lost_nanos=-entry.nanos, lost=-1)
    else:
        _change_balance(conn, reserved_nanos=-entry.nanos)
    return entry


def _close(conn: Connection, reservation: int, **values: Any) -> None:
    conn.execute(update(spend).where(spend.c.id == reservation).values(values))
