"""Plain containers of frozen items, one lock, and a snapshot to roll back to."""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from tiebreak.domain.batches import ModelInfo, QueryBatch
from tiebreak.domain.evidence import Usage
from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.domain.ports import Clock, Completion
from tiebreak.domain.promises import Candidate, Certificate, Policy
from tiebreak.domain.records import Link, Record
from tiebreak.domain.reviews import ReviewTask
from tiebreak.store.rules import unknown_records

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="MemoryPart")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservation:
    """Money set aside for one call (``nanos`` is the real cost once settled)."""

    nanos: int
    state: Literal["reserved", "settled", "released", "lost"] = "reserved"
    request_hash: str
    usage: Usage = field(default_factory=Usage)


@dataclass
class State:
    """Everything. Values are immutable, so a shallow copy of each container is a snapshot."""

    records: dict[int, Record] = field(default_factory=dict)
    by_key: dict[tuple[str, str], int] = field(default_factory=dict)
    by_hash: dict[tuple[str, bool], int] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    gold: dict[int, LabelValue] = field(default_factory=dict)
    suggestions: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    annotations: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    decisions: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    routes: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    tasks: dict[int, ReviewTask] = field(default_factory=dict)
    leases: dict[int, tuple[str, float]] = field(default_factory=dict)
    batches: dict[int, QueryBatch] = field(default_factory=dict)
    replies: dict[str, Completion] = field(default_factory=dict)
    spend: dict[int, Reservation] = field(default_factory=dict)
    schemas: list[LabelSchema] = field(default_factory=list)
    models: dict[int, ModelInfo] = field(default_factory=dict)
    policies: dict[int, Policy] = field(default_factory=dict)
    candidates: dict[tuple[int, int], Candidate] = field(default_factory=dict)
    audits: dict[tuple[int, int], str] = field(default_factory=dict)
    certificates: dict[tuple[int, str, str, int], Certificate] = field(default_factory=dict)
    monitoring: list[Any] = field(default_factory=list)
    reports: list[tuple[str, int, Mapping[str, Any]]] = field(default_factory=list)

    def snapshot(self) -> State:
        """A copy that later changes of this one do not reach."""
        return State(**{f.name: copy.copy(getattr(self, f.name)) for f in fields(self)})


class Memory:
    """The state, its lock and its clock, shared by all parts of one store."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.state = State()
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock; on an exception, put the outermost snapshot back."""
        with self.lock:
            saved = self.state.snapshot() if self._depth == 0 else None
            self._depth += 1
            try:
                yield
            except BaseException:
                if saved is not None:
                    self.state = saved
                raise
            finally:
                self._depth -= 1


class MemoryPart:
    """One part of the store."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    @property
    def _state(self) -> State:
        return self._memory.state

    def _check_known(self, ids: set[int]) -> None:
        if missing := ids - self._state.records.keys():
            raise unknown_records(missing)


def locked(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Run a part's method alone: other threads wait, as they do for another's transaction."""

    @functools.wraps(method)
    def alone(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._memory.lock:
            return method(self, *args, **kwargs)

    return alone
