"""A linear head that learns from the unlabelled part of the pool, and from labels' names, too.

Labels are few and texts are many: where texts with one label lie together, an unlabelled neighbour
says almost as much as a labelled one. And people give labels names, which an encoder can read
before anybody has labelled anything. Steps:

1. A linear head on the labelled rows alone, to which names are rows with labels of their own and
   the centre of its penalty (`trust_in_names`), as far as the labelled rows bear them out.
2. Label mass spread over the neighbourhood graph of all rows (`tiebreak.learner.graph`). The
   normalised product of both opinions is a soft target, which is sure only where both agree.
3. A linear head that fits labels and soft targets, is sure of its rows, and spreads them over the
   classes as their prior says (`_objective`). The prior is the soft targets' mean, smoothed by
   `EVEN` rows of each class: even at first, the pool's own once labels have shown it.

A name's embedding is its prototype. By itself the nearest prototype is right on 62 % of BANKING77
and 70 % of SIB-200, without one label; on ham against spam it says nothing. So prototypes enter a
head in proportion to their measured *trust*: as rows of their own class, and as the centre that
its penalty pulls the weights to.

What comes out is a `LinearHead`: the pool is needed to train, not to predict. Settings were chosen
on parts of train splits, never on a test part (benchmarks/selection/heads.py, decision 8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Positions
from tiebreak.errors import UsageError
from tiebreak.learner._threads import one_thread
from tiebreak.learner.classifiers._objective import (
    LabelledRows,
    Objective,
    SoftTargets,
    logits,
    row_softmax,
    solve,
)
from tiebreak.learner.classifiers.logistic import Logistic, targets_of
from tiebreak.learner.graph import affinity, spread_labels
from tiebreak.learner.heads import LinearHead

MAX_ROWS = 6_000
"""Of the graph, labelled ones first. Its neighbours are exact, so time grows with the square."""

MIN_UNLABELLED = 1_000
"""Kept in the graph beside any number of labelled rows: the classes' shares are read off them."""

EVEN = 10.0
"""Rows of each class that the prior over classes is smoothed by, beside the labelled ones."""

NAME_WEIGHT = 2.0
"""Of a prototype as a labelled row, at full trust."""

PULL = 10.0
"""Slope by the cosine to a prototype that the penalty is centred on, at full trust."""

BELIEF, BELIEVED = 0.5, 20.0
"""Trust before any label, and how many labels weigh as much as it."""

MIN_TRUST = 0.2
"""Below it, a class without a labelled row has no place in a head."""


class SemiSupervised:
    """A `tiebreak.domain.ports.Classifier`. Deterministic."""

    name = "semi_supervised"

    def fit(
        self,
        vectors: Floats,
        labels: Sequence[str],
        classes: tuple[str, ...],
        c: float,
        sample_weight: Floats64 | None = None,
        *,
        unlabelled: Floats | None = None,
        prototypes: Floats | None = None,
    ) -> LinearHead | None:
        """Train on float32[n, d] and n names out of *classes*, and on *unlabelled* float32[m, d].

        Without unlabelled rows, or with fewer than two classes to tell apart, it is `Logistic`.
        The rows of *unlabelled* should be drawn at random from the pool; those past `MAX_ROWS` are
        left out, though never the first `MIN_UNLABELLED`.

        *prototypes* float32[k, d] are unit vectors of the classes' names, in schema order; another
        shape is a `UsageError`. With them a class without a labelled row can be predicted while
        names are trusted, and n may be 0: such a head knows names alone. It is good for choosing
        what to label first, and for nothing that is taken for an answer.
        """
        targets = targets_of(vectors, labels, classes)
        weight = np.ones(len(targets)) if sample_weight is None else sample_weight
        trusted = 0.0
        if prototypes is not None:
            _check(prototypes, len(classes), vectors)
            trusted = trust_in_names(prototypes, vectors, targets, weight)
        known = np.unique(targets)
        if trusted >= MIN_TRUST:
            known = np.arange(len(classes))
        if unlabelled is None or not len(unlabelled) or len(known) < 2:
            return Logistic().fit(vectors, labels, classes, c, sample_weight)
        flat = np.zeros((len(known), vectors.shape[1]))
        labelled = LabelledRows(vectors, np.searchsorted(known, targets), weight, flat, c)
        if prototypes is not None:
            labelled = _with_names(labelled, prototypes[known], trusted)
        with one_thread():
            weights, converged = _fit(labelled, len(targets), unlabelled)
        coef = np.zeros((len(classes), vectors.shape[1]))
        intercept = np.full(len(classes), -np.inf)
        coef[known], intercept[known] = weights[:, :-1], weights[:, -1]
        return LinearHead(classes=classes, c=c, coef=coef, intercept=intercept, converged=converged)


