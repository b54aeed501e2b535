"""Query by committee: the records over whose label differently trained heads disagree.

Six members: the head itself, logistic regression with a tenth and with ten times its C, two more
with its C on bootstraps of the labelled rows, and a vote of the 10 nearest labelled rows by
cosine. Utility is the vote entropy -sum_y V(y)/M ln(V(y)/M) in nats, V(y) the votes for label y;
ties by margin, then by lot. Where any number of labels may apply, members vote on each label and
the utility is the mean over labels of these binary vote entropies. Source: Seung et al., Query by
committee, 1992; Dagan & Engelson, Committee-based sampling for training probabilistic
classifiers, 1995.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Pick, Pool
from tiebreak.learner.choose_c import DEFAULT_C
from tiebreak.learner.classifiers.logistic import Logistic
from tiebreak.learner.strategies._cold import NO_LABELS, instead, seeds
from tiebreak.learner.strategies._cosine import row_chunks
from tiebreak.learner.strategies._diverse import distinct
from tiebreak.learner.strategies._uncertainty import Utility, margin_utility, ranked
from tiebreak.learner.strategies.entropy import Entropy

FACTORS = (0.1, 10.0)
BOOTSTRAPS = 2
NEIGHBOURS = 10

Votes = npt.NDArray[np.int64]


class Committee:
    """The top of the pool by vote entropy, without near-duplicates in one batch.

    Without labels there is no committee: `Entropy`, or without a head too, k-means seeds.
    """

    name = "committee"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the most divided first."""
        if not pool.labels and not any(pool.sets):
            why = f"{NO_LABELS}, so there is no committee"
            if pool.probabilities is None:
                return seeds(why, pool, n, rng)
            return instead(Entropy(), why, pool, n, rng)
        if not len(pool.vectors):
            return []
        if pool.multiple:
            from tiebreak.learner.strategies._committee_sets import divided

            return divided(pool, n, rng)
        cast = votes(pool, rng)
        ranking = ranked(vote_entropy(cast), _DIVISION, rng, then=margin_utility(pool))
        chosen, _ = distinct(pool.vectors, ranking.order, n)
        return [ranking.pick(i, place=_split(cast[i])) for i in chosen.tolist()]


def votes(pool: Pool, rng: np.random.Generator) -> Votes:
    """The label each member gives each record, int64[n, M]: a number among the pool's labels.

    The head votes by the pool's probabilities; where there is none, logistic regression does.
    """
    head = pool.head if pool.probabilities is not None else None
    # the head's names first, so that its columns are their numbers
    names = tuple(dict.fromkeys([*(head.classes if head else ()), *sorted(set(pool.labels))]))
    rows = pool.labelled[: len(pool.labels)]
    c = head.c if head else DEFAULT_C
    everything = np.arange(len(rows))
    samples = [(c * factor, everything) for factor in FACTORS]
    samples += [(c, rng.integers(len(rows), size=len(rows))) for _ in range(BOOTSTRAPS)]
    if head is None:
        samples.append((c, everything))
    cast = [_trained_vote(pool, names, strength, at) for strength, at in samples]
    cast.append(_neighbours_vote(pool, names))
    if head is not None and pool.probabilities is not None:
        cast.append(pool.probabilities.argmax(axis=1))
    return np.stack(cast, axis=1)


def _trained_vote(pool: Pool, names: tuple[str, ...], c: float, at: Votes) -> Votes:
    """The labels by a head trained on these labelled rows, int64[n]."""
    made = Logistic().fit(pool.labelled[at], [pool.labels[i] for i in at.tolist()], names, c)
    assert made is not None  # there is a row
    out = np.empty(len(pool.vectors), dtype=np.int64)
    for part in row_chunks(len(out), len(names)):
        out[part] = made.logits(pool.vectors[part]).argmax(axis=1)
    return out


def _neighbours_vote(pool: Pool, names: tuple[str, ...]) -> Votes:
    """The label with the most weight, by cosine, among each record's nearest rows, int64[n]."""
    rows = pool.labelled[: len(pool.labels)]
    target = np.array([names.index(label) for label in pool.labels], dtype=np.int64)
    out = np.empty(len(pool.vectors), dtype=np.int64)
    near = min(NEIGHBOURS, len(rows))
    for part in row_chunks(len(out), max(len(rows), len(names))):
        cosines = pool.vectors[part] @ rows.T
        at = np.argpartition(-cosines, near - 1, axis=1)[:, :near]
        weight = np.zeros((len(cosines), len(names)), dtype=np.float32)
        line = np.arange(len(cosines))[:, None]
        np.add.at(weight, (line, target[at]), 1 + cosines[line, at])
        out[part] = weight.argmax(axis=1)
    return out


def vote_entropy(cast: Votes) -> npt.NDArray[np.float64]:
    """-sum_y V(y)/M ln(V(y)/M) of votes int64[n, M], float64[n] in nats, in [0, ln M].

    Summed over members, each with the share of those who vote as it does: labels no one votes
    for are never counted.
    """
    members = cast.shape[1]
    total = np.zeros(len(cast))
    for member in range(members):
        total -= np.log((cast == cast[:, [member]]).sum(axis=1) / members)
    return np.asarray(total / members)


def _split(cast: Votes) -> str:
    counts = np.sort(np.unique(cast, return_counts=True)[1])[::-1].tolist()
    return f"{sum(counts)} models vote {' : '.join(map(str, counts))}"


_DIVISION = Utility(
    "vote_entropy", lambda u: f"a committee's vote entropy is {u:.2f}", "disagreement"
)


def create() -> Committee:
    """The strategy, for the registry."""
    return Committee()
