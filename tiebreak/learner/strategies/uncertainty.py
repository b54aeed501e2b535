"""Uncertainty sampling: the records that the model is least sure of, by one of three measures.

``margin``: the records whose two best labels the model can least tell apart (Scheffer et al.,
Active Hidden Markov Models, 2001; Is margin all you need?, 2210.03822). ``least_confidence``: whose
best label it believes in least (Lewis & Gale, A sequential algorithm for training text classifiers,
1994); on BANKING77 below margin, since the rest of the distribution is left out. ``entropy``: over
which its probabilities are spread widest (Settles & Craven, An analysis of active learning
strategies for sequence labeling tasks, 2008). With many labels the tail of small probabilities
outweighs the one question that matters, which of two labels: on BANKING77 it is below margin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Floats64, Positions
from tiebreak.domain.label_space import label_space
from tiebreak.domain.ports import Pick, Pool
from tiebreak.domain.uncertainty import MeasureName, Utility
from tiebreak.errors import UsageError
from tiebreak.learner.strategies._diverse import distinct

_CHUNK = 16_384


class UncertaintySampling:
    """The top of the pool by a measure, without near-duplicates in one batch; no head: at random.

    ``name`` is the measure's.
    """

    def __init__(self, measure: MeasureName) -> None:
        self.name: str = measure
        self._measure: MeasureName = measure

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the most doubtful first."""
        ranking = by_uncertainty(pool, self._measure, rng)
        chosen, _ = distinct(pool.vectors, ranking.order, n)
        return [ranking.pick(i) for i in chosen.tolist()]


def create(measure: MeasureName) -> UncertaintySampling:
    """The strategy, for the registry."""
    return UncertaintySampling(measure)


def uncertainty(pool: Pool, measure: MeasureName) -> Floats64:
    """A measure of each record, float64[n]; without a head, 1 for all.

    In chunks: a million records by a hundred labels are never copied whole.
    """
    p = pool.probabilities
    if p is None:
        return np.ones(len(pool.vectors))
    if len(p) != len(pool.vectors):
        raise UsageError(
            f"{len(pool.vectors)} records came with {len(p)} rows of probabilities.",
            mend="Give one row for each.",
        )
    of, out = label_space(pool).uncertainty[measure].of, np.empty(len(p))
    for start in range(0, len(p), _CHUNK):
        out[start : start + _CHUNK] = of(p[start : start + _CHUNK])
    return out


@dataclass(frozen=True, slots=True)
class Ranking:
    """A pool by a utility: ``utility`` float64[n]; ``order`` int64[n], greatest first, ties at
    random; ``rank`` int64[n], from 1, of each position; ``measure``: what the utility is;
    ``informed``: there was something to rank by."""

    utility: Floats64
    order: Positions
    rank: Positions
    measure: Utility
    informed: bool = True

    def pick(self, position: int, *, place: str = "", **utilities: float) -> Pick:
        """The pick of a position, with its doubt, *place* in words and further numbers."""
        rank = int(self.rank[position])
        utility = float(self.utility[position])
        why = (
            f"{self.measure.words(utility)}, number {rank} of {len(self.rank)} by {self.measure.by}"
            if self.informed
            else "there is no model yet to ask"
        )
        return Pick(
            position=position,
            utilities={self.measure.name: utility, "rank": float(rank), **utilities},
            reason=f"{why}; {place}" if place else why,
        )


def ranked(
    utility: Floats64,
    measure: Utility,
    rng: np.random.Generator,
    *,
    informed: bool = True,
    then: Floats64 | None = None,
) -> Ranking:
    """The `Ranking` of a utility float64[n]; ties by *then* (most first), and those at random."""
    shuffled = rng.permutation(len(utility))
    keys = [-utility[shuffled]] if then is None else [-then[shuffled], -utility[shuffled]]
    order = shuffled[np.lexsort(keys)]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return Ranking(utility, order, rank, measure, informed)


def by_uncertainty(pool: Pool, measure: MeasureName, rng: np.random.Generator) -> Ranking:
    """Rank *pool* by a measure."""
    described = label_space(pool).uncertainty[measure]
    informed = pool.probabilities is not None
    return ranked(uncertainty(pool, measure), described, rng, informed=informed)
