"""Switching: cover the pool while labels are few, then ask about doubts.

One strategy below ``until`` labels a class (the mean over the schema's names), another from there
on. Typical records teach most at a low budget, doubtful ones at a high one (Hacohen et al.,
2202.02794; Doucet et al., TCM, 2403.03728). On BANKING77, CLINC150 and TREC-50, on which it was
designed, uncertainty herding to 4 labels a class and margin with k-means after it led; elsewhere it
ties with either.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tiebreak.domain.ports import Pick, Pool, QueryStrategy
from tiebreak.errors import UsageError
from tiebreak.learner.strategies.herding import Herding
from tiebreak.learner.strategies.margin_kmeans import MarginKMeans

UNTIL = 4.0


class Switching:
    """*cold* below *until* labels a class, *warm* from there on."""

    name = "switching"

    def __init__(self, cold: QueryStrategy, warm: QueryStrategy, until: float) -> None:
        if not until > 0:
            raise UsageError(
                f"A switch at {until!r} labels a class never has a first part.",
                mend="Use a number above 0, or the second strategy alone.",
            )
        self._cold, self._warm, self._until = cold, warm, until

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks of the strategy whose turn it is, and why it is."""
        each = labels_per_class(pool)
        cold = each < self._until
        strategy = self._cold if cold else self._warm
        why = (
            f"{each:.1f} labels a class, below {self._until:g}: {strategy.name}"
            if cold
            else f"{each:.1f} labels a class, {self._until:g} or more: {strategy.name}"
        )
        return [
            replace(
                pick,
                utilities={**pick.utilities, "labels_per_class": each},
                reason=f"{pick.reason} ({why})",
            )
            for pick in strategy.query(pool, n, rng)
        ]


def labels_per_class(pool: Pool) -> float:
    """Labels over names in the schema; where no labels came with the pool, chosen records.

    A record with several labels counts for each of them.
    """
    labels = sum(map(len, pool.values))
    return (labels or len(pool.labelled)) / max(1, pool.n_classes)


def create(
    cold: QueryStrategy | None = None, warm: QueryStrategy | None = None, until: float = UNTIL
) -> Switching:
    """The strategy, for the registry: uncertainty herding, then margin with k-means."""
    return Switching(cold or Herding(weighted=True), warm or MarginKMeans(), until)
