"""The one place where records with one label each and with any number of labels differ.

`label_space` gives the implementation for a schema: `SINGLE` or `MULTI`. Both are stateless. A
label value is *coded* as a row of int64: its label's position in the classes, int64[n, 1], or for
each class whether it applies, int64[n, k] of 0 and 1. Equal values have equal codes, so that
whoever compares values (`agrees`) need not know which of the two it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tiebreak.domain.arrays import Flags, Floats, Floats64, Positions
from tiebreak.domain.evidence import Estimate
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Head, HeadLink
from tiebreak.learner import measures
from tiebreak.learner.calibration import fit_sets_temperature, fit_temperature, sigmoid, softmax
from tiebreak.learner.choose_c import (
    CHOICES,
    DEFAULT_C,
    FOLDS,
    LOSS_FLOOR,
    deal,
    least_loss,
)
from tiebreak.learner.classifiers.logistic import Logistic, label_codes
from tiebreak.learner.estimation.accuracy import share_right
from tiebreak.learner.heads import LinearHead
from tiebreak.learner.measures import GuessErrors, Measure, MeasureName
from tiebreak.learner.set_classifiers.one_vs_rest import OneVsRest, memberships

THRESHOLD = 0.5
"""From this probability on, a label of a multi-label record is taken to apply."""

Pairs = Sequence[tuple[LabelValue, LabelValue | None]]
"""The true label value and the answer, None for an abstention, of each record."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerScores:
    """How often ``model`` and ``agent`` have a record's whole label value right, each None for no
    answer, of ``n`` records. ``micro_f1`` is theirs by name; None where records have one label."""

    n: int
    model: Estimate | None
    agent: Estimate | None
    micro_f1: Mapping[str, float | None] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Division:
    """A committee's votes on n records: their ``entropy`` in nats, float64[n], what that is
    ``called``, and a record's votes in ``words``, by its row."""

    entropy: Floats64
    called: str
    words: Callable[[int], str]


class LabelSpace(Protocol):
    """What label values are, and how they are predicted, compared, learnt and scored."""

    @property
    def link(self) -> HeadLink:
        """Of the heads that predict these values."""
        ...

    @property
    def default_c(self) -> float:
        """The C of a head before there is a choice."""
        ...

    @property
    def only_head(self) -> str | None:
        """The name of the one classifier there is; None where the settings choose."""
        ...

    @property
    def uncertainty(self) -> Mapping[MeasureName, Measure]:
        """Measures of doubt over float64[n, k] probabilities."""
        ...

    def errors(self, p: Floats64) -> GuessErrors:
        """What the most probable values leave over of probabilities float64[n, k]."""
        ...

    def best(self, p: Iterable[float], classes: tuple[str, ...]) -> tuple[LabelValue, float]:
        """The most probable value under k probabilities of *classes*, and its probability."""
        ...

    def confidence(self, p: Floats64) -> Floats64:
        """The probability of each row's most probable value, float64[n]."""
        ...

    def decide(self, p: Floats64) -> Positions:
        """The codes of each row's most probable value, from probabilities float64[n, k]."""
        ...

    def decide_logits(self, logits: Floats64) -> Positions:
        """`decide`, from logits float64[n, k]."""
        ...

    def encode(self, values: Sequence[LabelValue], classes: tuple[str, ...]) -> Positions:
        """The codes of label values; a name outside *classes* is a `LabelError`."""
        ...

    def probabilities(self, logits: Floats64, temperature: float = 1.0) -> Floats64:
        """Probabilities float64[n, k] of logits over a temperature; see `calibration`."""
        ...

    def fit(
        self, vectors: Floats, values: Sequence[LabelValue], classes: tuple[str, ...], c: float
    ) -> LinearHead | None:
        """A plain linear head from float32[n, d] and n label values; None without a row."""
        ...

    def choose_c(
        self,
        vectors: Floats,
        values: Sequence[LabelValue],
        classes: tuple[str, ...],
        rng: np.random.Generator,
    ) -> float:
        """The C of {3, 10, 30, 100} with the least log-loss of `fit` in 3-fold cross-validation.

        Scored over all *classes*. The default wins a tie, and stands where there is no fair split.

        Args:
            vectors: float32[n, d] unit vectors; ``values``: n label values.
            classes: all names of the schema, in its order.
            rng: deals the rows into folds.
        """
        ...

    def fit_temperature(self, p: Floats64, truth: Positions) -> float:
        """The temperature for probabilities float64[n, k], which were given at T = 1 before the
        codes *truth* were known; see `calibration`."""
        ...

    def keeps_c_of(self, head: str) -> bool:
        """Whether the C of the last head, by its classifier's name, goes on to the next one."""
        ...

    def score(self, n: int, *, model: Pairs, agent: Pairs) -> AnswerScores:
        """What model and agent have right of *n* records; an abstention is not right."""
        ...

    def weighted_vote(self, codes: Positions, weight: Floats, k: int) -> Positions:
        """The codes [n, w] that the most weight stands for.

        Args:
            codes: int64[n, m, w] of m voters for each row.
            weight: float32[n, m], what each of them weighs.
            k: how many classes there are.
        """
        ...

    def vote_entropy(self, votes: Iterable[Positions]) -> Division:
        """How divided a committee is, from the codes [n, w] that each member gives n records."""
        ...


