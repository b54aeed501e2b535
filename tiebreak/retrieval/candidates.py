"""The part of a large pool that a batch is chosen from, found in one pass over its vectors.

Neighbours of labelled records, as in SEALS (Coleman et al., 2022, arxiv.org/abs/2007.00077) from a
few anchors a class as in AnchorAL (Lesci & Vlachos, 2024, arxiv.org/abs/2404.05623), so that rare
classes are found; a random part, so that what lies far from every label is found; and the most
uncertain of all, so that a strategy that ranks by uncertainty misses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.domain.arrays import Floats, Floats64, Positions
from tiebreak.retrieval.ranking import blocks

Rows = Callable[[int, int], Floats]
"""Vectors float32[stop - start, d] of the pool's positions [start, stop)."""
Uncertainty = Callable[[Floats], Floats64]
"""An uncertainty float64[n] for each vector, greatest first to be chosen."""
Near = Callable[[Floats, int], Positions]
"""Positions, in any shape, of so many neighbours of each vector; negative for nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolLimits:
    """How many are taken: ``neighbours`` of each anchor (fewer, if all anchors would have more than
    ``all_neighbours`` together), ``sampled`` at random, the most ``uncertain``. ``chunk`` rows are
    in memory at a time.
    """

    neighbours: int = 100
    all_neighbours: int = 20_000
    sampled: int = 10_000
    uncertain: int = 10_000
    chunk: int = 16_384

    @classmethod
    def of(cls, n: int) -> PoolLimits:
        """For a batch of *n*: twice what the default strategy looks at, and ten thousand at least.

        Near duplicates are among it, which the strategy leaves out.
        """
        width = max(10_000, 20 * n)
        return cls(sampled=width, uncertain=width)


def anchors(labels: Sequence[str], rng: np.random.Generator, per_class: int = 10) -> Positions:
    """Positions int64 of at most *per_class* of each label, drawn at random, ascending."""
    by_label: dict[str, list[int]] = {}
    for position in rng.permutation(len(labels)).tolist():
        of_label = by_label.setdefault(labels[position], [])
        if len(of_label) < per_class:
            of_label.append(position)
    return np.array(sorted(i for kept in by_label.values() for i in kept), dtype=np.int64)


def preselect(
    n: int,
    rows: Rows,
    rng: np.random.Generator,
    *,
    above: int,
    anchored: Floats,
    uncertainty: Uncertainty | None = None,
    near: Near | None = None,
    limits: PoolLimits | None = None,
) -> Positions:
    """Positions int64 of the pool to choose from, ascending; all of them up to *above* records.

    Args:
        n: size of the pool.
        rows: gives its vectors; asked for each once, in order, a chunk at a time.
        rng: draws the random part.
        above: pools up to this size are not restricted, so that the choice is the exact one.
        anchored: float32[a, d] vectors of the `anchors`.
        uncertainty: of vectors, under the head; None before the first.
        near: finds an anchor's neighbours, as a warm index can; None: all vectors are compared.
        limits: how many are taken.
    """
    if n <= above:
        return np.arange(n, dtype=np.int64)
    limits = limits or PoolLimits()
    each = max(1, min(limits.neighbours, limits.all_neighbours // max(1, len(anchored))))
    parts = [rng.choice(n, min(n, limits.sampled), replace=False)]
    best: list[_Best] = []
    if uncertainty is not None:
        best.append(_Best(lambda chunk: uncertainty(chunk)[:, None], 1, limits.uncertain))
    if near is not None and len(anchored):
        neighbours = np.ravel(near(anchored, each))
        parts.append(neighbours[neighbours >= 0])
    elif len(anchored):
        best.append(_Best(lambda chunk: chunk @ anchored.T, len(anchored), each))
    if best:
        for start, stop in blocks(n, limits.chunk):
            chunk = rows(start, stop)
            for scored in best:
                scored.take(start, chunk)
    return np.unique(np.concatenate([*parts, *(scored.positions for scored in best)]))


class _Best:
    """The *most* greatest of each column of a score, over rows that come in chunks."""

    def __init__(
        self, score: Callable[[Floats], npt.NDArray[np.floating]], columns: int, most: int
    ) -> None:
        self._score = score
        self._most = most
        self._floor = np.full(columns, -np.inf)
        self._of = np.zeros(0, dtype=np.int64)  # the column that a kept row is good for
        self._scores = np.zeros(0)
        self.positions = np.zeros(0, dtype=np.int64)

    def take(self, start: int, chunk: Floats) -> None:
        """Look at the rows from position *start* on."""
        scores = self._score(chunk)
        if len(self.positions):
            at, of = np.nonzero(scores > self._floor)
        else:  # there is no floor yet, and all would be sorted
            least = max(0, len(scores) - self._most)
            top = np.argpartition(scores, max(0, least - 1), axis=0)[least:]
            at, of = top.ravel(), np.tile(np.arange(top.shape[1]), len(top))
        of = np.concatenate([self._of, of])
        values = np.concatenate([self._scores, scores[at, of[len(self._of) :]]])
        positions = np.concatenate([self.positions, start + at])
        order = np.lexsort((positions, -values, of))
        first = np.searchsorted(of[order], np.arange(len(self._floor)))
        rank = np.arange(len(order)) - first[of[order]]
        kept = order[rank < self._most]
        self._of, self._scores, self.positions = of[kept], values[kept], positions[kept]
        full = order[rank == self._most - 1]
        self._floor[of[full]] = values[full]
