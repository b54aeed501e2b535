"""The append-only logs of a store: suggestions, annotations, decisions, routes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from tiebreak.domain.decisions import Decision, Route
from tiebreak.domain.reviews import Annotation

T = TypeVar("T")


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
    """The annotation log. An item whose ``key`` is already stored is skipped by ``append``.

    What people do is theirs: ``append`` refuses the whole call with a `UsageError` if it holds an
    undo while another's act stands for the record, or nothing does (by
    `tiebreak.domain.reviews.standing`). No other writer can come in between.
    """

    def histories(self, ids: Sequence[int] | None = None) -> dict[int, list[Annotation]]:
        """Every act of each record (of these ids, or of all) that has any, by seq."""
        ...

    def standing(self, ids: Sequence[int] | None = None) -> dict[int, Annotation]:
        """The annotation in force per record, by `tiebreak.domain.reviews.standing`."""
        ...


class Decisions(Log[Decision], Protocol):
    """The decision log. ``append`` drops what `may_replace` forbids, and what changes nothing
    (same ``by`` and ``labels`` as the record's latest)."""


class Routes(Log[Route], Protocol):
    """The routing log. ``append`` drops an item that says what the record's latest one says
    (same outcome, reason, labels, agent_labels, model_label)."""
