"""TypiClust: the most typical record of each cluster that has the fewest labels.

k-means of pool and labelled records into min(m + n, 500) cells; cells of 5 or fewer are dropped;
those with the fewest labelled records come first, of these the largest. From each in turn the
record of the greatest typicality, 1 / (mean squared distance to its 20 nearest of the cell), or
to half the cell where that is less. Source: Hacohen et al., Active learning on a budget,
2202.02794, with the constants of its authors' code.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Positions
from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._diverse import NEAR, distinct, row_chunks, with_rest
from tiebreak.learner.strategies._kmeans import Clusters, assign_clusters, cluster

MAX_CELLS = 500
DROPPED = 5
NEIGHBOURS = 20
_COMPARED = 4_096
"""In a cell larger than that, neighbours are sought among so many of it, at random."""


class TypiClust:
    """Typical records of the pool's unlabelled groups. It asks no model."""

    name = "typiclust"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, one per cell and round; what the cells cannot give is random."""
        total = len(pool.vectors)
        if not total or n <= 0:
            return []
        k = min(len(pool.labelled) + n, MAX_CELLS)
        cells = cluster(pool.vectors, k, rng, beside=pool.labelled, quick=True)
        labelled = np.zeros(len(cells.sizes), dtype=np.int64)
        if len(pool.labelled):
            of = assign_clusters(pool.labelled, cells.centres)[0]
            labelled = np.bincount(of, minlength=len(labelled))
        picks = _visit(pool.vectors, cells, labelled, n, rng)
        order = with_rest([pick.position for pick in picks], rng.permutation(total))
        filled, _ = distinct(pool.vectors, order, n)
        return picks + [
            Pick(position=i, utilities={}, reason="fills the batch, drawn by lot")
            for i in filled[len(picks) :].tolist()
        ]


def _visit(
    vectors: Floats, cells: Clusters, labelled: Positions, n: int, rng: np.random.Generator
) -> list[Pick]:
    """Go round the cells until there are *n* picks or no cell has anything distinct to give."""
    sizes = cells.sizes + labelled
    order = np.lexsort((-sizes, labelled))
    big = order[sizes[order] > DROPPED]
    queue = (big if len(big) else order).tolist()
    rows = np.argsort(cells.of, kind="stable")
    members = dict(enumerate(np.split(rows, np.cumsum(cells.sizes)[:-1])))
    picks: list[Pick] = []
    while queue and len(picks) < n:
        cell = queue.pop(0)
        chosen = [pick.position for pick in picks]
        left = members[cell]
        left = left[~(vectors[left] @ vectors[chosen].T > NEAR).any(axis=1)]
        if len(left):
            typical = typicality(vectors[left], rng)
            best = int(typical.argmax())
            picks.append(
                _pick(int(left[best]), typical[best], int(sizes[cell]), int(labelled[cell]))
            )
            members[cell] = np.delete(left, best)
            queue.append(cell)
    return picks


def typicality(rows: Floats, rng: np.random.Generator) -> Floats64:
    """Inverse mean squared distance of each of float32[m, d] to its nearest, float64[m]."""
    others = rows
    if len(rows) > _COMPARED:
        others = rows[np.sort(rng.choice(len(rows), _COMPARED, replace=False))]
    k = min(NEIGHBOURS, len(rows) // 2, len(others) - 1)
    if k == 0:
        return np.ones(len(rows))
    out = np.empty(len(rows))
    for part in row_chunks(len(rows), len(others)):
        squared = np.maximum(0.0, 2 - 2 * (rows[part] @ others.T))
        # the row itself is the nearest, at 0
        out[part] = np.partition(squared, k, axis=1)[:, : k + 1].sum(axis=1) / k
    return 1 / (out + 1e-5)


def _pick(position: int, typical: float, size: int, labelled: int) -> Pick:
    labels = f"{labelled} of them labelled" if labelled else "none of them labelled"
    return Pick(
        position=position,
        utilities={
            "typicality": float(typical),
            "cluster_size": float(size),
            "labelled": float(labelled),
        },
        reason=f"the most typical of {size} similar records, {labels}",
    )


def create() -> TypiClust:
    """The strategy, for the registry."""
    return TypiClust()
