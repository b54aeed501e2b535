"""Exact up to some thousand rows, then FAISS's inverted lists, trained on what is there by then."""

from __future__ import annotations

from functools import partial

from tiebreak.retrieval.indexes._growing import GrowingIndex
from tiebreak.retrieval.indexes._ivf import IvfIndex
from tiebreak.retrieval.indexes.faiss_flat import FaissFlatIndex

TRAIN_AT = 10_000


def create(dim: int, train_at: int = TRAIN_AT) -> GrowingIndex:
    """An empty index over vectors of *dim* numbers; exact below *train_at* rows."""
    return GrowingIndex(
        dim, [(0, lambda _: FaissFlatIndex(dim)), (train_at, partial(IvfIndex, dim))]
    )
