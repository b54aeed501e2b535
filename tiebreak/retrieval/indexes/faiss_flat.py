"""Exact search with FAISS at every size."""

from __future__ import annotations

from tiebreak.retrieval.faiss_index import FaissIndex


def create(dim: int) -> FaissIndex:
    """An empty index over vectors of *dim* numbers."""
    return FaissIndex(dim)
