"""DropQuery: records whose label the model changes when part of the features is hidden.

Three passes; in each a feature of a record is set to 0 with probability .75, and the others are
multiplied by 4. A candidate's label differs from the undisturbed one in most passes; the bar is
lowered one pass at a time until there are 25 candidates a pick. k-means into n cells, the record
nearest to each centre. Source: Gupte et al., Revisiting active learning in the era of vision
foundation models, 2401.14555 (TMLR 2024).
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.arrays import Floats, Positions
from tiebreak.domain.label_space import SINGLE, LabelSpace, agrees, label_space
from tiebreak.domain.ports import Head, Pick, Pool
from tiebreak.learner.strategies._diverse import distinct, with_rest
from tiebreak.learner.strategies._kmeans import FIT_ROWS, cluster
from tiebreak.learner.strategies.kmeans_seeds import NO_MODEL, instead, seeds
from tiebreak.learner.strategies.margin_kmeans import MarginKMeans

PASSES = 3
HIDDEN = 0.75
WIDTH = 25
"""Candidates per pick, at least."""
_CHUNK = 4_096


class DropQuery:
    """Candidates by dropout, spread out by k-means.

    Without a head: `MarginKMeans`, or without probabilities too, k-means seeds.
    """

    name = "dropquery"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks: one per cell, largest first, then what wavers most."""
        if pool.probabilities is None and pool.head is None:
            return seeds(NO_MODEL, pool, n, rng)
        if pool.head is None:
            why = "no head came with the pool to be tried with hidden features"
            return instead(MarginKMeans(), why, pool, n, rng)
        if not len(pool.vectors) or n <= 0:
            return []
        changed = changes(pool.vectors, pool.head, rng, label_space(pool))
        shuffled = rng.permutation(len(changed))
        order = shuffled[np.argsort(-changed[shuffled], kind="stable")]
        candidates = order[changed[order] >= _bar(changed, WIDTH * n)]
        candidates = candidates[: max(FIT_ROWS, WIDTH * n)]  # most changes first, then at random
        cells = cluster(pool.vectors[candidates], n, rng)
        medoids = candidates[cells.medoids]
        size = dict(zip(medoids.tolist(), cells.sizes.tolist(), strict=True))
        by_size = medoids[np.argsort(-cells.sizes, kind="stable")]
        chosen, _ = distinct(pool.vectors, with_rest(by_size, order), n)
        return [_pick(i, int(changed[i]), size.get(i)) for i in chosen.tolist()]


def changes(
    vectors: Floats, head: Head, rng: np.random.Generator, space: LabelSpace = SINGLE
) -> Positions:
    """In how many of `PASSES` the label value of each row is another one, int64[n]."""
    out = np.zeros(len(vectors), dtype=np.int64)
    for start in range(0, len(vectors), _CHUNK):
        rows = vectors[start : start + _CHUNK]
        label = space.decide_logits(head.logits(rows))
        for _ in range(PASSES):
            kept = rng.random(rows.shape, dtype=np.float32) >= HIDDEN
            dropped = np.where(kept, rows / np.float32(1 - HIDDEN), np.float32(0))
            changed = ~agrees(space.decide_logits(head.logits(dropped)), label)
            out[start : start + _CHUNK] += changed
    return out


def _bar(changed: Positions, wanted: int) -> int:
    """The most passes, of a majority at first, that *wanted* records reach; at least 0."""
    bar = PASSES // 2 + 1
    while bar and int((changed >= bar).sum()) < wanted:
        bar -= 1
    return bar


def _pick(position: int, changed: int, size: int | None) -> Pick:
    place = f"nearest to the centre of {size} similar records" if size else "fills the batch"
    return Pick(
        position=position,
        utilities={"changes": float(changed), **({"cluster_size": float(size)} if size else {})},
        reason=f"with most features hidden the model changed its label in {changed} of {PASSES} "
        f"tries; {place}",
    )


def create() -> DropQuery:
    """The strategy, for the registry."""
    return DropQuery()
