"""The kind of index that fits the number of rows: exact, then inverted lists, then a graph.

A graph answers fastest and takes by far the longest to build, so it comes last: where lists have
grown so long that each search feels it (benchmarks/scale/indexes.py).
"""

from __future__ import annotations

from functools import partial

from tiebreak.retrieval.indexes._growing import GrowingIndex
from tiebreak.retrieval.indexes._hnsw import HnswIndex
from tiebreak.retrieval.indexes._ivf import IvfIndex
from tiebreak.retrieval.indexes.faiss_flat import FaissFlatIndex

LISTS_AT = 50_000
GRAPH_AT = 2_000_000


def create(dim: int, lists_at: int = LISTS_AT, graph_at: int = GRAPH_AT) -> GrowingIndex:
    """An empty index over vectors of *dim* numbers; it changes kind at these numbers of rows."""
    return GrowingIndex(
        dim,
        [
            (0, lambda _: FaissFlatIndex(dim)),
            (lists_at, partial(IvfIndex, dim)),
            (graph_at, lambda _: HnswIndex(dim)),
        ],
    )
