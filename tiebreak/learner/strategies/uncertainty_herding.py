"""Uncertainty herding: the records that together resemble most of what the model doubts.

Greedy on F(S) = sum_r u_r max_{s in S} exp(-(2 - 2 r.s) / width) with u = 1 - (p1 - p2) of the
reference record; the rest is `tiebreak.learner.strategies.maxherding`, which it is without a head
(u = 1). Source: Bae et al., Uncertainty herding: one active learning method for all label budgets,
2412.20644 (ICLR 2025); here with one width for all budgets.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._cold import NO_MODEL
from tiebreak.learner.strategies._herd import herd
from tiebreak.learner.strategies._uncertainty import margin_utility


class UncertaintyHerding:
    """Coverage weighted by doubt: wide at first, then where labels meet."""

    name = "uncertainty_herding"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the greatest gain first."""
        informed = pool.probabilities is not None
        why = ", each record counted by the model's doubt" if informed else f"; {NO_MODEL}"
        return herd(pool, n, rng, margin_utility(pool), why)


def create() -> UncertaintyHerding:
    """The strategy, for the registry."""
    return UncertaintyHerding()
