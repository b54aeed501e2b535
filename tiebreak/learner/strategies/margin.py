"""Smallest margin: the records whose two best labels the model can least tell apart.

Source: Scheffer et al., Active Hidden Markov Models, 2001; Is margin all you need?, 2210.03822.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._uncertainty import MARGIN, most_uncertain


class Margin:
    """The top of the pool by 1 - (p1 - p2), without near-duplicates in one batch."""

    name = "margin"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the most doubtful first."""
        return most_uncertain(pool, n, MARGIN, rng)


def create() -> Margin:
    """The strategy, for the registry."""
    return Margin()
