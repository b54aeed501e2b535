"""Exact up to some thousand rows, then FAISS's small-world graph."""

from __future__ import annotations

from tiebreak.retrieval.indexes._growing import GrowingIndex
from tiebreak.retrieval.indexes._hnsw import HnswIndex
from tiebreak.retrieval.indexes.faiss_flat import FaissFlatIndex

GRAPH_AT = 10_000


def create(dim: int, graph_at: int = GRAPH_AT) -> GrowingIndex:
    """An empty index over vectors of *dim* numbers; exact below *graph_at* rows."""
    return GrowingIndex(
        dim, [(0, lambda _: FaissFlatIndex(dim)), (graph_at, lambda _: HnswIndex(dim))]
    )
