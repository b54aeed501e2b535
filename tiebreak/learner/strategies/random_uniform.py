"""Uniform choice: the baseline that every strategy must beat (``random`` in the app)."""

from __future__ import annotations

import numpy as np

from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._diverse import distinct


class RandomUniform:
    """Every record alike, but for near-duplicates within the batch."""

    name = "random_uniform"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks by lot."""
        chosen, _ = distinct(pool.vectors, rng.permutation(len(pool.vectors)), n)
        return [Pick(position=int(i), utilities={}, reason="drawn by lot") for i in chosen]


def create() -> RandomUniform:
    """The strategy, for the registry."""
    return RandomUniform()
