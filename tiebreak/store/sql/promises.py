"""Frozen policies, candidates, audits and certificates, in SQL: rows are only ever inserted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_

from tiebreak.domain.promises import (
    Candidate,
    Certificate,
    Evidence,
    FrozenTier,
    Policy,
    RungState,
)
from tiebreak.store.rules import (
    check_arrivals,
    new_arrivals,
    no_candidates,
    policy_exists,
    same_policy,
    same_state,
)
from tiebreak.store.sql.dialect import CHUNK, IDS, chunks, lock_tables
from tiebreak.store.sql.part import SqlPart, check_known_records, row_of
from tiebreak.store.sql.schema import audits, candidates, certificates, policies


class SqlPromises(SqlPart):
    """`tiebreak.domain.ports.Promises` in SQL."""

    def freeze(self, policy: Policy, candidates: Sequence[Candidate]) -> None:
        self._db.atomically(lambda conn: self._freeze(conn, policy, candidates))

    def _freeze(self, conn: Connection, policy: Policy, items: Sequence[Candidate]) -> None:
        lock_tables(conn, "promises")
        known = {stored.number: stored for stored in _policies(conn)}
        if policy.number in known:
            if same_policy(known[policy.number], policy):
                return
            raise policy_exists(policy.number)
        check_known_records(conn, {item.record_id for item in items})
        tiers = [asdict(tier) for tier in policy.tiers]
        row = row_of(policy, policies, tiers=tiers, created_at=self._stamp())
        conn.execute(policies.insert(), row)
        for chunk in chunks(items):
            conn.execute(candidates.insert(), [row_of(item, candidates) for item in chunk])

    def policies(self) -> list[Policy]:
        with self._db.reading() as conn:
            return _policies(conn)

    def candidates(self, number: int) -> list[Candidate]:
        stmt = (
            select(candidates)
            .where(candidates.c.policy == number)
            .order_by(candidates.c.record_id)
            .execution_options(yield_per=CHUNK)
        )
        return list(self._read(Candidate, stmt))

    def arrive(self, candidates: Sequence[Candidate]) -> int:
        return self._db.atomically(lambda conn: self._arrive(conn, candidates))

    def _arrive(self, conn: Connection, items: Sequence[Candidate]) -> int:
        lock_tables(conn, "promises")
        check_arrivals(items, _policies(conn))
        check_known_records(conn, {item.record_id for item in items})
        stored: dict[tuple[int, int], Candidate] = {}
        numbers = sorted({item.policy for item in items})
        among = select(candidates).where(
            candidates.c.policy.in_(numbers), candidates.c.record_id.in_(IDS)
        )
        for chunk in chunks(sorted({item.record_id for item in items})):
            for row in conn.execute(among, {"ids": chunk}):
                stored[row.policy, row.record_id] = Candidate(**row._asdict())
        new = new_arrivals(items, stored)
        for part in chunks(new):
            conn.execute(candidates.insert(), [row_of(item, candidates) for item in part])
        return len(new)

    def arrivals(self) -> list[Candidate]:
        stmt = (
            select(candidates)
            .where(candidates.c.pi.is_not(None))
            .order_by(candidates.c.policy, candidates.c.record_id)
            .execution_options(yield_per=CHUNK)
        )
        return list(self._read(Candidate, stmt))

    def draw(self, number: int, record_ids: Sequence[int]) -> int:
        return self._db.atomically(lambda conn: self._draw(conn, number, record_ids))

    def _draw(self, conn: Connection, number: int, record_ids: Sequence[int]) -> int:
        lock_tables(conn, "promises")
        column = candidates.c.record_id
        among = select(column).where(candidates.c.policy == number, column.in_(IDS))
        wanted, known = set(record_ids), set[int]()
        for chunk in chunks(sorted(wanted)):
            known.update(conn.execute(among, {"ids": chunk}).scalars())
        if unknown := wanted - known:
            raise no_candidates(number, unknown)
        new = sorted(wanted - _drawn(conn, number))
        at = self._stamp()
        for chunk in chunks(new):
            rows = [{"policy": number, "record_id": i, "created_at": at} for i in chunk]
            conn.execute(audits.insert(), rows)
        return len(new)

    def drawn(self, number: int) -> set[int]:
        with self._db.reading() as conn:
            return _drawn(conn, number)

    def certify(self, certificate: Certificate) -> bool:
        return self._db.atomically(lambda conn: self._certify(conn, certificate))

    def _certify(self, conn: Connection, certificate: Certificate) -> bool:
        lock_tables(conn, "promises")
        columns = certificates.c
        last = (
            select(certificates)
            .where(
                columns.policy == certificate.policy,
                columns.tier == certificate.tier,
                columns.mode == certificate.mode,
            )
            .order_by(columns.seq.desc())
            .limit(1)
        )
        row = conn.execute(last).one_or_none()
        if row is not None and same_state(_certificate(row), certificate):
            return False
        stored = replace(certificate, seq=row.seq + 1 if row else 1, created_at=self._stamp())
        rungs = [asdict(rung) for rung in stored.rungs]
        evidence = [[e.record_id, e.seq, e.answer] for e in stored.evidence]
        values = row_of(stored, certificates, rungs=rungs, evidence=evidence)
        conn.execute(certificates.insert(), values)
        return True

    def certificates(self, *, last: bool = False) -> list[Certificate]:
        columns = certificates.c
        track = (columns.policy, columns.tier, columns.mode)
        stmt = select(certificates).order_by(*track, columns.seq)
        if last:
            newest = select(*track, func.max(columns.seq)).group_by(*track)
            stmt = stmt.where(tuple_(*track, columns.seq).in_(newest))
        with self._db.reading() as conn:
            return [_certificate(row) for row in conn.execute(stmt)]


def _policies(conn: Connection) -> list[Policy]:
    rows = conn.execute(select(policies).order_by(policies.c.number))
    return [
        Policy(**{**row._asdict(), "tiers": tuple(FrozenTier.of(t) for t in row.tiers)})
        for row in rows
    ]


def _drawn(conn: Connection, number: int) -> set[int]:
    stmt = select(audits.c.record_id).where(audits.c.policy == number)
    return set(conn.execute(stmt).scalars())


def _certificate(row: Row[Any]) -> Certificate:
    fields = row._asdict()
    fields["rungs"] = tuple(RungState(**rung) for rung in row.rungs)
    fields["evidence"] = tuple(Evidence(*item) for item in row.evidence)
    return Certificate(**fields)
