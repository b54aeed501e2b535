"""k-means on unit vectors: the cells, and the record in the middle of each."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Floats, Positions
from tiebreak.learner._threads import one_thread

FIT_ROWS = 50_000
"""The centres are learnt from at most so many records, by lot; all are then assigned to them."""
_CHUNK = 1024
_QUICK_STEPS = 10
_QUICK_ROWS = 6


@dataclass(frozen=True, slots=True)
class Clusters:
    """k-means cells: ``medoids`` int64[c], the row nearest to each centre; ``sizes`` int64[c], rows
    per cell; ``centres`` float32[c, d]; ``of`` int64[n], each row's cell. Empty cells are left
    out."""

    medoids: Positions
    sizes: Positions
    centres: Floats
    of: Positions


def cluster(
    vectors: Floats,
    k: int,
    rng: np.random.Generator,
    *,
    beside: Floats | None = None,
    quick: bool = False,
) -> Clusters:
    """k-means (one start, k-means++) of float32[n, d] into at most *k* cells.

    Args:
        vectors: the rows to part.
        k: cells, at most.
        rng: draws the start.
        beside: float32[m, d], rows that pull the centres too, but are in no cell.
        quick: start from a sample and stop after 10 steps, for hundreds of cells.

    Source: Arthur & Vassilvitskii, k-means++, 2007; scikit-learn's Lloyd, on one thread.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    seed = int(rng.integers(2**31 - 1))
    sample = vectors
    if len(vectors) > FIT_ROWS:
        sample = vectors[np.sort(rng.choice(len(vectors), FIT_ROWS, replace=False))]
    if beside is not None:
        sample = np.concatenate([sample, beside])
    k = min(k, len(sample))
    model = KMeans(k, n_init=1, random_state=seed)
    if quick:
        start = _start(sample, k, seed, rng)
        model = KMeans(k, init=start, n_init=1, max_iter=_QUICK_STEPS, random_state=seed)
    with warnings.catch_warnings(), one_thread():
        # fewer distinct records than cells: the cells left empty are dropped below
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(sample)
        of, near = assign_clusters(vectors, model.cluster_centers_)
    order = np.lexsort((near, of))
    used, first, sizes = np.unique(of[order], return_index=True, return_counts=True)
    number = np.empty(len(model.cluster_centers_), dtype=np.int64)
    number[used] = np.arange(len(used))
    return Clusters(
        medoids=order[first],
        sizes=sizes.astype(np.int64),
        centres=model.cluster_centers_[used],
        of=number[of],
    )


def _start(sample: Floats, k: int, seed: int, rng: np.random.Generator) -> Floats:
    """k-means++ without repeated tries, over a few rows a cell: float32[k, d]."""
    from sklearn.cluster import kmeans_plusplus

    few = min(len(sample), _QUICK_ROWS * k)
    rows = sample[np.sort(rng.choice(len(sample), few, replace=False))]
    centres: Floats = kmeans_plusplus(rows, k, random_state=seed, n_local_trials=1)[0]
    return centres


def assign_clusters(vectors: Floats, centres: Floats) -> tuple[Positions, Floats]:
    """The nearest centre of each row, int64[n], and the squared distance to it, float32[n].

    In chunks, so that a million rows by a thousand centres fit in memory.
    """
    of = np.empty(len(vectors), dtype=np.int64)
    near = np.empty(len(vectors), dtype=np.float32)
    norms = np.einsum("kd,kd->k", centres, centres)
    for start in range(0, len(vectors), _CHUNK):
        rows = slice(start, start + _CHUNK)
        gap = norms - 2 * (vectors[rows] @ centres.T)  # the row's own norm does not matter
        of[rows] = gap.argmin(axis=1)
        near[rows] = gap.min(axis=1) + np.einsum("nd,nd->n", vectors[rows], vectors[rows])
    return of, near
