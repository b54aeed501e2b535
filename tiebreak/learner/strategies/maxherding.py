"""MaxHerding: the records that together resemble most of the pool.

Greedy on F(S) = sum_r max_{s in S} exp(-(2 - 2 r.s) / width) over up to 3,000 reference records r
of the pool, S beginning with what is labelled; width is the pool's median squared distance to the
10th neighbour. Source: Bae et al., Generalized coverage for more robust low-budget active
learning, 2407.12212. A smooth kernel where ProbCover has a ball, whose radius it hangs on.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._herd import herd


class MaxHerding:
    """Coverage alone: it asks no model."""

    name = "maxherding"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the greatest gain first."""
        return herd(pool, n, rng, np.ones(len(pool.vectors)), "")


def create() -> MaxHerding:
    """The strategy, for the registry."""
    return MaxHerding()
