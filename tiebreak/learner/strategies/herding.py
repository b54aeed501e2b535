"""Herding: the records that together resemble most of the pool, or of what the model doubts in it.

Coverage of a set S: F(S) = sum_r u_r max_{s in S} k(r, s) over reference records r, with
k(z, z') = exp(-||z - z'||^2 / width) = exp(-(2 - 2 z.z') / width). F is monotone and submodular,
so that what a record adds never grows, the greedy choice reaches (1 - 1/e) of the best, and a lazy
greedy (Minoux, 1978), which looks again only at records whose old gain still leads, is exact.

S begins with what is labelled; the references are up to 3,000 records of the pool; the width is the
pool's median squared distance to the 10th neighbour. ``maxherding`` has u = 1: Bae et al.,
Generalized coverage for more robust low-budget active learning, 2407.12212; a smooth kernel where
ProbCover has a ball, whose radius it hangs on. ``uncertainty_herding`` has u = 1 - (p1 - p2), and
u = 1 without a head: Bae et al., Uncertainty herding: one active learning method for all label
budgets, 2412.20644 (ICLR 2025); here with one width for all budgets.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Positions
from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._diverse import NEAR, closest, row_chunks
from tiebreak.learner.strategies.kmeans_seeds import NO_MODEL
from tiebreak.learner.strategies.uncertainty import uncertainty

REFERENCE = 3_000
NEIGHBOUR = 10
_SAMPLE = 500
_STORED = 2**25
_BLOCK = 32


class Herding:
    """Coverage of the pool, *weighted* by the model's doubt or not: then it asks no model."""

    def __init__(self, weighted: bool) -> None:
        self.name = "uncertainty_herding" if weighted else "maxherding"
        self._weighted = weighted

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the greatest gain first."""
        if not self._weighted:
            return herd(pool, n, rng, np.ones(len(pool.vectors)), "")
        informed = pool.probabilities is not None
        why = ", each record counted by the model's doubt" if informed else f"; {NO_MODEL}"
        return herd(pool, n, rng, uncertainty(pool, "margin"), why)


def create(weighted: bool) -> Herding:
    """The strategy, for the registry."""
    return Herding(weighted)


def reference(n: int, rng: np.random.Generator) -> Positions:
    """Positions to cover: all of *n*, or `REFERENCE` of them at random."""
    if n <= REFERENCE:
        return np.arange(n, dtype=np.int64)
    return np.sort(rng.choice(n, REFERENCE, replace=False))


def kernel_width(vectors: Floats, rows: Positions) -> float:
    """The median over *rows* (the first 500) of the squared distance to the 10th neighbour.

    Not below that of a near-duplicate: where most records have ten copies, it would be 0.
    """
    k = min(NEIGHBOUR, len(vectors) - 1)
    rows = rows[:_SAMPLE]
    tenth = np.empty(len(rows), dtype=np.float32)
    for part in row_chunks(len(rows), len(vectors)):
        cosines = vectors[rows[part]] @ vectors.T
        # the record itself is the first
        tenth[part] = np.partition(cosines, -(k + 1), axis=1)[:, -(k + 1)]
    return max(float(np.median(2 - 2 * tenth)), 2 - 2 * NEAR)


class Coverage:
    """What is covered, and what a record would add.

    Args:
        vectors: float32[n, d], the pool.
        labelled: float32[m, d], what covers already.
        rows: int64[r], the positions to cover.
        weight: float32[r], their weights u.
        width: of the kernel.
    """

    def __init__(
        self, vectors: Floats, labelled: Floats, rows: Positions, weight: Floats, width: float
    ) -> None:
        self._vectors = vectors
        self._centres = vectors[rows]
        self._weight = weight
        self._width = np.float32(width)
        # exp(-inf) = 0 where nothing is labelled
        self.covered = self._kernel(closest(self._centres, labelled))
        shape = (len(vectors), len(rows))
        self._stored = np.empty(shape, dtype=np.float32) if np.prod(shape) <= _STORED else None

    def _kernel(self, cosines: Floats) -> Floats:
        cosines -= 1
        cosines *= 2 / self._width
        return np.exp(cosines, out=cosines)

    def _similar(self, at: Positions | slice) -> Floats:
        return self._kernel(self._vectors[at] @ self._centres.T)

    def all_gains(self) -> Floats:
        """`gains` of the whole pool, float32[n], in chunks."""
        out = np.empty(len(self._vectors), dtype=np.float32)
        for part in row_chunks(len(out), len(self.covered)):
            similar = self._similar(part)
            if self._stored is not None:
                self._stored[part] = similar
            out[part] = self._added(similar)
        return out

    def gains(self, at: Positions) -> Floats:
        """How much more would be covered with each of these positions, float32[len(at)]."""
        return self._added(self._similar(at) if self._stored is None else self._stored[at])

    def _added(self, similar: Floats) -> Floats:
        similar = similar - self.covered
        added: Floats = np.maximum(similar, 0, out=similar) @ self._weight
        return added

    def add(self, at: int) -> None:
        """Take a position into the covering set."""
        np.maximum(self.covered, self._similar(np.array([at]))[0], out=self.covered)

    def share(self) -> float:
        """The part of the total weight that is covered, in [0, 1]."""
        total = float(self._weight.sum())
        return float(self.covered @ self._weight) / total if total > 0 else 1.0


class LazyGreedy:
    """The greedy choice over a `Coverage`: next to come is the greatest gain, equals at random.

    Near-duplicates of a pick stand back until there is nothing else.
    """

    def __init__(self, cover: Coverage, vectors: Floats, rng: np.random.Generator) -> None:
        self._cover = cover
        self._vectors = vectors
        self._order = rng.permutation(len(vectors))
        self._bound = cover.all_gains()[self._order]
        self._fresh = np.ones(len(vectors), dtype=bool)
        self._chosen: list[int] = []
        self._near: list[int] = []

    def next(self) -> tuple[int, float]:
        """A position and its gain; the pool must not be used up."""
        at = self._top()
        if at is None:  # near-duplicates alone are left, in the order they stood back
            position, gain = self._near.pop(0), 0.0
        else:
            position, gain = int(self._order[at]), float(self._bound[at])
            self._bound[at] = -np.inf
        self._cover.add(position)
        self._chosen.append(position)
        self._fresh[:] = False
        return position, gain

    def _top(self) -> int | None:
        """The place in the order of the true greatest gain. Old gains are upper bounds."""
        size = _BLOCK
        while True:
            best = int(self._bound.argmax())
            if self._bound[best] == -np.inf:
                return None
            if self._fresh[best]:
                return best
            leading = np.argpartition(-self._bound, min(size, len(self._bound)) - 1)[:size]
            leading = leading[np.isfinite(self._bound[leading]) & ~self._fresh[leading]]
            self._refresh(np.union1d(leading, [best]))
            size *= 2

    def _refresh(self, places: Positions) -> None:
        positions = self._order[places]
        near = (self._vectors[positions] @ self._vectors[self._chosen].T > NEAR).any(axis=1)
        self._near += positions[near].tolist()
        self._bound[places[near]] = -np.inf
        self._bound[places[~near]] = self._cover.gains(positions[~near])
        self._fresh[places] = True


def herd(pool: Pool, n: int, rng: np.random.Generator, weight: Floats64, why: str) -> list[Pick]:
    """Up to *n* picks that cover the pool with weights float[n of the pool] u; *why* ends reasons.

    Memory: the kernel of n x r numbers is kept up to 128 MiB and computed anew, a few rows at a
    time, beyond.
    """
    vectors = pool.vectors
    if not len(vectors) or n <= 0:
        return []
    rows = reference(len(vectors), rng)
    cover = Coverage(
        vectors,
        pool.labelled,
        rows,
        weight[rows].astype(np.float32),
        kernel_width(vectors, rng.permutation(rows)),
    )
    greedy = LazyGreedy(cover, vectors, rng)
    before = cover.share()
    picks = []
    for _ in range(min(n, len(vectors))):
        position, _gain = greedy.next()
        after = cover.share()
        picks.append(_pick(position, before, after, why))
        before = after
    return picks


def _pick(position: int, before: float, after: float, why: str) -> Pick:
    return Pick(
        position=position,
        utilities={"coverage_gain": max(0.0, after - before), "coverage": after},
        reason=f"raises the part of the pool that something chosen resembles from {before:.1%} to "
        f"{after:.1%}{why}",
    )
