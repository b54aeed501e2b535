"""k-center: each pick is the record farthest from everything labelled or picked (core-set).

argmax_x min_{c in L + picks} ||x - c||^2, with ||x - c||^2 = 2 - 2 cos on unit vectors. The
greatest distance left over is at most twice the least that any choice of as many could reach.
Source: Gonzalez, 1985; Sener & Savarese, Active learning for convolutional neural networks: a
core-set approach, 1708.00489. It goes for outliers: at ten labels a class on BANKING77 .80, random
choice .83.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._diverse import Apart, closest, first_of_best


class KCenter:
    """Farthest first. It asks no model; with nothing labelled, the first pick is by lot."""

    name = "k_center"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the farthest first. One product of the pool with a vector per pick."""
        vectors = pool.vectors
        rank = rng.permutation(len(vectors))
        nearest = closest(vectors, pool.labelled)
        apart = Apart(len(vectors))
        picks = []
        for _ in range(min(n, len(vectors))):
            position = first_of_best(-nearest, apart.open(), rank)
            picks.append(_pick(position, float(nearest[position])))
            cosines = vectors @ vectors[position]
            np.maximum(nearest, cosines, out=nearest)
            apart.take(position, cosines)
        return picks


def _pick(position: int, cosine: float) -> Pick:
    if cosine == -np.inf:
        return Pick(position=position, utilities={}, reason="drawn by lot, to start from")
    return Pick(
        position=position,
        utilities={"distance": float(np.sqrt(max(0.0, 2 - 2 * cosine)))},
        reason="farthest from everything labelled or chosen so far "
        f"(cosine {cosine:.2f} to the nearest)",
    )


def create() -> KCenter:
    """The strategy, for the registry."""
    return KCenter()
