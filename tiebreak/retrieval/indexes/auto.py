"""Exact for as long as it is fast, then FAISS's inverted lists (benchmarks/scale/indexes.py)."""

from __future__ import annotations

from tiebreak.retrieval.faiss_index import FaissIndex

LISTS_AT = 50_000


def create(dim: int, lists_at: int = LISTS_AT) -> FaissIndex:
    """An empty index over vectors of *dim* numbers; exact below *lists_at* rows."""
    return FaissIndex(dim, lists_at)
