"""Hunt for rare labels: what is near to the few labelled records of each, and likeliest to be it.

The rarest quarter of the labels seen so far (at least one) take turns, rarest first. Candidates of
a label: the 100 nearest records of each of up to 10 of its labelled ones; of these the one that
the head gives that label the greatest probability (without a head: the nearest). Each fifth pick
is at random, since a label nobody has met yet has no neighbours to search. Source: Coleman et al.,
Similarity search for efficient active learning and search of rare concepts (SEALS), 2007.00077,
with its most-likely-positive choice; anchors as in Lesci & Vlachos, AnchorAL, 2404.05623.

For pools with rare labels only. Where all are alike frequent it asks for what the model is sure
of: on BANKING77 worse than random choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.domain.arrays import Floats, Positions
from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.strategies._diverse import distinct, row_chunks
from tiebreak.learner.strategies.kmeans_seeds import NO_LABELS, seeds

ANCHORS = 10
NEIGHBOURS = 100
SHARE = 0.25
EACH = 5
"""Every so many-th pick is at random."""


@dataclass(frozen=True, slots=True)
class _Trail:
    """One label's candidates: ``order`` int64[c], best first; ``score`` of each; how it is said."""

    label: str
    known: int
    order: Positions
    score: npt.NDArray[np.floating]
    measure: str


class RareClass:
    """Neighbours of rare labels, in turn, and some at random. Without labels: k-means seeds."""

    name = "rare_class"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the rarest label's best candidate first."""
        if not any(pool.values):
            return seeds(f"{NO_LABELS}, so none can be rare", pool, n, rng)
        if not len(pool.vectors) or n <= 0:
            return []
        names = [name for value in pool.values for name in value]
        trails = [_trail(pool, label, rng) for label in rarest(names, rng)]
        order, lane, place = _interleave(
            [trail.order for trail in trails], rng.permutation(len(pool.vectors))
        )
        chosen, _ = distinct(pool.vectors, order, n)
        at = {position: i for i, position in enumerate(order.tolist())}
        picks = []
        for position in chosen.tolist():
            i = at[position]
            trail = trails[lane[i]] if lane[i] < len(trails) else None
            picks.append(_pick(position, trail, int(place[i])))
        return picks


def rarest(labels: Sequence[str], rng: np.random.Generator) -> list[str]:
    """The rarest `SHARE` of the labels that occur, rarest first, equals at random."""
    counts = Counter(labels)
    names = sorted(counts)
    rank = rng.permutation(len(names))
    order = np.lexsort((rank, np.array([counts[name] for name in names])))
    return [names[i] for i in order[: max(1, round(SHARE * len(names)))]]


def _trail(pool: Pool, label: str, rng: np.random.Generator) -> _Trail:
    known = np.flatnonzero([label in value for value in pool.values])
    anchors = known
    if len(known) > ANCHORS:
        anchors = np.sort(rng.choice(known, ANCHORS, replace=False))
    rows, cosines = _neighbours(pool.vectors, pool.labelled[anchors])
    score: npt.NDArray[np.floating] = cosines
    measure = "cosine"
    p, head = pool.probabilities, pool.head
    if p is not None and head is not None and label in head.classes:
        score, measure = p[rows, head.classes.index(label)], "probability"
    order = np.lexsort((-cosines, -score))
    return _Trail(label, len(known), rows[order], score[order], measure)


def _neighbours(vectors: Floats, anchors: Floats) -> tuple[Positions, Floats]:
    """Positions int64[c] among the nearest of any anchor, and their greatest cosine to one.

    Exact, by products in chunks: the best of each chunk, then the best of these.
    """
    parts: list[Positions] = []
    for part in row_chunks(len(vectors), len(anchors)):
        cosines = vectors[part] @ anchors.T
        k = min(NEIGHBOURS, len(cosines))
        parts.append(part.start + np.argpartition(-cosines, k - 1, axis=0)[:k])
    near = np.concatenate(parts)  # [rows, anchors]
    cosines = np.einsum("rad,ad->ra", vectors[near], anchors)
    k = min(NEIGHBOURS, len(near))
    best = np.argpartition(-cosines, k - 1, axis=0)[:k]
    near, cosines = np.take_along_axis(near, best, 0), np.take_along_axis(cosines, best, 0)
    rows, at = np.unique(near, return_inverse=True)
    top = np.full(len(rows), -1.0, dtype=np.float32)
    np.maximum.at(top, at.ravel(), cosines.ravel())
    return rows, top


def _interleave(trails: list[Positions], rest: Positions) -> tuple[Positions, Positions, Positions]:
    """Every position once, as it is first met: trails in turn, each `EACH`-th turn from *rest*.

    Returns the positions, the trail of each (the number of trails for *rest*), the place in it.
    """
    turns, lanes, places = [], [], []
    for number, trail in enumerate([*trails, rest]):
        at = np.arange(len(trail))
        step = at * len(trails) + number  # among the turns that are not at random
        at_random = number == len(trails)
        turns.append(at * EACH + EACH - 1 if at_random else step + step // (EACH - 1))
        lanes.append(np.full(len(trail), number))
        places.append(at)
    order = np.argsort(np.concatenate(turns), kind="stable")
    rows = np.concatenate([*trails, rest])[order]
    first = np.sort(np.unique(rows, return_index=True)[1])
    lane, place = np.concatenate(lanes)[order], np.concatenate(places)[order]
    return rows[first], lane[first], place[first]


def _pick(position: int, trail: _Trail | None, place: int) -> Pick:
    if trail is None:
        return Pick(
            position=position,
            utilities={},
            reason="drawn by lot, in case there is a label that nobody has met",
        )
    score = float(trail.score[place])
    records = "record has" if trail.known == 1 else "records have"
    return Pick(
        position=position,
        utilities={trail.measure: score, "known": float(trail.known)},
        reason=f"may be {trail.label!r}, which only {trail.known} labelled {records} "
        f"({trail.measure} {score:.2f})",
    )


def create() -> RareClass:
    """The strategy, for the registry."""
    return RareClass()
