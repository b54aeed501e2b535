"""Drift marks and readings, alarms and asked terms, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from tiebreak.domain.monitoring import Alarm, AskedTerms, DriftMark, DriftReading
from tiebreak.store.memory.state import MemoryPart, locked
from tiebreak.store.rules import stamp

E = TypeVar("E", DriftMark, DriftReading, Alarm, AskedTerms)


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
