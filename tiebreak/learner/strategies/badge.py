"""BADGE: k-means++ over the gradients that the model's own guesses would give its last layer.

The gradient of record x for its guessed label y is g_x = (p_x - e_y) (x) z_x, an outer product of
k by d numbers. It is never built: <g_x, g_c> = <a_x, a_c> <z_x, z_c> with a = p - e_y, and
||g_x - g_c||^2 = ||a_x||^2 ||z_x||^2 + ||a_c||^2 ||z_c||^2 - 2 <a_x, a_c> <z_x, z_c>. The first
pick has the longest gradient; each further one is drawn with a chance in proportion to its
squared distance to the nearest pick. Where any number of labels may apply, e_y is the set of
labels from one half on, the gradient of the sum of binary losses. Source: Ash et al., Deep batch
active learning by diverse, uncertain gradient lower bounds, 1906.03671.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.arrays import Flags, Floats, Floats64
from tiebreak.domain.label_space import label_space
from tiebreak.domain.ports import Pick, Pool
from tiebreak.domain.uncertainty import GuessErrors
from tiebreak.learner.strategies._diverse import Apart, first_of_best
from tiebreak.learner.strategies.kmeans_seeds import NO_MODEL, seeds


class Gradients:
    """The gradients of float32[n, d] as products of factors, by the ``errors`` of the guesses."""

    def __init__(self, vectors: Floats, errors: GuessErrors) -> None:
        self._vectors, self._errors = vectors, errors
        lengths = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
        self.squares: Floats64 = errors.squares * lengths

    def distances(self, at: int) -> tuple[Floats64, Floats]:
        """Squared distance of every gradient to that of *at*, float64[n], and the vectors'
        cosine to it, float32[n]. Two products of a matrix with a vector: O(n (k + d))."""
        cosines = self._vectors @ self._vectors[at]
        squared = self.squares + self.squares[at] - 2 * self._errors.products(at) * cosines
        squared[at] = 0.0
        return np.maximum(squared, 0.0), cosines


class Badge:
    """k-means++ draws over `Gradients`. No head: k-means seeds."""

    name = "badge"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks in the order drawn."""
        if pool.probabilities is None:
            return seeds(NO_MODEL, pool, n, rng)
        size = len(pool.vectors)
        if not size:
            return []
        gradients = Gradients(pool.vectors, label_space(pool).errors(pool.probabilities))
        rank = rng.permutation(size)
        apart = Apart(size)
        gap = np.full(size, np.inf)
        picks: list[Pick] = []
        for _ in range(min(n, size)):
            free = apart.open()
            position = (
                _draw(gap, free, rng) if picks else first_of_best(gradients.squares, free, rank)
            )
            picks.append(_pick(position, gradients.squares[position], gap[position]))
            squared, cosines = gradients.distances(position)
            np.minimum(gap, squared, out=gap)
            apart.take(position, cosines)
        return picks


def _draw(gap: Floats64, free: Flags, rng: np.random.Generator) -> int:
    """An open position by a chance in proportion to *gap*; where all are 0, at random."""
    at = np.flatnonzero(free)
    heap = np.cumsum(gap[at])
    if heap[-1] <= 0:
        return int(rng.choice(at))
    return int(at[min(np.searchsorted(heap, rng.random() * heap[-1], "right"), len(at) - 1)])


def _pick(position: int, square: float, gap: float) -> Pick:
    length = float(np.sqrt(square))
    why = f"its label would move the model far (gradient {length:.2f})"
    if gap == np.inf:
        return Pick(
            position=position,
            utilities={"gradient": length},
            reason=f"{why}, farther than any other's",
        )
    distance = float(np.sqrt(gap))
    return Pick(
        position=position,
        utilities={"gradient": length, "distance": distance},
        reason=f"{why}, and elsewhere than the others of this batch (distance {distance:.2f})",
    )


def create() -> Badge:
    """The strategy, for the registry."""
    return Badge()
