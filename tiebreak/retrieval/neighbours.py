"""Labelled neighbours: the similar records whose human label may be shown with a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from tiebreak.domain.arrays import Floats, Ids
from tiebreak.domain.ports import VectorIndex

LEAK = 0.98
"""A neighbour above this cosine says the same as the record: its label would be the answer."""

_SPARE = 16


def nearest_labelled(
    index: VectorIndex,
    vectors: Floats,
    k: int,
    *,
    query_ids: Ids | None = None,
    leak: float = LEAK,
    labels: Mapping[int, str] | None = None,
    per_class: int | None = None,
) -> list[list[tuple[int, float]]]:
    """For each query up to *k* (record id, cosine), best first, ties by id.

    Args:
        index: holds labelled pool records and nothing else; what is held out is kept out by that.
        vectors: float32[m, d] of the queries.
        query_ids: int64[m], the record id of each query, which is never its own neighbour.
        leak: neighbours with a cosine above this are left out.
        labels: label by record id; needed for *per_class*.
        per_class: at most so many neighbours of one label; None for no limit.
    """
    chosen: list[list[tuple[int, float]]] = [[] for _ in range(len(vectors))]
    todo = np.arange(len(vectors))
    depth = k + _SPARE
    while len(todo) and len(index) and k > 0:
        nearest, cosines = index.search(vectors[todo], min(depth, len(index)))
        for at, ids, near in zip(todo, nearest, cosines, strict=True):
            fit = (ids >= 0) & (near <= leak)
            if query_ids is not None:
                fit &= ids != query_ids[at]
            pairs = zip(ids[fit].tolist(), near[fit].tolist(), strict=True)
            chosen[at] = _first(list(pairs), k, labels, per_class)
        if depth >= len(index):
            break
        todo = np.array([at for at in todo if len(chosen[at]) < k], dtype=np.int64)
        depth *= 4
    return chosen


def _first(
    pairs: list[tuple[int, float]],
    k: int,
    labels: Mapping[int, str] | None,
    per_class: int | None,
) -> list[tuple[int, float]]:
    if labels is None or per_class is None:
        return pairs[:k]
    taken: Counter[str] = Counter()
    kept: list[tuple[int, float]] = []
    for record_id, cosine in pairs:
        if taken[labels[record_id]] < per_class and len(kept) < k:
            taken[labels[record_id]] += 1
            kept.append((record_id, cosine))
    return kept
