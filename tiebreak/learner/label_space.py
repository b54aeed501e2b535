"""What is learnt of label values: the part of `tiebreak.domain.label_space` that fits and scores.

`learning_space` gives the implementation for a schema or a pool.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Positions
from tiebreak.domain.evidence import Estimate
from tiebreak.domain.label_space import (
    THRESHOLD,
    HasMultiple,
    LabelSpace,
    MultiLabel,
    SingleLabel,
)
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.uncertainty import binary_log
from tiebreak.learner.calibration import LINKS, fit_sets_temperature, fit_temperature
from tiebreak.learner.choose_c import CHOICES, DEFAULT_C, FOLDS, LOSS_FLOOR, deal
from tiebreak.learner.classifiers.logistic import Logistic
from tiebreak.learner.estimation import share_right
from tiebreak.learner.heads import LinearHead
from tiebreak.learner.set_classifiers.one_vs_rest import OneVsRest
from tiebreak.results import JSON_OPTIONAL

Pairs = Sequence[tuple[LabelValue, LabelValue | None]]
"""The true label value and the answer, None for an abstention, of each record."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerScores:
    """How often model and agent have a record's whole label value right, of ``n`` records.

    An agent that abstained was not right; one that was not asked is not counted. ``micro_f1`` is
    theirs by name, where any number of labels may apply.
    """

    n: int
    model: Estimate | None
    agent: Estimate | None
    micro_f1: Mapping[str, float | None] | None = field(default=None, metadata=JSON_OPTIONAL)


@dataclass(frozen=True, eq=False, slots=True)
class Division:
    """A committee's votes on n records: their ``entropy`` in nats, float64[n], what that is
    ``called``, and a record's votes in ``words``, by its row."""

    entropy: Floats64
    called: str
    words: Callable[[int], str]


class LearningSpace(LabelSpace):
    """How label values are learnt and scored.

    ``default_c`` is the C of a head before there is a choice; ``only_head`` the name of the one
    classifier there is, None where the settings choose.
    """

    default_c: float
    only_head: str | None

    def probabilities(self, logits: Floats64, temperature: float = 1.0) -> Floats64:
        """Probabilities float64[n, k] of logits over a temperature; see `calibration`."""
        return LINKS[self.link](logits, temperature)

    @abstractmethod
    def fit(
        self, vectors: Floats, values: Sequence[LabelValue], classes: tuple[str, ...], c: float
    ) -> LinearHead | None:
        """A plain linear head from float32[n, d] and n label values; None without a row."""

    @abstractmethod
    def fit_temperature(self, p: Floats64, truth: Positions) -> float:
        """The temperature for probabilities float64[n, k], which were given at T = 1 before the
        codes *truth* were known; see `calibration`."""

    @abstractmethod
    def keeps_c_of(self, head: str) -> bool:
        """Whether the C of the last head, by its classifier's name, goes on to the next one."""

    @abstractmethod
    def score(self, n: int, *, model: Pairs, agent: Pairs) -> AnswerScores:
        """What model and agent have right of *n* records; an abstention is not right."""

    @abstractmethod
    def weighted_vote(self, codes: Positions, weight: Floats, k: int) -> Positions:
        """The codes [n, w] that most of the weight float32[n, m] stands for, of m voters' codes
        [n, m, w] over k classes."""

    @abstractmethod
    def vote_entropy(self, votes: Iterable[Positions]) -> Division:
        """How divided a committee is, from the codes [n, w] that each member gives n records."""

    @abstractmethod
    def _folds(self, truth: Positions, rng: np.random.Generator) -> Positions | None:
        """The fold of each row, from codes; None where there is no fair split."""

    @abstractmethod
    def _likelihood(self, p: Floats64, truth: Positions) -> Floats64:
        """What probabilities float64[n, k] gave to what is true, for each row or label."""

    def choose_c(
        self,
        vectors: Floats,
        values: Sequence[LabelValue],
        classes: tuple[str, ...],
        rng: np.random.Generator,
    ) -> float:
        """The C of {3, 10, 30, 100} with the least log-loss of `fit` in 3-fold cross-validation.

        Scored over all *classes* (see `LOSS_FLOOR`). The default wins a tie, and stands where there
        is no fair split.

        Args:
            vectors: float32[n, d] unit vectors; ``values``: n label values.
            classes: all names of the schema, in its order.
            rng: deals the rows into folds.
        """
        truth = self.encode(values, classes)
        fold = self._folds(truth, rng)
        if fold is None:
            return self.default_c

        def loss(c: float) -> float:
            total = 0.0
            for number in range(FOLDS):
                train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
                head = self.fit(vectors[train], [values[i] for i in train.tolist()], classes, c)
                assert head is not None  # every fold has a row
                p = self.probabilities(head.logits(vectors[test]))
                likely = self._likelihood(p, truth[test])
                total -= float(np.log(np.maximum(likely, LOSS_FLOOR)).sum())
            return total

        return min((self.default_c, *(c for c in CHOICES if c != self.default_c)), key=loss)


