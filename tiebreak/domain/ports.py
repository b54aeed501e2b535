"""The seams: what the steps need of a store, a language model, an encoder, an index, a strategy.

Implementations live one folder up, one file each; `tiebreak.workflow.wiring` alone builds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import BatchItem, ModelCard, Phase, QueryBatch
from tiebreak.domain.decisions import Decision, Route
from tiebreak.domain.evidence import Suggestion, Usage
from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.domain.records import Link, NewRecord, Record, RecordTable
from tiebreak.domain.reviews import Annotation, ReviewTask

Clock = Callable[[], datetime]
Floats = npt.NDArray[np.float32]
T = TypeVar("T")


class Progress(Protocol):
    """Where a long step reports to. ``step`` names it, ``total`` None means unknown."""

    def start(self, step: str, total: int | None) -> None: ...
    def advance(self, n: int = 1) -> None: ...
    def note(self, text: str) -> None: ...
    def done(self) -> None: ...


# ------------------------------------------------------------------------------------ store


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What `Records.add` did. ``changed``: same (source, external id), other text: kept as was
    (and counted in ``existing`` too)."""

    inserted: tuple[int, ...]
    existing: int
    changed: tuple[str, ...]


class Records(Protocol):
    """Records and the duplicate links between them."""

    def add(self, rows: Sequence[NewRecord]) -> Added:
        """Insert new rows, skip those whose (source, external id) is known. Idempotent.

        Exact duplicates of an earlier record of the same side (pool or held out) are linked
        to the earliest one with that content hash. ``NewRecord.labels`` is not stored here.
        """
        ...

    def get(self, ids: Sequence[int]) -> list[Record]:
        """Records by id, in the order asked; an unknown id is a `StoreError`."""
        ...

    def find(self, source: str, external_ids: Sequence[str]) -> dict[str, int]:
        """Record ids by external id within a source; unknown ones are left out."""
        ...

    def lookup(self, external_id: str) -> list[int]:
        """Record ids with this external id in any source, ascending."""
        ...

    def scan(self, *, after: int = 0, limit: int = 1000) -> list[Record]:
        """The next *limit* records with id > *after*, by id."""
        ...

    def table(self) -> RecordTable:
        """Bare columns of every record, in id order; bounded memory (about 60 bytes a record)."""
        ...

    def splits(self) -> dict[tuple[str | None, bool], int]:
        """Count of records by (split name, held out)."""
        ...

    def link(self, links: Sequence[Link]) -> int:
        """Add duplicate links, one per ``record_id`` (the first stays); how many are new."""
        ...

    def links(self) -> list[Link]:
        """Every link, by record id."""
        ...


class Gold(Protocol):
    """Sealed labels. Only the simulated reviewer and scoring may hold this port."""

    def put(self, labels: Mapping[int, LabelValue]) -> int:
        """Seal labels by record id; the first for a record stays. Returns how many are new."""
        ...

    def get(self, ids: Sequence[int]) -> dict[int, LabelValue]:
        """Labels of these records; those without one are left out."""
        ...

    def count(self) -> int: ...


class Log(Protocol[T]):
    """An append-only log of things about records; ``seq`` counts from 1 within a record."""

    def append(self, items: Sequence[T]) -> list[T]:
        """Store the items (their ``seq`` and ``created_at`` are set here) and return them so."""
        ...

    def of(self, record_id: int) -> list[T]:
        """One record's items, by seq."""
        ...

    def latest(self, ids: Sequence[int] | None = None) -> dict[int, T]:
        """The item with the highest seq of each record (of these ids, or of all)."""
        ...

    def scan(self) -> Iterator[T]:
        """Every item, by record id, then seq."""
        ...

    def count(self) -> int: ...


class Annotations(Log[Annotation], Protocol):
    """The annotation log. An item whose ``key`` is already stored is skipped by ``append``."""

    def standing(self, ids: Sequence[int] | None = None) -> dict[int, Annotation]:
        """The annotation in force per record, by `tiebreak.domain.reviews.standing`."""
        ...


class Decisions(Log[Decision], Protocol):
    """The decision log. ``append`` drops what `may_replace` forbids, and what changes nothing
    (same ``by`` and ``labels`` as the record's latest)."""


class Routes(Log[Route], Protocol):
    """The routing log. ``append`` drops an item that says what the record's latest one says
    (same outcome, reason, labels, agent_labels, model_label)."""


