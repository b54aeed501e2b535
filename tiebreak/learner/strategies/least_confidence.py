"""Least confidence: the records whose best label the model believes in least.

Utility 1 - max_y p(y | x). Source: Lewis & Gale, A sequential algorithm for training text
classifiers, 1994. On BANKING77 below margin, since the rest of the distribution is left out.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._uncertainty import LEAST_CONFIDENCE, most_uncertain


class LeastConfidence:
    """The top of the pool by 1 - p1, without near-duplicates in one batch; no head: by lot."""

    name = "least_confidence"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the most doubtful first."""
        return most_uncertain(pool, n, LEAST_CONFIDENCE, rng)


def create() -> LeastConfidence:
    """The strategy, for the registry."""
    return LeastConfidence()
