"""How far a text is from what was known: the mean cosine distance to its k nearest records.

A distance to neighbours sees what no class probability shows: a head is often sure of a text that
is like nothing it learnt from. Source: Ramaswamy, Rastogi & Shim, Efficient Algorithms for Mining
Outliers from Large Data Sets, SIGMOD 2000 (the k-th distance; the mean of all k is steadier).
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Ids, Positions
from tiebreak.domain.ports import VectorIndex
from tiebreak.errors import UsageError
from tiebreak.learner.graph import nearest

K = 10


def mean_distance(
    index: VectorIndex, vectors: Floats, k: int = K, query_ids: Ids | None = None
) -> Floats64:
    """float64[n]: the mean of 1 - cosine over the *k* nearest records of the index.

    Where the index holds fewer than *k* others, the mean is over those.

    Args:
        index: the known records.
        vectors: float32[n, d] unit vectors.
        k: how many neighbours.
        query_ids: int64[n], the record id of each query, which is not its own neighbour. Scores
            with and without it are not comparable: a record of the index has one other less.

    Raises:
        UsageError: the index holds nothing to be near to, or *k* is below 1.
    """
    _check(k, len(index) - (query_ids is not None))
    if not len(vectors):
        return np.empty(0)
    ids, cosines = index.search(vectors, k if query_ids is None else k + 1)
    there = ids >= 0
    if query_ids is not None:
        there &= ids != query_ids[:, None]
        there &= np.cumsum(there, axis=1) <= k
    distances = np.where(there, 1.0 - cosines.astype(np.float64), 0.0)
    return np.asarray(distances.sum(axis=1) / there.sum(axis=1))


def nearest_others(rows: Floats, depth: int) -> tuple[Positions, Floats]:
    """For each row its *depth* nearest other rows: positions [n, depth], cosine distances; near
    ones first. *depth* is at most n - 1."""
    _check(depth, len(rows) - 1)
    near, cosines = nearest(rows, depth)
    distances = 1.0 - cosines
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(near, order, axis=1), np.take_along_axis(distances, order, axis=1)


def _check(k: int, others: int) -> None:
    if k < 1 or others < 1:
        raise UsageError(
            f"The mean of {k!r} distances to {max(others, 0)!r} known records cannot be taken.",
            mend="Ask for 1 or more, among 1 or more.",
        )
