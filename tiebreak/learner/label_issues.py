"""Which labels are probably wrong: confident learning, over a judge that did not learn them.

Source: Northcutt, Jiang & Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels,
JAIR 70 (2021), by its authors' package ``cleanlab`` (Apache-2.0 from 2.8 on). A row is *flagged*
where the confident joint says so; the order is by *quality*, the judge's probability of the label
that the row has, so that a re-check can go on past the flagged ones or stop before their end.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Flags, Floats, Floats64, Positions
from tiebreak.domain.label_space import label_codes
from tiebreak.errors import UsageError
from tiebreak.learner.calibration import softmax
from tiebreak.learner.choose_c import deal
from tiebreak.learner.classifiers.logistic import Logistic

FOLDS = 5
MIN_LABELS = 3
"""Rows that a label needs before it is judged: fewer and a fold's head hardly knows the label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """``probabilities`` float64[m, k] of the judge; ``known`` bool[k], labels it learnt enough of.

    A row of probabilities that is all zero was not judged.
    """

    probabilities: Floats64
    known: Flags


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspect:
    """A judged row. ``quality`` in [0, 1], lower is worse: p(``given``); ``better`` is the judge's
    best label, of probability ``confidence``; ``flagged`` by confident learning."""

    position: int
    given: str
    better: str
    quality: float
    confidence: float
    flagged: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelIssues:
    """Every judged row, worst first, and the positions of the rows that could not be judged."""

    suspects: tuple[Suspect, ...]
    unjudged: tuple[int, ...]


def judge_labels(
    vectors: Floats,
    labels: Sequence[str],
    classes: tuple[str, ...],
    c: float,
    rng: np.random.Generator,
    *,
    queries: Floats | None = None,
    positions: Positions | None = None,
    folds: int = FOLDS,
) -> Judgement:
    """Probabilities for each query by the project's classifier, which never learnt that very row.

    The rows to learn from are dealt into stratified folds. A query that is one of them is judged
    by the head of the other folds, any other query by the head of all rows. A label with fewer
    than `MIN_LABELS` rows is not ``known``; with fewer than two known labels there is no judgement.

    Args:
        vectors: float32[n, d] unit vectors to learn from; ``labels`` their n names.
        classes: all names of the schema, in its order.
        c: the head's inverse strength of regularisation.
        rng: deals the folds.
        queries: float32[m, d]; None for the rows themselves.
        positions: int64[m], the place in *vectors* of each query, -1 for one that is not there.
        folds: how many, 2 or more.

    Raises:
        LabelError: a label outside *classes*.
        UsageError: *queries* without *positions* of the same length; fewer than two folds.
    """
    if queries is None:
        queries, positions = vectors, np.arange(len(vectors))
    if positions is None or len(positions) != len(queries) or folds < 2:
        raise UsageError(
            f"{len(queries)} queries came with {0 if positions is None else len(positions)} own "
            f"positions and {folds!r} folds.",
            mend="Give a position (or -1) for each, and two folds or more.",
        )
    truth = label_codes(labels, classes)
    known = np.bincount(truth, minlength=len(classes)) >= MIN_LABELS
    probabilities = np.zeros((len(queries), len(classes)))
    if known.sum() < 2:
        return Judgement(probabilities=probabilities, known=np.zeros_like(known))
    fold = deal(truth, rng, folds)
    of_query = np.where(positions >= 0, fold[positions], -1)
    for left_out in np.unique(of_query):
        learnt = np.flatnonzero(fold != left_out)  # all of them for -1
        asked = np.flatnonzero(of_query == left_out)
        head = Logistic().fit(vectors[learnt], [labels[i] for i in learnt.tolist()], classes, c)
        assert head is not None  # a known label has rows in every fold's rest
        probabilities[asked] = softmax(head.logits(queries[asked]))
    return Judgement(probabilities=probabilities, known=known)


def find_label_issues(
    labels: Sequence[str], judgement: Judgement, classes: tuple[str, ...]
) -> LabelIssues:
    """Rank *labels* (m names out of *classes*) by how doubtful the judgement finds them.

    A row whose label the judge does not know is not judged: it would look wrong whatever it is.
    Ties go to the earlier row.

    Raises:
        LabelError: a label outside *classes*.
    """
    given = label_codes(labels, classes)
    fit = judgement.known[given]
    at = np.flatnonzero(fit)
    unjudged = tuple(np.flatnonzero(~fit).tolist())
    if not len(at):
        return LabelIssues(suspects=(), unjudged=unjudged)
    p = judgement.probabilities[at]
    quality = p[np.arange(len(at)), given[at]]
    flagged = _flagged(given[at], p)
    best = p.argmax(axis=1)
    order = np.argsort(quality, kind="stable")
    return LabelIssues(
        suspects=tuple(
            Suspect(
                position=int(at[i]),
                given=classes[given[at[i]]],
                better=classes[best[i]],
                quality=float(quality[i]),
                confidence=float(p[i, best[i]]),
                flagged=bool(flagged[i]),
            )
            for i in order
        ),
        unjudged=unjudged,
    )


def _flagged(given: Positions, p: Floats64) -> Flags:
    """bool[n] by the confident joint, over the labels that occur: a label that no row was given
    has no threshold. Rows whose mass is all elsewhere are judged by what little they have here."""
    from cleanlab.filter import find_label_issues

    used, codes = np.unique(given, return_inverse=True)
    if len(used) < 2:
        return np.zeros(len(given), dtype=np.bool_)
    inside = p[:, used] + 1e-12
    with warnings.catch_warnings():
        # a label that one row was given is never flagged, which is right: nothing compares
        warnings.filterwarnings("ignore", message="May not flag all label issues")
        flags = find_label_issues(codes, inside / inside.sum(axis=1, keepdims=True), n_jobs=1)
    return np.asarray(flags, dtype=np.bool_)