class Queue(Protocol):
    """The review queue: tasks, and leases that hold a *record* for one person at a time."""

    def open(self, tasks: Sequence[ReviewTask]) -> int:
        """Open tasks; one open per (record, reason): a second is a no-op. Returns how many."""
        ...

    def tasks(self, *, status: str | None = "open", batch: int | None = None) -> list[ReviewTask]:
        """Tasks by priority (highest first), then record id, then reason."""
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
    def put_model(self, card: ModelCard) -> None:
        """Store a card, once; another card under its version is a `Conflict`."""
        ...

    def models(self) -> list[ModelCard]: ...
    def report(self, step: str, round: int, payload: Mapping[str, Any]) -> None: ...
    def reports(self) -> list[tuple[str, int, Mapping[str, Any]]]:
        """(step, round, payload), in the order written."""
        ...


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
    ledger: Ledger
    notes: Notes

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing. Nested use joins the outer one. Without it each call is its own."""
        ...

    def close(self) -> None: ...


# ------------------------------------------------------------------------------- language model


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One turn: ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One chat call. ``top_logprobs`` 0 asks for none; ``schema`` is a JSON schema or None."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    top_logprobs: int = 0
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """A reply. ``top`` are (token, logprob) of the first token, best first, or None."""

    text: str
    usage: Usage
    refusal: str | None = None
    finish: str = "stop"
    top: tuple[tuple[str, float], ...] | None = None


class LabelModel(Protocol):
    """A language model behind a chat API.

    ``id`` names provider and model; ``remote`` is false for servers on this machine;
    ``max_top_logprobs`` 0 means it gives none; ``context_tokens`` None means unknown.
    """

    id: str
    remote: bool
    max_top_logprobs: int
    context_tokens: int | None

    def complete(self, request: Request) -> Completion:
        """Thread-safe. Raises `LLMUnavailable`, `LLMRejected` or `LLMForbidden`, after retries."""
        ...

    def close(self) -> None: ...


# ---------------------------------------------------------------------- retrieval and learning


class Embedder(Protocol):
    """Texts to unit vectors. ``id`` names the weights exactly: equal ids give equal vectors."""

    id: str
    dim: int
    window: int

    def embed(self, texts: Sequence[str]) -> Floats:
        """float32[n, dim], L2-normalised, in the order given."""
        ...

    def cut(self, texts: Sequence[str]) -> int:
        """How many of the texts are longer than the encoder's window of ``window`` tokens."""
        ...


class VectorIndex(Protocol):
    """Inner-product search over unit vectors (so: cosine)."""

    def add(self, ids: npt.NDArray[np.int64], vectors: Floats) -> None:
        """Add rows; ids must be new, or it is a `UsageError`."""
        ...

    def remove(self, ids: npt.NDArray[np.int64]) -> int: ...

    def search(self, vectors: Floats, k: int) -> tuple[npt.NDArray[np.int64], Floats]:
        """ids int64[m, k], cosines float32[m, k]; best first, ties by id; missing: -1, -inf."""
        ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """What a query strategy may look at.

    ``vectors`` float32[n, d] of the candidates; ``labelled`` float32[m, d] of what is labelled;
    ``probabilities`` float64[n, k] of the candidates under the current head, None before one.
    ``n_classes`` is the number of names in the schema.
    """

    vectors: Floats
    labelled: Floats
    probabilities: npt.NDArray[np.float64] | None
    n_classes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pick:
    """One choice: a position in `Pool.vectors`, the numbers that led to it, the reason in words."""

    position: int
    utilities: Mapping[str, float]
    reason: str


class QueryStrategy(Protocol):
    """Chooses what would teach the head most. Stateless; all chance comes from ``rng``."""

    name: str

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks (fewer only if the pool runs out), no position twice, no two picks
        with cosine above .97 while others remain."""
        ...


class Head(Protocol):
    """A trained classifier over unit vectors. Probabilities are over ``classes``, the schema's
    names in schema order; a class without a training row has probability 0."""

    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def c(self) -> float: ...

    def logits(self, vectors: Floats) -> npt.NDArray[np.float64]:
        """float64[n, k] unnormalised log-probabilities; -inf for a class never seen."""
        ...


class Classifier(Protocol):
    """Trains heads. Stateless and deterministic: equal input gives an equal head."""

    name: str

    def fit(
        self,
        vectors: Floats,
        labels: Sequence[str],
        classes: tuple[str, ...],
        c: float,
        sample_weight: npt.NDArray[np.float64] | None = None,
    ) -> Head | None:
        """A head from float32[n, d] and n names out of *classes* (schema order); None for n = 0.

        ``c`` is the inverse strength of regularisation. A label outside *classes* is a
        `LabelError`.
        """
        ...