def create() -> SemiSupervised:
    """The classifier, for the registry."""
    return SemiSupervised()


def _check(prototypes: Floats, k: int, vectors: Floats) -> None:
    if prototypes.shape != (k, vectors.shape[1]):
        raise UsageError(
            f"Prototypes of shape {prototypes.shape!r} came for {k} classes and vectors of "
            f"{vectors.shape[1]} numbers.",
            mend="Give one row for each class, of the same embedder.",
        )


def _with_names(labelled: LabelledRows, names: Floats, trusted: float) -> LabelledRows:
    """The labelled rows and, after them, the names in so far as they are *trusted*."""
    return replace(
        labelled,
        rows=np.concatenate([labelled.rows, names]),
        of=np.concatenate([labelled.of, np.arange(len(names))]),
        weight=np.concatenate([labelled.weight, np.full(len(names), NAME_WEIGHT * trusted)]),
        centre=name_centre(names, trusted),
    )


def _fit(labelled: LabelledRows, n: int, unlabelled: Floats) -> tuple[Floats64, bool]:
    """Weights float64[k, d + 1]; the first *n* of the labelled rows were given, the rest are names.

    Both steps start from the one before.
    """
    k = len(labelled.centre)
    start, _ = solve(Objective(labelled), np.hstack([labelled.centre, np.zeros((k, 1))]))
    room = max(MIN_UNLABELLED, MAX_ROWS - len(labelled.rows))
    rows = np.concatenate([labelled.rows, unlabelled[:room]])
    soft = soft_targets(rows, start, labelled.of, labelled.weight)
    share = soft[len(labelled.of) :].mean(axis=0, dtype=np.float64)
    prior = labelled.weight[:n].sum() * share + EVEN
    return solve(Objective(labelled, SoftTargets(rows, soft, prior / prior.sum())), start)


def soft_targets(rows: Floats, weights: Floats64, of: Positions, mark: Floats64) -> Floats:
    """float32[m, k]: the normalised product of the linear head's opinion and the graph's.

    The first ``len(of)`` rows are the labelled ones; *mark* is the mass that each spreads.
    """
    mass = spread_labels(affinity(rows), np.arange(len(of)), of, len(weights), mark)
    product = row_softmax(logits(rows, weights)) * mass
    return np.asarray(product / product.sum(axis=1, keepdims=True), dtype=np.float32)


def trust_in_names(prototypes: Floats, rows: Floats, of: Positions, weight: Floats64) -> float:
    """How far names can be relied on, in [0, 1].

    It is the skill (a - s) / (1 - s) of the nearest prototype on the labelled rows, not below 0,
    where a is its accuracy and s the share of the most frequent label; shrunk to `BELIEF`.

    Args:
        prototypes: float32[k, d]; ``rows`` float32[n, d] with classes ``of`` int64[n].
        weight: float64[n] of the rows.
    """
    total = float(weight.sum())
    if total <= 0:
        return BELIEF
    right = float(weight @ ((rows @ prototypes.T).argmax(axis=1) == of)) / total
    share = float(np.bincount(of, weights=weight).max()) / total
    skill = max(0.0, (right - share) / (1.0 - share)) if share < 1 else 0.0
    return (total * skill + BELIEVED * BELIEF) / (total + BELIEVED)


def name_centre(prototypes: Floats, trusted: float) -> Floats64:
    """float64[k, d]: weights whose logits are `PULL` x trust x cosine, over classes of mean 0."""
    middle = prototypes.mean(axis=0, dtype=np.float64)
    return np.asarray(PULL * trusted * (prototypes.astype(np.float64) - middle))
