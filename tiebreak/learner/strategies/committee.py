"""Query by committee: the records over whose label differently trained heads disagree.

Six members: the head itself, logistic regression with a tenth and with ten times its C, two more
with its C on bootstraps of the labelled rows, and a vote of the 10 nearest labelled rows by
cosine. Utility is the vote entropy -sum_y V(y)/M ln(V(y)/M) in nats, V(y) the votes for label y;
ties by margin, then at random. Where any number of labels may apply, members vote on each label and
the utility is the mean over labels of these binary vote entropies. Source: Seung et al., Query by
committee, 1992; Dagan & Engelson, Committee-based sampling for training probabilistic
classifiers, 1995.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tiebreak.domain.arrays import Positions
from tiebreak.domain.ports import Pick, Pool
from tiebreak.domain.uncertainty import Utility
from tiebreak.learner.label_space import LearningSpace, learning_space
from tiebreak.learner.strategies._diverse import distinct, row_chunks
from tiebreak.learner.strategies.kmeans_seeds import NO_LABELS, instead, seeds
from tiebreak.learner.strategies.uncertainty import UncertaintySampling, ranked, uncertainty

FACTORS = (0.1, 10.0)
BOOTSTRAPS = 2
NEIGHBOURS = 10


class Committee:
    """The top of the pool by vote entropy, without near-duplicates in one batch.

    Without labels there is no committee: entropy, or without a head too, k-means seeds.
    """

    name = "committee"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the most divided first."""
        if not any(pool.values):
            why = f"{NO_LABELS}, so there is no committee"
            if pool.probabilities is None:
                return seeds(why, pool, n, rng)
            return instead(UncertaintySampling("entropy"), why, pool, n, rng)
        if not len(pool.vectors):
            return []
        division = learning_space(pool).vote_entropy(votes(pool, rng))
        utility = Utility("vote_entropy", lambda u: f"{division.called} is {u:.2f}", "disagreement")
        ranking = ranked(division.entropy, utility, rng, then=uncertainty(pool, "margin"))
        chosen, _ = distinct(pool.vectors, ranking.order, n)
        return [ranking.pick(i, place=division.words(i)) for i in chosen.tolist()]


def votes(pool: Pool, rng: np.random.Generator) -> Iterator[Positions]:
    """The label value each member gives each record, as codes int64[n, w] over the pool's labels.

    The head votes by the pool's probabilities; where there is none, a plain head does.
    """
    space = learning_space(pool)
    head = pool.head if pool.probabilities is not None else None
    # the head's names first, so that its columns are their numbers
    seen = sorted({name for value in pool.values for name in value})
    names = tuple(dict.fromkeys([*(head.classes if head else ()), *seen]))
    rows = pool.labelled[: len(pool.values)]
    c = head.c if head else space.default_c
    everything = np.arange(len(rows))
    samples = [(c * factor, everything) for factor in FACTORS]
    samples += [(c, rng.integers(len(rows), size=len(rows))) for _ in range(BOOTSTRAPS)]
    if head is None:
        samples.append((c, everything))
    for strength, at in samples:
        yield _trained_vote(space, pool, names, strength, at)
    yield _neighbours_vote(space, pool, names)
    if head is not None and pool.probabilities is not None:
        yield space.decide(pool.probabilities)


def _trained_vote(
    space: LearningSpace, pool: Pool, names: tuple[str, ...], c: float, at: Positions
) -> Positions:
    """By a head trained on these labelled rows."""
    values = pool.values
    made = space.fit(pool.labelled[at], [values[i] for i in at.tolist()], names, c)
    assert made is not None  # there is a row
    parts = row_chunks(len(pool.vectors), len(names))
    return np.concatenate([space.decide_logits(made.logits(pool.vectors[x])) for x in parts])


def _neighbours_vote(space: LearningSpace, pool: Pool, names: tuple[str, ...]) -> Positions:
    """By each record's nearest labelled rows, weighted by cosine."""
    codes = space.encode(pool.values, names)
    rows = pool.labelled[: len(codes)]
    near = min(NEIGHBOURS, len(rows))
    votes: list[Positions] = []
    columns = max(len(rows), len(names), near * codes.shape[1])
    for part in row_chunks(len(pool.vectors), columns):
        cosines = pool.vectors[part] @ rows.T
        at = np.argpartition(-cosines, near - 1, axis=1)[:, :near]
        weight = 1 + np.take_along_axis(cosines, at, axis=1)
        votes.append(space.weighted_vote(codes[at], weight, len(names)))
    return np.concatenate(votes)


def create() -> Committee:
    """The strategy, for the registry."""
    return Committee()
