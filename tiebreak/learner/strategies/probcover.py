"""ProbCover: the records whose balls of one radius cover most of what is not covered yet.

A ball holds the records nearer than delta to its centre; those around labelled records are covered
from the start. Each pick is the record whose ball holds most uncovered ones, which are covered from
then on: the greedy choice reaches (1 - 1/e) of the best. Delta is the greatest radius at which the
balls of 95 % of the records are pure, that is, hold no record of another k-means cell (as many
cells as labels). Source: Yehuda et al., Active learning through a covering lens, 2205.11320.

A record's ball stays pure up to its nearest record of another cell, so delta needs no search: it is
the 5 % quantile of these distances. Of a pool above `MAX_CENTRES` a part is drawn at random.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiebreak.domain.arrays import Floats, Positions
from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._diverse import (
    NEAR,
    Apart,
    closest,
    distinct,
    first_of_best,
    row_chunks,
    with_rest,
)
from tiebreak.learner.strategies._kmeans import cluster

PURITY = 0.95
MAX_CENTRES = 6_000
"""Records whose balls are drawn: 4.5 MB of bits."""

Bits = npt.NDArray[np.uint8]

_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)
"""How many bits of each byte are set (`numpy.bitwise_count` came with NumPy 2)."""


class ProbCover:
    """Coverage by balls. It asks no model; once all is covered, the rest is drawn by lot."""

    name = "probcover"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the greatest gain first."""
        total = len(pool.vectors)
        if not total or n <= 0:
            return []
        at = np.sort(rng.choice(total, min(total, MAX_CENTRES), replace=False))
        rows = pool.vectors[at]
        of = cluster(rows, pool.n_classes, rng, beside=pool.labelled, quick=True).of
        covered = Cover(rows, pool.labelled, radius(rows, of))
        picks = [_pick(covered, int(at[i]), gain) for i, gain in covered.greedy(n, rng)]
        order = with_rest([pick.position for pick in picks], rng.permutation(total))
        filled, _ = distinct(pool.vectors, order, n)
        return picks + [
            Pick(position=i, utilities={}, reason="all is covered; drawn by lot")
            for i in filled[len(picks) :].tolist()
        ]


def radius(vectors: Floats, of: Positions) -> float:
    """The cosine beyond which records are in a ball, for the greatest radius that is pure enough.

    Never above that of near-duplicates, which a ball always holds; -inf where no ball can be
    impure. ``of`` int64[n] is each record's cell.
    """
    rival = np.full(len(vectors), -np.inf, dtype=np.float32)
    for part in row_chunks(len(vectors), len(vectors)):
        cosines = vectors[part] @ vectors.T
        cosines[of[part, None] == of] = -np.inf
        rival[part] = cosines.max(axis=1)
    impure = int((1 - PURITY) * len(vectors) + 1e-9)  # so many balls may be
    return min(float(np.sort(rival)[::-1][impure]), NEAR)


class Cover:
    """Which records are in whose ball, a bit each, and which are covered.

    Args:
        vectors: float32[n, d], the records to choose from and to cover.
        labelled: float32[m, d], whose balls cover already.
        beyond: the cosine of `radius`.
    """

    def __init__(self, vectors: Floats, labelled: Floats, beyond: float) -> None:
        self._vectors = vectors
        size = len(vectors)
        self.distance = float(np.sqrt(2 - 2 * max(beyond, -1.0)))
        self._balls = np.empty((size, -(-size // 8)), dtype=np.uint8)
        for part in row_chunks(size, size):
            ball = vectors[part] @ vectors.T > beyond
            rows = np.arange(size)[part]
            ball[np.arange(len(rows)), rows] = True  # whatever rounding says of a record's own
            self._balls[part] = np.packbits(ball, axis=1)
        near = closest(vectors, labelled) > beyond if len(labelled) else np.zeros(size, dtype=bool)
        self._open = np.packbits(~near)
        self._size = size

    def greedy(self, n: int, rng: np.random.Generator) -> list[tuple[int, int]]:
        """Up to *n* positions with what each newly covers, until all is covered.

        Equals come at random; near-duplicates of a pick are passed over.
        """
        rank = rng.permutation(self._size)
        apart = Apart(self._size)
        picks: list[tuple[int, int]] = []
        while len(picks) < n and self._open.any():
            gains = _ONES[self._balls & self._open].sum(axis=1, dtype=np.int64)
            best = first_of_best(gains, apart.open(), rank)
            picks.append((best, int(gains[best])))
            self._open &= ~self._balls[best]
            apart.take(best, self._vectors @ self._vectors[best])
        return picks


def _pick(cover: Cover, position: int, gain: int) -> Pick:
    return Pick(
        position=position,
        utilities={"newly_covered": float(gain), "radius": cover.distance},
        reason=f"{gain} records are within {cover.distance:.2f} of it and of nothing that is "
        "labelled or chosen",
    )


def create() -> ProbCover:
    """The strategy, for the registry."""
    return ProbCover()
