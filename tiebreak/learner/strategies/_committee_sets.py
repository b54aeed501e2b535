"""The committee on sets of labels: its members vote on each label by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiebreak.domain.evidence import THRESHOLD
from tiebreak.domain.ports import Floats, Pick, Pool
from tiebreak.learner.choose_c_sets import DEFAULT_C
from tiebreak.learner.set_classifiers.one_vs_rest import OneVsRest, memberships
from tiebreak.learner.strategies._cosine import row_chunks
from tiebreak.learner.strategies._diverse import distinct
from tiebreak.learner.strategies._uncertainty import Utility, margin_utility, ranked
from tiebreak.learner.strategies.committee import BOOTSTRAPS, FACTORS, NEIGHBOURS

Yes = npt.NDArray[np.float64]
"""Members that say of a record that a label applies, float64[n, k]."""


def divided(pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
    """Up to *n* picks, the most divided first, without near-duplicates; ties by margin."""
    yes, members = ballots(pool, rng)
    ranking = ranked(mean_vote_entropy(yes / members), _DIVISION, rng, then=margin_utility(pool))
    chosen, _ = distinct(pool.vectors, ranking.order, n)
    split = np.count_nonzero((yes > 0) & (yes < members), axis=1)
    return [ranking.pick(i, place=_words(int(split[i]), members)) for i in chosen.tolist()]


def ballots(pool: Pool, rng: np.random.Generator) -> tuple[Yes, int]:
    """The members' votes and how many members there are; the same ones as for single labels."""
    head = pool.head if pool.probabilities is not None else None
    classes = head.classes if head else tuple(sorted({x for value in pool.sets for x in value}))
    rows, c = pool.labelled[: len(pool.sets)], head.c if head else DEFAULT_C
    everything = np.arange(len(rows))
    samples = [(c * factor, everything) for factor in FACTORS]
    samples += [(c, rng.integers(len(rows), size=len(rows))) for _ in range(BOOTSTRAPS)]
    if head is None:
        samples.append((c, everything))
    truth = memberships(pool.sets, classes)
    yes = _near(pool.vectors, rows, truth)
    for strength, at in samples:
        made = OneVsRest().fit(rows[at], [pool.sets[i] for i in at.tolist()], classes, strength)
        assert made is not None  # there is a row
        for part in row_chunks(len(yes), len(classes)):
            yes[part] += made.logits(pool.vectors[part]) >= 0
    if head is not None and pool.probabilities is not None:
        yes += pool.probabilities >= THRESHOLD
    return yes, len(samples) + 1 + (head is not None)


def _near(vectors: Floats, rows: Floats, truth: npt.NDArray[np.bool_]) -> Yes:
    """The vote of the 10 nearest labelled rows, weighted by cosine, on each label."""
    out = np.zeros((len(vectors), truth.shape[1]))
    k = min(NEIGHBOURS, len(rows))
    for part in row_chunks(len(vectors), max(len(rows), k * truth.shape[1])):
        cosines = vectors[part] @ rows.T
        at = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        weight = 1 + np.take_along_axis(cosines, at, axis=1)
        share = np.einsum("nk,nkl->nl", weight, truth[at]) / weight.sum(axis=1, keepdims=True)
        out[part] = share >= THRESHOLD
    return out


def mean_vote_entropy(share: Yes) -> npt.NDArray[np.float64]:
    """Mean binary entropy, in nats, of the shares [n, k] of members that say yes; float64[n]."""
    no = 1 - share
    each = share * np.log(np.where(share > 0, share, 1.0)) + no * np.log(np.where(no > 0, no, 1.0))
    return np.asarray(-each.mean(axis=1))


def _words(split: int, members: int) -> str:
    return f"{members} models are divided over {split} label{'' if split == 1 else 's'}"


_DIVISION = Utility(
    "vote_entropy", lambda u: f"a committee's mean vote entropy is {u:.2f}", "disagreement"
)
