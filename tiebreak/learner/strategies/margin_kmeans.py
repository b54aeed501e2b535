"""The default: the most doubtful records, spread out by k-means.

BANKING77 at ten labels a class: .876 so, .825 with random choice (benchmarks/selection/loop.py).
DropQuery (2401.14555) has the same shape with another measure of doubt.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._diverse import distinct, with_rest
from tiebreak.learner.strategies._kmeans import cluster
from tiebreak.learner.strategies.uncertainty import by_uncertainty

WIDTH = 10
"""Candidates per pick. On a part of BANKING77's train split 10 and 20 tie; 5 and 40 are worse."""


class MarginKMeans:
    """Top ``WIDTH`` x n by 1 - (p1 - p2), k-means into n cells, the record nearest to each centre.

    Near-duplicates are left out before the candidates are counted; where there are fewer
    distinct candidates than picks, the batch is filled with the most doubtful of the rest.
    """

    name = "margin_kmeans"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks: one per cell, largest cell first, then fillers."""
        ranking = by_uncertainty(pool, "margin", rng)
        candidates, clear = distinct(pool.vectors, ranking.order, WIDTH * n)
        if not len(candidates):
            return []
        cells = cluster(pool.vectors[candidates[:clear]], n, rng)
        medoids = candidates[cells.medoids]
        size = dict(zip(medoids.tolist(), cells.sizes.tolist(), strict=True))
        big_first = medoids[np.argsort(-cells.sizes, kind="stable")]
        picks = []
        for position in with_rest(big_first, candidates)[:n].tolist():
            if position in size:
                place = f"nearest to the centre of {size[position]} similar records"
                picks.append(
                    ranking.pick(position, place=place, cluster_size=float(size[position]))
                )
            else:
                picks.append(ranking.pick(position, place="fills the batch"))
        return picks


def create() -> MarginKMeans:
    """The strategy, for the registry."""
    return MarginKMeans()
