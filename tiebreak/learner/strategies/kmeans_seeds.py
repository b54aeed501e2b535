"""Cold start: the middle record of each of the pool's clusters, before there is a model to ask.

A strategy that lacks what it lives on hands over to this one or another (`instead`), and says so.

BANKING77 at one label a class: .56 so, .35 with random choice (benchmarks/selection/loop.py, with
a tenth drawn at random in both).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tiebreak.domain.ports import Pick, Pool, QueryStrategy
from tiebreak.learner.strategies._diverse import distinct, with_rest
from tiebreak.learner.strategies._kmeans import assign_clusters, cluster

NO_MODEL = "there is no model yet to ask"
NO_LABELS = "no labels came with the pool"


class KMeansSeeds:
    """k-means into max(labels, picks) cells; the record nearest to the centre of each.

    Largest cells first; those that hold something labelled come after all others.
    """

    name = "kmeans_seeds"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks: one per cell, then, if there are fewer distinct cells, at random."""
        total = len(pool.vectors)
        if not total or n <= 0:
            return []
        cells = cluster(pool.vectors, max(pool.n_classes, n), rng)
        covered = np.zeros(len(cells.sizes), dtype=bool)
        if len(pool.labelled):
            covered[assign_clusters(pool.labelled, cells.centres)[0]] = True
        order = np.lexsort((-cells.sizes, covered))
        rest = rng.permutation(total)
        chosen, _ = distinct(pool.vectors, with_rest(cells.medoids[order], rest), n)
        size = dict(zip(cells.medoids.tolist(), cells.sizes.tolist(), strict=True))
        return [_pick(i, size.get(i)) for i in chosen.tolist()]


def _pick(position: int, size: int | None) -> Pick:
    if size is None:
        return Pick(position=position, utilities={}, reason="fills the batch, drawn by lot")
    return Pick(
        position=position,
        utilities={"cluster_size": float(size)},
        reason=f"nearest to the centre of {size} similar records",
    )


def create() -> KMeansSeeds:
    """The strategy, for the registry."""
    return KMeansSeeds()


def instead(
    strategy: QueryStrategy, why: str, pool: Pool, n: int, rng: np.random.Generator
) -> list[Pick]:
    """The picks of another strategy, each reason with *why* before it."""
    picks = strategy.query(pool, n, rng)
    return [replace(pick, reason=f"{why}; {pick.reason}") for pick in picks]


def seeds(why: str, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
    """k-means seeds, the choice that needs vectors alone."""
    return instead(KMeansSeeds(), why, pool, n, rng)
