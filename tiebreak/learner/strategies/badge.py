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
import numpy.typing as npt

from tiebreak.domain.evidence import THRESHOLD
from tiebreak.domain.ports import Floats, Pick, Pool
from tiebreak.learner.strategies._cold import NO_MODEL, seeds
from tiebreak.learner.strategies._diverse import Apart, first_of_best

Numbers = npt.NDArray[np.float64]


class Gradients:
    """The gradients of float32[n, d] under probabilities float64[n, k], as products of factors."""

    def __init__(self, vectors: Floats, p: Numbers) -> None:
        self._vectors = vectors
        self._p = p
        self._guess = p.argmax(axis=1)
        best = p[np.arange(len(p)), self._guess]
        lengths = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
        # ||p - e_y||^2 = ||p||^2 - 2 p_y + 1
        errors = np.maximum(0.0, np.einsum("nk,nk->n", p, p) - 2 * best + 1)
        self.squares: Numbers = errors * lengths

    def distances(self, at: int) -> tuple[Numbers, Floats]:
        """Squared distance of every gradient to that of *at*, float64[n], and the vectors'
        cosine to it, float32[n]. Two products of a matrix with a vector: O(n (k + d))."""
        cosines = self._vectors @ self._vectors[at]
        y, p = self._guess[at], self._p[at]
        errors = self._p @ p - self._p[:, y] - p[self._guess] + (self._guess == y)
        squared = self.squares + self.squares[at] - 2 * errors * cosines
        squared[at] = 0.0
        return np.maximum(squared, 0.0), cosines


class SetGradients(Gradients):
    """Those of label sets: the error of each label, p_l - [p_l >= 1/2], is kept whole."""

    def __init__(self, vectors: Floats, p: Numbers) -> None:
        self._vectors = vectors
        self._errors = p - (p >= THRESHOLD)
        lengths = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
        self.squares = np.einsum("nk,nk->n", self._errors, self._errors) * lengths

    def distances(self, at: int) -> tuple[Numbers, Floats]:
        """As for single labels."""
        cosines = self._vectors @ self._vectors[at]
        squared = self.squares + self.squares[at] - 2 * (self._errors @ self._errors[at]) * cosines
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
        kind = SetGradients if pool.multiple else Gradients
        gradients = kind(pool.vectors, pool.probabilities)
        lot = rng.permutation(size)
        apart = Apart(size)
        gap = np.full(size, np.inf)
        picks: list[Pick] = []
        for _ in range(min(n, size)):
            free = apart.open()
            position = (
                _draw(gap, free, rng) if picks else first_of_best(gradients.squares, free, lot)
            )
            picks.append(_pick(position, gradients.squares[position], gap[position]))
            squared, cosines = gradients.distances(position)
            np.minimum(gap, squared, out=gap)
            apart.take(position, cosines)
        return picks


def _draw(gap: Numbers, free: npt.NDArray[np.bool_], rng: np.random.Generator) -> int:
    """An open position by a chance in proportion to *gap*; where all are 0, by lot."""
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
