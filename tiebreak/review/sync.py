"""The review desk's one operation: a request of a client brings events and takes cards away.

The client owns the queue that its person works through; the server is asked in the background.
So a request must be safe to repeat: events are idempotent by their key, records are leased to the
client, and what it was handed in a reply that got lost comes back first.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from tiebreak.domain.reviews import Annotation
from tiebreak.errors import TiebreakError, UnknownRecord, UsageError
from tiebreak.project import ProjectContext
from tiebreak.review.annotate import write_annotations
from tiebreak.review.cards import Card, CardBuilder, epoch_of
from tiebreak.review.protocol import ReviewEvent, SyncRequest

LEASE_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedEvent:
    """An event that could not be stored, and why."""

    event: ReviewEvent
    problem: TiebreakError


@dataclass(frozen=True, kw_only=True, slots=True)
class SyncReply:
    """What a request takes away.

    ``acked`` is the highest ``seq`` dealt with; ``lost`` are held records that are no longer this
    client's; ``left`` counts records with an open task, whoever holds them; ``mine`` the standing
    answers of this person.
    """

    acked: int = 0
    refused: tuple[RefusedEvent, ...] = ()
    cards: tuple[Card, ...] = ()
    lost: tuple[int, ...] = ()
    epoch: str = ""
    left: int = 0
    batch: dict[str, int] | None = None
    mine: int = 0


@dataclass
class ReviewSession:
    """Serves the clients of one project; safe for threads.

    Call `refresh` now and then: it notices a new head or schema, and makes the next card builder
    while the old one goes on serving.
    """

    context: ProjectContext
    lease_seconds: float = LEASE_SECONDS
    _card_builder: CardBuilder = field(init=False)
    _left: int = field(init=False, default=0)
    _batch: dict[str, int] | None = field(init=False, default=None)
    _answers: Counter[str] = field(init=False, default_factory=Counter)
    _counting: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._card_builder = CardBuilder(self.context)
        self._count()
        standing = self.context.store.annotations.standing().values()
        self._answers.update(act.who for act in standing if act.source == "person")

    @property
    def card_builder(self) -> CardBuilder:
        """What makes the cards now."""
        return self._card_builder

    def refresh(self) -> bool:
        """Take up a new head or schema, if there is one, and count; whether the epoch changed."""
        notes = self.context.store.notes
        fresh = epoch_of(notes.last_model(), self.context.schema) != self._card_builder.epoch
        if fresh:
            self._card_builder = CardBuilder(self.context)
        self._count(fresh)
        return fresh

    def sync(self, who: str, request: SyncRequest) -> SyncReply:
        """Store what *who* did, keep or lease records for the client, and deal cards.

        Raises:
            StoreBusy: other writers held the database for too long; ask again.
        """
        card_builder = self._card_builder
        queue, holder = self.context.store.queue, holder_of(who, request.client)
        refused = tuple(self._take(who, holder, request.events))
        if request.leaving:
            queue.release(holder)
            return SyncReply(acked=_last(request.events), refused=refused)
        if request.release:
            queue.release(holder, request.release)
        kept = self._keep(holder, request.held)
        dealt: list[Card] = []
        if request.want:
            known = set(kept)
            tasks = queue.lease(holder, len(known) + request.want, seconds=self.lease_seconds)
            dealt = card_builder.cards([t for t in tasks if t.record_id not in known])
            if not dealt:
                self._count()  # "nothing left" must not be a second old
        return SyncReply(
            acked=_last(request.events),
            refused=refused,
            cards=tuple(dealt),
            lost=tuple(i for i in request.held if i not in kept),
            epoch=card_builder.epoch,
            left=self._left,
            batch=self._batch,
            mine=self._answers[who],
        )

    def _keep(self, holder: str, ids: Sequence[int]) -> set[int]:
        """Extend the client's leases; take up again what ran out and nobody took meanwhile."""
        if not ids:
            return set()
        queue, seconds = self.context.store.queue, self.lease_seconds
        kept = set(queue.heartbeat(holder, ids, seconds=seconds))
        expired = [i for i in ids if i not in kept]
        return kept | set(queue.hold(holder, expired, seconds=seconds)) if expired else kept

    def _take(self, who: str, holder: str, events: Sequence[ReviewEvent]) -> Iterator[RefusedEvent]:
        """Store events in their order; one that cannot be stored does not hold up the others."""
        for undo, run in groupby(events, key=lambda e: e.outcome == "undo"):
            for chunk in [[e] for e in run] if undo else [list(run)]:
                yield from self._store(who, holder, chunk)

    def _store(self, who: str, holder: str, events: list[ReviewEvent]) -> Iterator[RefusedEvent]:
        try:
            self._annotate(who, holder, events)
        except (UsageError, UnknownRecord) as problem:
            if len(events) == 1:
                yield RefusedEvent(event=events[0], problem=problem)
                return
            for event in events:
                yield from self._store(who, holder, [event])

    def _annotate(self, who: str, holder: str, events: list[ReviewEvent]) -> None:
        store = self.context.store
        acts = [_act(who, event) for event in events]
        with store.transaction():
            written = write_annotations(store, self._card_builder.schema, acts)
            undone = [a.record_id for a in written if a.outcome == "undo"]
            if undone:  # the record comes back to the one who undid it, before anyone else
                store.queue.hold(holder, undone, seconds=self.lease_seconds)
        with self._counting:
            for act in written:
                self._answers[who] += -1 if act.outcome == "undo" else 1

    def _count(self, new_batch: bool = True) -> None:
        """Count what is left, for the display: the whole queue is not counted at each request."""
        store = self.context.store
        self._left = store.queue.count()
        if self._batch and not new_batch:
            left = store.queue.count(batch=self._batch["round"])
            if left:
                self._batch = {**self._batch, "left": left}
                return
        last = store.batches.last()
        self._batch = None
        if last is not None:
            left = store.queue.count(batch=last.round)
            self._batch = {"round": last.round, "size": len(last.items), "left": left}


def holder_of(who: str, client: str) -> str:
    """Who holds a lease: one tab of one person, so that two tabs do not share a record."""
    return f"{who} ({client[:8]})"


def _last(events: Sequence[ReviewEvent]) -> int:
    return max((e.seq for e in events), default=0)


def _act(who: str, event: ReviewEvent) -> Annotation:
    return Annotation(
        record_id=event.record,
        who=who,
        source="person",
        outcome=event.outcome,
        labels=event.value,
        seconds=event.seconds,
        shown=event.shown,
        suggestion=event.suggestion,
        model_version=event.model,
        note=event.note,
        key=event.key,
    )
