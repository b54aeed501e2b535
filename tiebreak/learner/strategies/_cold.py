"""What a strategy does that lacks what it lives on: it hands over to another, and says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tiebreak.domain.ports import Pick, Pool, QueryStrategy
from tiebreak.learner.strategies.kmeans_seeds import KMeansSeeds

NO_MODEL = "there is no model yet to ask"
NO_LABELS = "no labels came with the pool"


def instead(
    strategy: QueryStrategy, why: str, pool: Pool, n: int, rng: np.random.Generator
) -> list[Pick]:
    """The picks of another strategy, each reason with *why* before it."""
    picks = strategy.query(pool, n, rng)
    return [replace(pick, reason=f"{why}; {pick.reason}") for pick in picks]


def seeds(why: str, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
    """k-means seeds, the choice that needs vectors alone."""
    return instead(KMeansSeeds(), why, pool, n, rng)
