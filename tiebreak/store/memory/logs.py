"""Suggestions, annotations, decisions and routes, in memory: tuples that only grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Generic

from tiebreak.domain.decisions import Decision, Route
from tiebreak.domain.reviews import Annotation, standing
from tiebreak.store.memory.state import Memory, MemoryPart, locked
from tiebreak.store.rules import (
    L,
    admit_annotations,
    admit_decisions,
    admit_routes,
    numbered,
    stamp,
    undone_records,
)


class MemoryLog(MemoryPart, Generic[L]):
    """`tiebreak.domain.ports.Log` in memory; *name* is the field of the state that holds it."""

    def __init__(self, memory: Memory, name: str) -> None:
        super().__init__(memory)
        self._name = name

    @property
    def _log(self) -> dict[int, tuple[L, ...]]:
        log: dict[int, tuple[L, ...]] = getattr(self._state, self._name)
        return log

    def _admit(self, items: Sequence[L]) -> Sequence[L]:
        return items

    @locked
    def append(self, items: Sequence[L]) -> list[L]:
        self._check_known({item.record_id for item in items})
        last = {item.record_id: len(self._log.get(item.record_id, ())) for item in items}
        stored = numbered(self._admit(items), last, stamp(self._memory.clock))
        log = self._log
        for item in stored:
            log[item.record_id] = log.get(item.record_id, ()) + (item,)  # noqa: RUF005
        return stored

    @locked
    def of(self, record_id: int) -> list[L]:
        return list(self._log.get(record_id, ()))

    @locked
    def latest(self, ids: Sequence[int] | None = None) -> dict[int, L]:
        return {i: history[-1] for i, history in self._histories(ids)}

    @locked
    def scan(self) -> Iterator[L]:
        return iter([item for _, history in self._histories(None) for item in history])

    @locked
    def count(self) -> int:
        return sum(len(history) for history in self._log.values())

    def _histories(self, ids: Sequence[int] | None) -> list[tuple[int, tuple[L, ...]]]:
        wanted = self._log.keys() if ids is None else self._log.keys() & set(ids)
        return [(i, self._log[i]) for i in sorted(wanted)]


class MemoryAnnotations(MemoryLog[Annotation]):
    """`tiebreak.domain.ports.Annotations` in memory."""

    def _admit(self, items: Sequence[Annotation]) -> Sequence[Annotation]:
        histories = dict(self._histories(list(undone_records(items))))
        kept = admit_annotations(items, self._state.keys, histories)
        self._state.keys.update(item.key for item in kept if item.key is not None)
        return kept

    @locked
    def histories(self, ids: Sequence[int] | None = None) -> dict[int, list[Annotation]]:
        return {i: list(history) for i, history in self._histories(ids)}

    @locked
    def standing(self, ids: Sequence[int] | None = None) -> dict[int, Annotation]:
        acts: dict[int, Any] = {i: standing(history) for i, history in self._histories(ids)}
        return {i: act for i, act in acts.items() if act is not None}


class MemoryDecisions(MemoryLog[Decision]):
    """`tiebreak.domain.ports.Decisions` in memory."""

    def _admit(self, items: Sequence[Decision]) -> Sequence[Decision]:
        return admit_decisions(items, self.latest([item.record_id for item in items]))


class MemoryRoutes(MemoryLog[Route]):
    """`tiebreak.domain.ports.Routes` in memory."""

    def _admit(self, items: Sequence[Route]) -> Sequence[Route]:
        return admit_routes(items, self.latest([item.record_id for item in items]))
