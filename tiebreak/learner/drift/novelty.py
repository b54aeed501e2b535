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
_CELLS = 1 << 23  # of a product of two blocks held at once: 32 MB


def mean_distance(
    index: VectorIndex, vectors: Floats, k: int = K, own: Ids | None = None
) -> Floats64:
    """float64[n]: the mean of 1 - cosine over the *k* nearest records of the index.

    Where the index holds fewer than *k* others, the mean is over those.

    Args:
        index: the known records.
        vectors: float32[n, d] unit vectors.
        k: how many neighbours.
        own: int64[n], the record id of each query, which is not its own neighbour. Floats64 with
            and without it are not comparable: a record that is in the index has one other less.

    Raises:
        UsageError: the index holds nothing to be near to, or *k* is below 1.
    """
    _check(k, len(index) - (own is not None))
    if not len(vectors):
        return np.empty(0)
    ids, cosines = index.search(vectors, k if own is None else k + 1)
    there = ids >= 0
    if own is not None:
        there &= ids != own[:, None]
        there &= np.cumsum(there, axis=1) <= k
    distances = np.where(there, 1.0 - cosines.astype(np.float64), 0.0)
    return np.asarray(distances.sum(axis=1) / there.sum(axis=1))


def mean_distance_to(known: Floats, vectors: Floats, k: int = K) -> Floats64:
    """float64[n]: as `mean_distance`, to the rows of float32[m, d], without an index."""
    _check(k, len(known))
    k = min(k, len(known))
    out = np.empty(len(vectors))
    step = max(1, _CELLS // len(known))
    for start in range(0, len(vectors), step):
        cosines = vectors[start : start + step] @ known.T
        near = np.partition(cosines, -k, axis=1)[:, -k:]
        out[start : start + step] = 1.0 - near.astype(np.float64).mean(axis=1)
    return out


def nearest_others(rows: Floats, depth: int) -> tuple[Positions, Floats]:
    """For each row its *depth* nearest other rows: positions [n, depth], cosine distances; near
    ones first. *depth* is at most n - 1."""
    _check(depth, len(rows) - 1)
    found, cosines = nearest(rows, depth)
    distances = 1.0 - cosines
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(distances, order, axis=1)


def _check(k: int, others: int) -> None:
    if k < 1 or others < 1:
        raise UsageError(
            f"The mean of {k!r} distances to {max(others, 0)!r} known records cannot be taken.",
            mend="Ask for 1 or more, among 1 or more.",
        )
