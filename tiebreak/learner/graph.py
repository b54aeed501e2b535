"""A nearest-neighbour graph over unit vectors, and labels spread over it.

Source: Zhou et al., "Learning with Local and Global Consistency", NIPS 2003: F ← α S F + (1 − α) Y
with S = D^(−1/2) W D^(−1/2). Weights exp((cos − 1) / τ) between each row and its k nearest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Positions

NEIGHBOURS = 15
WIDTH = 0.1
"""τ: a neighbour at cosine .9 weighs 1/e of one that is equal."""

ALPHA = 0.9
STEPS = 30
_CELLS = 6_000_000
"""Cosines in memory at a time."""


def nearest(vectors: Floats, k: int) -> tuple[Positions, Floats]:
    """Positions int64[n, k] and cosines float32[n, k] of each row's k nearest others, unordered.

    Exact, in chunks of ``_CELLS``. The diagonal is left out; *k* is cut to n - 1.
    """
    n = len(vectors)
    k = max(0, min(k, n - 1))
    nearest_rows = np.empty((n, k), dtype=np.int64)
    cosines = np.empty((n, k), dtype=np.float32)
    step = max(1, _CELLS // max(n, 1))
    for start in range(0, n if k else 0, step):
        stop = min(start + step, n)
        near = vectors[start:stop] @ vectors.T
        near[np.arange(stop - start), np.arange(start, stop)] = -np.inf
        best = np.argpartition(near, n - k, axis=1)[:, n - k :]
        nearest_rows[start:stop] = best
        cosines[start:stop] = np.take_along_axis(near, best, axis=1)
    return nearest_rows, cosines


def affinity(vectors: Floats, k: int = NEIGHBOURS) -> Any:
    """S as a SciPy CSR matrix float32[n, n]: symmetric, eigenvalues within [-1, 1].

    A row without neighbours (n = 1) has an empty row.
    """
    from scipy.sparse import csr_matrix, diags

    n = len(vectors)
    near, cosines = nearest(vectors, k)
    width = near.shape[1]
    weights = np.exp((cosines - 1.0) / WIDTH).astype(np.float32)
    rows = np.arange(n + 1) * width
    directed = csr_matrix((weights.ravel(), near.ravel(), rows), shape=(n, n))
    both = (directed + directed.T) * np.float32(0.5)
    degree = np.asarray(both.sum(axis=1)).ravel()
    scale = np.where(degree > 0, 1.0 / np.sqrt(np.maximum(degree, 1e-30)), 0.0).astype(np.float32)
    return (diags(scale) @ both @ diags(scale)).tocsr()


def spread_labels(
    graph: Any,
    known: Positions,
    targets: Positions,
    n_classes: int,
    mark: Floats64 | None = None,
) -> Floats:
    """Label mass float32[n, n_classes], rows normalised to sum 1 (uniform where none arrived).

    Args:
        graph: from `affinity`.
        known: positions of the labelled rows.
        targets: their classes.
        n_classes: columns of the result.
        mark: the mass that each of them starts with; 1 by default.
    """
    start = np.zeros((graph.shape[0], n_classes), dtype=np.float32)
    start[known, targets] = 1.0 if mark is None else mark
    mass = start.copy()
    for _ in range(STEPS):
        mass = np.float32(ALPHA) * (graph @ mass) + np.float32(1 - ALPHA) * start
    mass += np.float32(1e-6)
    return np.asarray(mass / mass.sum(axis=1, keepdims=True), dtype=np.float32)