class SingleLabel:
    """Each record has one label of all."""

    link: HeadLink = "softmax"
    default_c = DEFAULT_C
    only_head: str | None = None
    uncertainty = measures.OF_LABELS

    def errors(self, p: Floats64) -> GuessErrors:
        """Of one label."""
        return measures.LabelErrors(p)

    def best(self, p: Iterable[float], classes: tuple[str, ...]) -> tuple[LabelValue, float]:
        """The label of the greatest probability."""
        row = np.asarray(p, dtype=np.float64)
        at = int(row.argmax())
        return (classes[at],), float(row[at])

    def confidence(self, p: Floats64) -> Floats64:
        """The greatest probability."""
        return np.asarray(p.max(axis=1))

    def decide(self, p: Floats64) -> Positions:
        """Its position."""
        return np.asarray(p.argmax(axis=1)[:, None])

    decide_logits = decide

    def encode(self, values: Sequence[LabelValue], classes: tuple[str, ...]) -> Positions:
        """Positions int64[n, 1]."""
        return label_codes([value[0] for value in values], classes).reshape(-1, 1)

    def probabilities(self, logits: Floats64, temperature: float = 1.0) -> Floats64:
        """By softmax: rows sum to 1."""
        return softmax(logits, temperature)

    def fit(
        self, vectors: Floats, values: Sequence[LabelValue], classes: tuple[str, ...], c: float
    ) -> LinearHead | None:
        """By multinomial logistic regression."""
        return Logistic().fit(vectors, [value[0] for value in values], classes, c)

    def choose_c(
        self,
        vectors: Floats,
        values: Sequence[LabelValue],
        classes: tuple[str, ...],
        rng: np.random.Generator,
    ) -> float:
        """In stratified folds; there is no fair split where fewer than two classes have a row in
        each fold."""
        truth = self.encode(values, classes)[:, 0]
        if (np.bincount(truth, minlength=2) >= FOLDS).sum() < 2:
            return self.default_c

        def loss(c: float, train: Positions, test: Positions) -> float:
            head = self.fit(vectors[train], [values[i] for i in train.tolist()], classes, c)
            assert head is not None  # two classes have rows in every fold
            p = softmax(head.logits(vectors[test]))[np.arange(len(test)), truth[test]]
            return -float(np.log(np.maximum(p, LOSS_FLOOR)).sum())

        return least_loss(CHOICES, deal(truth, rng), loss)

    def fit_temperature(self, p: Floats64, truth: Positions) -> float:
        """Of least log-loss of the true label."""
        return fit_temperature(np.log(np.maximum(p, 1e-300)), truth[:, 0])

    def keeps_c_of(self, head: str) -> bool:
        """Classifiers share their C."""
        return True

    def score(self, n: int, *, model: Pairs, agent: Pairs) -> AnswerScores:
        """The share of labels that are right."""
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


