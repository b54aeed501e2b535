"""Choose the head's C: the library's default of 1 costs four points of accuracy on BANKING77."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Floats
from tiebreak.learner.calibration import softmax
from tiebreak.learner.classifiers.logistic import Logistic

DEFAULT_C = 30.0
CHOICES = (DEFAULT_C, 3.0, 10.0, 100.0)
"""The default first, so that it wins a tie."""
FOLDS = 3
FLOOR = 1e-6
"""The least probability that a true label is scored with. A fold's head gives 0 to a class that it
never saw; so scored, such a row costs every C the same and does not sway the choice."""


def needs_choice(n_labels: int, chosen_at: int, n_classes: int) -> bool:
    """Whether C should be chosen anew.

    True from three labels a class (on average) on, when there was no choice yet (*chosen_at* 0)
    or the label count has grown by half since. Before that the default stands.
    """
    return n_labels >= FOLDS * n_classes and 2 * n_labels >= 3 * chosen_at


def choose_c(
    vectors: Floats, labels: Sequence[str], classes: tuple[str, ...], rng: np.random.Generator
) -> float:
    """The C of {3, 10, 30, 100} with the least log-loss in stratified 3-fold cross-validation.

    Scored over all *classes* (see `FLOOR`). Where no label occurs often enough for a fair split
    (fewer than two classes with a row in each fold), it is the default, 30.

    Args:
        vectors: float32[n, d] unit vectors; ``labels``: n names out of *classes*.
        classes: all names of the schema, in its order.
        rng: deals the rows of each class into folds.
    """
    place = {name: i for i, name in enumerate(classes)}
    truth = np.array([place[name] for name in labels], dtype=np.int64)
    if (np.bincount(truth, minlength=2) >= FOLDS).sum() < 2:
        return DEFAULT_C
    fold = deal(truth, rng)

    def loss(c: float) -> float:
        total = 0.0
        for held in range(FOLDS):
            train, test = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
            head = Logistic().fit(vectors[train], [labels[i] for i in train.tolist()], classes, c)
            assert head is not None  # two classes have rows in every fold
            p = softmax(head.logits(vectors[test]))[np.arange(len(test)), truth[test]]
            total -= float(np.log(np.maximum(p, FLOOR)).sum())
        return total

    return min(CHOICES, key=loss)


def deal(
    truth: npt.NDArray[np.int64], rng: np.random.Generator, folds: int = FOLDS
) -> npt.NDArray[np.int64]:
    """Fold 0..folds-1 per row: each class is spread as evenly as it can be, and so are the folds.

    scikit-learn's splitter warns of classes with fewer rows than folds, which are normal here.
    """
    order = rng.permutation(len(truth))
    order = order[np.argsort(truth[order], kind="stable")]
    fold = np.empty(len(truth), dtype=np.int64)
    fold[order] = np.arange(len(truth)) % folds
    return fold
