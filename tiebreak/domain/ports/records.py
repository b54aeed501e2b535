"""The part of a store that keeps records, their duplicates and their sealed labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tiebreak.domain.labels import LabelValue
from tiebreak.domain.records import Link, NewRecord, Record, RecordTable


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

    def heldout(self, ids: Sequence[int]) -> set[int]:
        """Which of these records are held out (no text is read); an unknown id: `StoreError`."""
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
