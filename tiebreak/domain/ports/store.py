"""The rest of a store: queue, batches, money, schemas and heads; and the store as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from tiebreak.domain.batches import BatchItem, ModelInfo, Phase, QueryBatch
from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.labels import LabelSchema
from tiebreak.domain.ports.evidence import Annotations, Decisions, Log, Routes
from tiebreak.domain.ports.language import Completion
from tiebreak.domain.ports.monitoring import Monitoring
from tiebreak.domain.ports.promises import Promises
from tiebreak.domain.ports.records import Gold, Records
from tiebreak.domain.reviews import ReviewTask


class Queue(Protocol):
    """The review queue: tasks, and leases that hold a *record* for one person at a time."""

    def open(self, tasks: Sequence[ReviewTask]) -> int:
        """Open tasks; one open per (record, reason): a second is a no-op. Returns how many."""
        ...

    def tasks(self, *, status: str | None = "open", batch: int | None = None) -> list[ReviewTask]:
        """Tasks by priority (highest first), then record id, then reason."""
        ...

    def count(self, *, batch: int | None = None) -> int:
        """How many records have an open task (of that batch), whoever holds them; cheap."""
        ...

    def close(self, record_ids: Sequence[int], *, cancel: Sequence[str] = ()) -> int:
        """Mark every open task of these records done, and let their leases go.

        With ``cancel`` (reasons), only open tasks with these reasons, marked cancelled.
        """
        ...

    def reopen(self, record_ids: Sequence[int]) -> int:
        """Open again, for each record, the tasks that were closed as done (an undo); of several
        with one reason the last, and none beside an open one."""
        ...

    def lease(self, who: str, n: int, *, seconds: float) -> list[ReviewTask]:
        """Hold up to *n* records for *who* until the clock passes; best priority first.

        Records that *who* holds already count and come back first (a lost reply is safe to ask
        again). One task comes back per record: its highest-priority open one, blind if any of
        them is. Two people never hold one record.
        """
        ...

    def hold(self, who: str, record_ids: Sequence[int], *, seconds: float) -> list[int]:
        """Lease these very records for *who*, whatever their place in the queue.

        Returns those that *who* holds now, in the order given: the ones with an open task that
        nobody else holds live. After an undo, for leases that ran out unnoticed, and first in a
        transaction that closes the records' tasks, to be sure that they are still *who*'s.
        """
        ...

    def heartbeat(self, who: str, record_ids: Sequence[int], *, seconds: float) -> list[int]:
        """Extend *who*'s live leases; returns the record ids still held by *who*."""
        ...

    def release(self, who: str, record_ids: Sequence[int] | None = None) -> int:
        """Let leases of *who* go (all of them when ids are None)."""
        ...


class Batches(Protocol):
    """Query batches, numbered by round from 1."""

    def add(self, batch: QueryBatch) -> None:
        """Store a batch with its items; a round that exists is a `Conflict`."""
        ...

    def get(self, round: int) -> QueryBatch: ...
    def last(self) -> QueryBatch | None: ...
    def all(self) -> list[QueryBatch]: ...
    def advance(self, round: int, phase: Phase) -> None:
        """Move a batch on. It never goes back: an earlier phase is a no-op."""
        ...

    def answer(self, round: int, items: Sequence[BatchItem]) -> None:
        """Write model and agent answers of items, once: an item that has them keeps them."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Spend:
    """Totals. ``nanos`` is settled money plus reservations that were lost with a killed process
    (counted at their worst case); ``reserved_nanos`` are calls under way."""

    nanos: int
    reserved_nanos: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    lost: int


class Ledger(Protocol):
    """Money and replies. A reservation is settled together with the reply that it bought."""

    def recall(self, request_hash: str) -> Completion | None:
        """A stored reply, or None. Failures are never stored."""
        ...

    def reserve(self, request_hash: str, model: str, nanos: int, *, limit: int | None) -> int:
        """Reserve the worst case; `BudgetExceeded` if all spending would pass *limit* (nanos)."""
        ...

    def settle(self, reservation: int, completion: Completion, nanos: int) -> None:
        """Store the reply and what it cost, in one transaction.

        The first reply to a request stays. A reservation that was abandoned may still be settled
        (its process was only slow); one that is closed already is a `Conflict`.
        """
        ...

    def release(self, reservation: int) -> None:
        """The call failed and cost nothing."""
        ...

    def abandon(self) -> int:
        """Count reservations of a killed process as spent at their worst case; how many."""
        ...

    def totals(self) -> Spend: ...


class Notes(Protocol):
    """Schema versions, model cards, step reports."""

    def put_schema(self, schema: LabelSchema) -> LabelSchema:
        """Store a schema (as the next version, unless the latest one has its fingerprint) and
        return it as stored: it is then what ``schema()`` gives."""
        ...

    def schema(self, version: int | None = None) -> LabelSchema | None: ...
    def put_model(self, card: ModelInfo) -> None:
        """Store a card, once; another card under its version is a `Conflict`."""
        ...

    def models(self) -> list[ModelInfo]: ...
    def last_model(self) -> ModelInfo | None:
        """The card with the highest version."""
        ...

    def report(self, step: str, round: int, payload: Mapping[str, Any]) -> None: ...
    def last_report(self, step: str) -> Mapping[str, Any] | None:
        """The payload of a step's last report, or None."""
        ...

    def reports(self) -> list[tuple[str, int, Mapping[str, Any]]]:
        """(step, round, payload), in the order written."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Versions:
    """Rows of each log that only grows; ``answers``: batch items with a machine's answer, which
    are written once."""

    links: int
    suggestions: int
    annotations: int
    decisions: int
    policies: int
    candidates: int
    audits: int
    alarms: int
    schemas: int
    models: int
    batches: int
    answers: int


class Store(Protocol):
    """Everything a project knows. All parts share one transaction scope."""

    records: Records
    gold: Gold
    suggestions: Log[Suggestion]
    annotations: Annotations
    decisions: Decisions
    routes: Routes
    queue: Queue
    batches: Batches
    promises: Promises
    ledger: Ledger
    monitoring: Monitoring
    notes: Notes

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing. Nested use joins the outer one. Without it each call is its own."""
        ...

    def versions(self) -> Versions:
        """How long each append-only log is: what was read of one stands until it has grown."""
        ...

    def close(self) -> None: ...