class MultiLabel:
    """Any number of labels apply to a record, each with a probability of its own."""

    link: HeadLink = "sigmoid"
    default_c = 10.0
    """On parts of 1,381 issues with 14 tags (benchmarks/multi_label.py), 10 has the least log-loss
    from 40 to 400 records, and exact matches within two and a half points of the best."""
    only_head: str | None = OneVsRest.name
    uncertainty = measures.OF_SETS

    def errors(self, p: Floats64) -> GuessErrors:
        """Of each label, kept whole."""
        return measures.SetErrors(p, THRESHOLD)

    def best(self, p: Iterable[float], classes: tuple[str, ...]) -> tuple[LabelValue, float]:
        """The labels from `THRESHOLD` on, and prod_l max(p_l, 1 - p_l), the probability that each
        single one is decided rightly if they err independently."""
        row = np.asarray(p, dtype=np.float64)
        value = tuple(name for name, on in zip(classes, row >= THRESHOLD, strict=True) if on)
        return value, float(np.maximum(row, 1 - row).prod())

    def confidence(self, p: Floats64) -> Floats64:
        """prod_l max(p_l, 1 - p_l)."""
        return np.asarray(np.maximum(p, 1 - p).prod(axis=1))

    def decide(self, p: Floats64) -> Positions:
        """1 from `THRESHOLD` on."""
        return np.asarray(p >= THRESHOLD, dtype=np.int64)

    def decide_logits(self, logits: Floats64) -> Positions:
        """1 from 0 on, whose sigmoid is one half."""
        return np.asarray(logits >= 0, dtype=np.int64)

    def encode(self, values: Sequence[LabelValue], classes: tuple[str, ...]) -> Positions:
        """int64[n, k] of 0 and 1."""
        return memberships(values, classes).astype(np.int64)

    def probabilities(self, logits: Floats64, temperature: float = 1.0) -> Floats64:
        """By a sigmoid each."""
        return sigmoid(logits, temperature)

    def fit(
        self, vectors: Floats, values: Sequence[LabelValue], classes: tuple[str, ...], c: float
    ) -> LinearHead | None:
        """By one logistic regression a label."""
        return OneVsRest().fit(vectors, values, classes, c)

    def choose_c(
        self,
        vectors: Floats,
        values: Sequence[LabelValue],
        classes: tuple[str, ...],
        rng: np.random.Generator,
    ) -> float:
        """By binary log-loss, in folds at random: a fair share of each label at once is not to be
        had where records have several. There is no split where there are fewer rows than folds."""
        if len(values) < FOLDS:
            return self.default_c
        truth = memberships(values, classes)

        def loss(c: float, train: Positions, test: Positions) -> float:
            head = self.fit(vectors[train], [values[i] for i in train.tolist()], classes, c)
            assert head is not None  # every fold has a row
            p = sigmoid(head.logits(vectors[test]))
            return -float(np.log(np.maximum(np.where(truth[test], p, 1 - p), LOSS_FLOOR)).sum())

        choices = (self.default_c, *(c for c in CHOICES if c != self.default_c))
        return least_loss(choices, rng.permutation(len(values)) % FOLDS, loss)

    def fit_temperature(self, p: Floats64, truth: Positions) -> float:
        """Of least binary log-loss."""
        return fit_sets_temperature(p, truth)

    def keeps_c_of(self, head: str) -> bool:
        """Single-label classifiers have another C."""
        return head == self.only_head

    def score(self, n: int, *, model: Pairs, agent: Pairs) -> AnswerScores:
        """The share of exact sets, and micro-averaged F1."""
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

        entropy = -measures.binary_log(yes / members).mean(axis=1)
        return Division(np.asarray(entropy), "a committee's mean vote entropy", words)


SINGLE, MULTI = SingleLabel(), MultiLabel()


class HasMultiple(Protocol):
    """A label schema, a pool, predictions: whatever says if any number of labels may apply."""

    @property
    def multiple(self) -> bool: ...


def label_space(schema: HasMultiple) -> LabelSpace:
    """The label space of a schema, or of a pool or predictions under it."""
    return MULTI if schema.multiple else SINGLE


def head_space(head: Head) -> LabelSpace:
    """The label space that a head predicts in, by its link."""
    return MULTI if head.link == MULTI.link else SINGLE


def agrees(first: Positions, second: Positions) -> Flags:
    """Which label values are equal, bool[n], from their codes [n, w]."""
    return np.asarray((first == second).all(axis=1))


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
