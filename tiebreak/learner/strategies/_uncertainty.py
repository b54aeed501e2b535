"""Rank a pool by the model's doubt, and say it of a pick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Pick, Pool
from tiebreak.errors import UsageError
from tiebreak.learner.strategies._diverse import distinct

_CHUNK = 16_384

Doubts = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Utility:
    """How a utility is told: its ``name`` among a pick's numbers, ``words`` for one value, and
    what it ranks ``by``."""

    name: str
    words: Callable[[float], str]
    by: str


@dataclass(frozen=True, slots=True)
class Measure(Utility):
    """A measure of doubt, with the formula ``of`` float64[n, k] probabilities for float64[n]."""

    of: Callable[[Matrix], Doubts]


NEAR_TIE = 0.5
"""From this margin on a batch is not of torn records any more: the pool has few left."""


def _margin(p: Matrix) -> Doubts:
    best = np.partition(p, -2, axis=1)[:, -2:]
    return np.asarray(1.0 - (best[:, 1] - best[:, 0]))


def _entropy(p: Matrix) -> Doubts:
    # a class never seen has p = 0 and adds nothing
    return np.asarray(-(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1))


def _torn(utility: float) -> str:
    margin = 1 - utility
    torn = "is torn between two labels" if margin < NEAR_TIE else "leans to one label"
    return f"the model {torn} (margin {margin:.2f})"


MARGIN = Measure(
    "margin_utility",
    _torn,
    "doubt",
    _margin,
)
"""1 - (p1 - p2), in [0, 1]. Source: Scheffer et al., 2001."""
LEAST_CONFIDENCE = Measure(
    "least_confidence",
    lambda u: f"the model gives even its best label a probability of only {1 - u:.2f}",
    "doubt",
    lambda p: np.asarray(1.0 - p.max(axis=1)),
)
"""1 - p1, in [0, 1 - 1/k]. Source: Lewis & Gale, 1994; Culotta & McCallum, 2005."""
ENTROPY = Measure(
    "entropy",
    lambda u: f"the model wavers as between {np.exp(u):.1f} equal labels (entropy {u:.2f})",
    "doubt",
    _entropy,
)
"""-sum p ln p, in nats. Source: Shannon, 1948; for queries Settles & Craven, 2008."""


def for_pool(pool: Pool, measure: Measure) -> Measure:
    """The measure itself, or where any number of labels may apply the one of its name for that."""
    if not pool.multiple:
        return measure
    from tiebreak.learner.strategies import _uncertainty_sets as sets

    of_sets = (sets.MARGIN, sets.LEAST_CONFIDENCE, sets.ENTROPY)
    return next(m for m in of_sets if m.name == measure.name)


def uncertainty(pool: Pool, measure: Measure) -> Doubts:
    """A measure of each record (see `for_pool`), float64[n]; without a head, 1 for all.

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
    measure, out = for_pool(pool, measure), np.empty(len(p))
    for start in range(0, len(p), _CHUNK):
        out[start : start + _CHUNK] = measure.of(p[start : start + _CHUNK])
    return out


def margin_utility(pool: Pool) -> Doubts:
    """Doubt per record, float64[n] in [0, 1]: 1 - (p1 - p2), best less second-best probability;
    for sets of labels that of the label which is nearest to one half.

    Without a head every record is wholly in doubt.
    """
    return uncertainty(pool, MARGIN)


@dataclass(frozen=True, slots=True)
class Ranking:
    """A pool by a utility: ``utility`` float64[n]; ``order`` int64[n], greatest first, ties by lot;
    ``rank`` int64[n], from 1, of each position; ``told``: what the utility is; ``informed``:
    there was something to rank by."""

    utility: Doubts
    order: npt.NDArray[np.int64]
    rank: npt.NDArray[np.int64]
    told: Utility
    informed: bool = True

    def pick(self, position: int, *, place: str = "", **utilities: float) -> Pick:
        """The pick of a position, with its doubt, *place* in words and further numbers."""
        rank = int(self.rank[position])
        utility = float(self.utility[position])
        why = (
            f"{self.told.words(utility)}, number {rank} of {len(self.rank)} by {self.told.by}"
            if self.informed
            else "there is no model yet to ask"
        )
        return Pick(
            position=position,
            utilities={self.told.name: utility, "rank": float(rank), **utilities},
            reason=f"{why}; {place}" if place else why,
        )


def ranked(
    utility: Doubts,
    told: Utility,
    rng: np.random.Generator,
    *,
    informed: bool = True,
    then: Doubts | None = None,
) -> Ranking:
    """The `Ranking` of a utility float64[n]; ties by *then* (most first), and those by lot."""
    shuffled = rng.permutation(len(utility))
    keys = [-utility[shuffled]] if then is None else [-then[shuffled], -utility[shuffled]]
    order = shuffled[np.lexsort(keys)]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return Ranking(utility, order, rank, told, informed)


def by_uncertainty(pool: Pool, measure: Measure, rng: np.random.Generator) -> Ranking:
    """Rank *pool* by a measure."""
    informed = pool.probabilities is not None
    return ranked(uncertainty(pool, measure), for_pool(pool, measure), rng, informed=informed)


def by_margin(pool: Pool, rng: np.random.Generator) -> Ranking:
    """Rank *pool* by `margin_utility`."""
    return by_uncertainty(pool, MARGIN, rng)


def most_uncertain(pool: Pool, n: int, measure: Measure, rng: np.random.Generator) -> list[Pick]:
    """Up to *n* picks by a measure alone, the most doubtful first, without near-duplicates."""
    ranking = by_uncertainty(pool, measure, rng)
    chosen, _ = distinct(pool.vectors, ranking.order, n)
    return [ranking.pick(i) for i in chosen.tolist()]
