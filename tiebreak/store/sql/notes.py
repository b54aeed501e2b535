"""Schema versions, model cards and step reports, in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, select

from tiebreak.domain.batches import ModelInfo
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.store.rules import model_exists
from tiebreak.store.sql.dialect import lock_tables
from tiebreak.store.sql.part import SqlPart, highest, row_of
from tiebreak.store.sql.schema import models, reports, schemas

_LAST_MODEL = select(models).order_by(models.c.version.desc()).limit(1)


class SqlNotes(SqlPart):
    """`tiebreak.domain.ports.Notes` in SQL."""

    def put_schema(self, schema: LabelSchema) -> LabelSchema:
        return self._db.atomically(lambda conn: _put_schema(conn, schema))

    def schema(self, version: int | None = None) -> LabelSchema | None:
        with self._db.reading() as conn:
            return _schema(conn, version)

    def put_model(self, card: ModelInfo) -> None:
        def work(conn: Connection) -> None:
            lock_tables(conn, "notes")
            same_version = select(models).where(models.c.version == card.version)
            known = self._first(ModelInfo, same_version)
            if known is None:
                conn.execute(models.insert(), row_of(card, models, created_at=self._stamp()))
            elif replace(known, created_at="") != replace(card, created_at=""):
                raise model_exists(card.version)

        self._db.atomically(work)

    def models(self) -> list[ModelInfo]:
        return list(self._read(ModelInfo, select(models).order_by(models.c.version)))

    def last_model(self) -> ModelInfo | None:
        return self._first(ModelInfo, _LAST_MODEL)

    def report(self, step: str, round: int, payload: Mapping[str, Any]) -> None:
        def work(conn: Connection) -> None:
            lock_tables(conn, "notes")
            row = {
                "id": highest(conn, reports.c.id) + 1,
                "step": step,
                "round": round,
                "payload": payload,
                "created_at": self._stamp(),
            }
            conn.execute(reports.insert(), row)

        self._db.atomically(work)

    def last_report(self, step: str) -> Mapping[str, Any] | None:
        last = select(reports.c.payload).where(reports.c.step == step)
        with self._db.reading() as conn:
            row = conn.execute(last.order_by(reports.c.id.desc()).limit(1)).one_or_none()
            return None if row is None else dict(row.payload)

    def reports(self) -> list[tuple[str, int, Mapping[str, Any]]]:
        with self._db.reading() as conn:
            rows = conn.execute(select(reports).order_by(reports.c.id))
            return [(row.step, row.round, row.payload) for row in rows]


def _schema(conn: Connection, version: int | None) -> LabelSchema | None:
    last = select(func.max(schemas.c.version)).scalar_subquery()
    which = schemas.c.version == (last if version is None else version)
    row = conn.execute(select(schemas).where(which)).one_or_none()
    if row is None:
        return None
    multiple = isinstance(row.labels, dict)  # a single-label schema is the bare list
    labels = tuple(
        Label(name=name, definition=definition, examples=tuple(examples), tier=tier)
        for name, definition, examples, tier in (row.labels["of"] if multiple else row.labels)
    )
    return LabelSchema(
        labels=labels, version=row.version, guidelines=row.guidelines, multiple=multiple
    )


def _put_schema(conn: Connection, schema: LabelSchema) -> LabelSchema:
    lock_tables(conn, "notes")
    last = _schema(conn, None)
    if last is not None and last.fingerprint == schema.fingerprint:
        return last
    stored = replace(schema, version=last.version + 1 if last else 1)
    labels = [[x.name, x.definition, list(x.examples), x.tier] for x in stored.labels]
    row = {
        "version": stored.version,
        "fingerprint": stored.fingerprint,
        "labels": {"multiple": True, "of": labels} if stored.multiple else labels,
        "guidelines": stored.guidelines,
    }
    conn.execute(schemas.insert(), row)
    return stored
