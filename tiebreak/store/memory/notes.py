"""Query batches, schemas, model cards, step reports and what holds autonomy back, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from tiebreak.domain.batches import BatchItem, ModelInfo, Phase, QueryBatch
from tiebreak.domain.labels import LabelSchema
from tiebreak.domain.monitoring import Alarm, AskedTerms, DriftMark, DriftReading
from tiebreak.store.jsontext import decode_json, encode_json
from tiebreak.store.memory.state import MemoryPart, locked
from tiebreak.store.rules import (
    answered_items,
    batch_exists,
    later_phase,
    model_exists,
    no_batch,
    not_in_batch,
    stamp,
)

E = TypeVar("E", DriftMark, DriftReading, Alarm, AskedTerms)


class MemoryBatches(MemoryPart):
    """`tiebreak.domain.ports.Batches` in memory."""

    @locked
    def add(self, batch: QueryBatch) -> None:
        if batch.round in self._state.batches:
            raise batch_exists(batch.round)
        self._check_known({item.record_id for item in batch.items})
        items = tuple(sorted(batch.items, key=lambda item: (item.position, item.record_id)))
        self._state.batches[batch.round] = replace(
            batch, items=items, created_at=stamp(self._memory.clock)
        )

    @locked
    def get(self, round: int) -> QueryBatch:
        if round not in self._state.batches:
            raise no_batch(round)
        return self._state.batches[round]

    @locked
    def last(self) -> QueryBatch | None:
        return self.all()[-1] if self._state.batches else None

    @locked
    def all(self) -> list[QueryBatch]:
        return [batch for _, batch in sorted(self._state.batches.items())]

    @locked
    def advance(self, round: int, phase: Phase) -> None:
        batch = self.get(round)
        self._state.batches[round] = replace(batch, phase=later_phase(batch.phase, phase))

    @locked
    def answer(self, round: int, items: Sequence[BatchItem]) -> None:
        batch = self.get(round)
        answers = {item.record_id: item for item in items}
        if unknown := answers.keys() - {item.record_id for item in batch.items}:
            raise not_in_batch(round, unknown)
        self._state.batches[round] = replace(
            batch,
            items=tuple(
                answered_items(item, answers.get(item.record_id, item)) for item in batch.items
            ),
        )


class MemoryNotes(MemoryPart):
    """`tiebreak.domain.ports.Notes` in memory."""

    @locked
    def put_schema(self, schema: LabelSchema) -> LabelSchema:
        last = self.schema()
        if last is not None and last.fingerprint == schema.fingerprint:
            return last
        stored = replace(schema, version=len(self._state.schemas) + 1)
        self._state.schemas.append(stored)
        return stored

    @locked
    def schema(self, version: int | None = None) -> LabelSchema | None:
        schemas = self._state.schemas
        number = len(schemas) if version is None else version
        return schemas[number - 1] if 0 < number <= len(schemas) else None

    @locked
    def put_model(self, card: ModelInfo) -> None:
        known = self._state.models.get(card.version)
        if known is None:
            self._state.models[card.version] = replace(card, created_at=stamp(self._memory.clock))
        elif replace(known, created_at="") != replace(card, created_at=""):
            raise model_exists(card.version)

    @locked
    def models(self) -> list[ModelInfo]:
        return [card for _, card in sorted(self._state.models.items())]

    @locked
    def last_model(self) -> ModelInfo | None:
        return self.models()[-1] if self._state.models else None

    @locked
    def report(self, step: str, round: int, payload: Mapping[str, Any]) -> None:
        self._state.reports.append((step, round, decode_json(encode_json(payload))))

    @locked
    def last_report(self, step: str) -> Mapping[str, Any] | None:
        return next((p for name, _, p in reversed(self._state.reports) if name == step), None)

    @locked
    def reports(self) -> list[tuple[str, int, Mapping[str, Any]]]:
        return list(self._state.reports)


class MemoryMonitoring(MemoryPart):
    """`tiebreak.domain.ports.Monitoring` in memory."""

    @locked
    def put_mark(self, mark: DriftMark) -> DriftMark:
        return self._put(mark)

    @locked
    def last_mark(self) -> DriftMark | None:
        return next(reversed(self._all(DriftMark)), None)

    @locked
    def put_reading(self, reading: DriftReading) -> DriftReading:
        return self._put(reading)

    @locked
    def last_reading(self) -> DriftReading | None:
        return next(reversed(self._all(DriftReading)), None)

    @locked
    def put_alarm(self, alarm: Alarm) -> Alarm:
        return self._put(alarm)

    @locked
    def alarms(self) -> list[Alarm]:
        return self._all(Alarm)

    @locked
    def put_terms(self, terms: AskedTerms) -> AskedTerms:
        return self._put(terms)

    @locked
    def last_terms(self) -> AskedTerms | None:
        return next(reversed(self._all(AskedTerms)), None)

    def _put(self, item: E) -> E:
        log = self._state.monitoring
        stored = replace(item, id=len(log) + 1, created_at=stamp(self._memory.clock))
        log.append(stored)
        return stored

    def _all(self, cls: type[E]) -> list[E]:
        return [item for item in self._state.monitoring if isinstance(item, cls)]
