"""Rank a pool by the model's doubt, and say it of a pick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Pick, Pool
from tiebreak.errors import UsageError


def margin_utility(pool: Pool) -> npt.NDArray[np.float64]:
    """Doubt per record, float64[n] in [0, 1]: 1 - (p1 - p2), best less second-best probability.

    Without a head every record is wholly in doubt.
    """
    p = pool.probabilities
    if p is None:
        return np.ones(len(pool.vectors))
    if len(p) != len(pool.vectors):
        raise UsageError(
            f"{len(pool.vectors)} records came with {len(p)} rows of probabilities.",
            mend="Give one row for each.",
        )
    best = np.partition(p, -2, axis=1)[:, -2:]
    return np.asarray(1.0 - (best[:, 1] - best[:, 0]))


@dataclass(frozen=True, slots=True)
class Ranking:
    """A pool by doubt: ``utility`` float64[n]; ``order`` int64[n], most doubtful position first,
    ties by lot; ``rank`` int64[n], from 1, of each position; ``informed``: there was a head."""

    utility: npt.NDArray[np.float64]
    order: npt.NDArray[np.int64]
    rank: npt.NDArray[np.int64]
    informed: bool

    def pick(self, position: int, *, place: str = "", **utilities: float) -> Pick:
        """The pick of a position, with its doubt, *place* in words and further numbers."""
        rank = int(self.rank[position])
        utility = float(self.utility[position])
        why = (
            f"the model is torn between two labels (margin {1 - utility:.2f}), "
            f"number {rank} of {len(self.rank)} by doubt"
            if self.informed
            else "there is no model yet to ask"
        )
        return Pick(
            position=position,
            utilities={"margin_utility": utility, "rank": float(rank), **utilities},
            reason=f"{why}; {place}" if place else why,
        )


def by_margin(pool: Pool, rng: np.random.Generator) -> Ranking:
    """Rank *pool* by `margin_utility`."""
    utility = margin_utility(pool)
    shuffled = rng.permutation(len(utility))
    order = shuffled[np.argsort(-utility[shuffled], kind="stable")]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return Ranking(utility, order, rank, informed=pool.probabilities is not None)
