"""Records: the items to label, and the columns of them that a whole project can be held in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tiebreak.domain.arrays import Flags, Hashes, Ids
from tiebreak.domain.labels import LabelValue

HELD_OUT_SPLITS = frozenset({"test", "val", "dev"})
"""Splits that only measure: never labelled, selected, shown as neighbours or trained on."""


def content_hash(text: str) -> str:
    """SHA-256 (hex) of the text as UTF-8: the key of its vector and of exact duplicates."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRecord:
    """A record on its way in. ``labels`` is what the file said, already checked, or None."""

    source: str
    external_id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    split: str | None = None
    heldout: bool = False
    labels: LabelValue | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One item to label; unique by (source, external_id). ``id`` is the store's own number."""

    id: int
    source: str
    external_id: str
    text: str
    content_hash: str
    metadata: Mapping[str, Any]
    split: str | None
    heldout: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A duplicate: ``record_id`` says the same as the earlier ``of_id``."""

    record_id: int
    of_id: int
    kind: str  # "exact" | "near"
    similarity: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordTable:
    """Every record's bare columns, in id order: what selection needs of a million records.

    ``ids`` int64[n]; ``heldout`` bool[n]; ``hashes`` content hashes as raw bytes, S32[n]
    (numpy strips trailing NULs of S32, so they are kept as void ``V32``).
    """

    ids: Ids
    heldout: Flags
    hashes: Hashes

    @property
    def pool(self) -> Ids:
        """Ids of the records that may be labelled."""
        return self.ids[~self.heldout]