class SingleLabelLearning(SingleLabel, LearningSpace):
    """One label of all, by softmax."""

    default_c = DEFAULT_C
    only_head: str | None = None

    def fit(
        self, vectors: Floats, values: Sequence[LabelValue], classes: tuple[str, ...], c: float
    ) -> LinearHead | None:
        return Logistic().fit(vectors, [value[0] for value in values], classes, c)

    def fit_temperature(self, p: Floats64, truth: Positions) -> float:
        return fit_temperature(np.log(np.maximum(p, 1e-300)), truth[:, 0])

    def keeps_c_of(self, head: str) -> bool:
        return True

    def score(self, n: int, *, model: Pairs, agent: Pairs) -> AnswerScores:
        return AnswerScores(n=n, model=_exact(model), agent=_exact(agent))

    def weighted_vote(self, codes: Positions, weight: Floats, k: int) -> Positions:
        """The label of the greatest sum of weights."""
        total = np.zeros((len(codes), k), dtype=np.float32)
        np.add.at(total, (np.arange(len(codes))[:, None], codes[..., 0]), weight)
        return np.asarray(total.argmax(axis=1)[:, None])

    def vote_entropy(self, votes: Iterable[Positions]) -> Division:
        """-sum_y V(y)/M ln(V(y)/M) over the labels, in [0, ln M], V(y) of M members for label y.

        Summed over members, each with the share of those who vote as it does: labels no one votes
        for are never counted.
        """
        cast = np.concatenate(list(votes), axis=1)
        members = cast.shape[1]
        total = np.zeros(len(cast))
        for member in range(members):
            total -= np.log((cast == cast[:, [member]]).sum(axis=1) / members)

        def words(row: int) -> str:
            counts = np.sort(np.unique(cast[row], return_counts=True)[1])[::-1].tolist()
            return f"{members} models vote {' : '.join(map(str, counts))}"

        return Division(np.asarray(total / members), "a committee's vote entropy", words)

    def _folds(self, truth: Positions, rng: np.random.Generator) -> Positions | None:
        """Stratified; two classes need a row in each fold."""
        counts = np.bincount(truth[:, 0], minlength=2)
        return None if (counts >= FOLDS).sum() < 2 else deal(truth[:, 0], rng)

    def _likelihood(self, p: Floats64, truth: Positions) -> Floats64:
        return np.asarray(p[np.arange(len(p)), truth[:, 0]])


class MultiLabelLearning(MultiLabel, LearningSpace):
    """Each label by itself, by a sigmoid."""

    default_c = 10.0
    """On parts of 1,381 issues with 14 tags (benchmarks/multi_label.py), 10 has the least log-loss
    from 40 to 400 records, and exact matches within two and a half points of the best."""
    only_head: str | None = OneVsRest.name

    def fit(
        self, vectors: Floats, values: Sequence[LabelValue], classes: tuple[str, ...], c: float
    ) -> LinearHead | None:
        return OneVsRest().fit(vectors, values, classes, c)

    def fit_temperature(self, p: Floats64, truth: Positions) -> float:
        return fit_sets_temperature(p, truth)

    def keeps_c_of(self, head: str) -> bool:
        return head == self.only_head

    def score(self, n: int, *, model: Pairs, agent: Pairs) -> AnswerScores:
        f1 = {"model": micro_f1(model), "agent": micro_f1(agent)}
        return AnswerScores(n=n, model=_exact(model), agent=_exact(agent), micro_f1=f1)

    def weighted_vote(self, codes: Positions, weight: Floats, k: int) -> Positions:
        """Each label that half of the weight or more has."""
        yes = np.einsum("nm,nmk->nk", weight, codes.astype(np.bool_))
        share = yes / weight.sum(axis=1, keepdims=True)
        return np.asarray(share >= THRESHOLD, dtype=np.int64)

    def vote_entropy(self, votes: Iterable[Positions]) -> Division:
        """The mean over labels of the binary entropy of the share of members that say yes."""
        members, yes = 0, np.zeros((0, 0), dtype=np.int64)
        for codes in votes:
            yes = yes + codes if members else codes
            members += 1
        split = np.count_nonzero((yes > 0) & (yes < members), axis=1)

        def words(row: int) -> str:
            s = "" if split[row] == 1 else "s"
            return f"{members} models are divided over {split[row]} label{s}"

        entropy = np.asarray(-binary_log(yes / members).mean(axis=1))
        return Division(entropy, "a committee's mean vote entropy", words)

    def _folds(self, truth: Positions, rng: np.random.Generator) -> Positions | None:
        """At random: a fair share of each label at once is not to be had where records have
        several."""
        return None if len(truth) < FOLDS else rng.permutation(len(truth)) % FOLDS

    def _likelihood(self, p: Floats64, truth: Positions) -> Floats64:
        return np.where(truth, p, 1 - p)


SINGLE, MULTI = SingleLabelLearning(), MultiLabelLearning()


def learning_space(schema: HasMultiple) -> LearningSpace:
    """The learning space of a schema, or of a pool under it."""
    return MULTI if schema.multiple else SINGLE


def micro_f1(pairs: Pairs) -> float | None:
    """2 TP / (2 TP + FP + FN) over every label of all records' pairs; None for no label.

    An answer None counts as the empty set: each true label is missed. Source: Lewis, Evaluating
    text categorization, 1991 (micro-averaging).
    """
    hits = total = 0
    for true, answer in pairs:
        hits += 2 * len(set(true) & set(answer or ()))
        total += len(true) + len(answer or ())
    return hits / total if total else None


def _exact(pairs: Pairs) -> Estimate | None:
    return share_right([true == answer for true, answer in pairs])
