"""Entropy: the records over which the model's probabilities are spread widest.

Utility H(x) = -sum_y p(y | x) ln p(y | x), in nats; a class never seen has p = 0 and adds nothing.
Source: Shannon, 1948; as a query Settles & Craven, An analysis of active learning strategies for
sequence labeling tasks, 2008. With many labels the tail of small probabilities outweighs the one
question that matters, which of two labels: on BANKING77 it is below margin.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._uncertainty import ENTROPY, most_uncertain


class Entropy:
    """The top of the pool by entropy, without near-duplicates in one batch; no head: by lot."""

    name = "entropy"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the widest spread first."""
        return most_uncertain(pool, n, ENTROPY, rng)


def create() -> Entropy:
    """The strategy, for the registry."""
    return Entropy()
