"""Choose C for the multi-label head, as `tiebreak.learner.choose_c` does for the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Floats
from tiebreak.learner.calibration import sigmoid
from tiebreak.learner.choose_c import CHOICES, FLOOR, FOLDS
from tiebreak.learner.set_classifiers.one_vs_rest import OneVsRest, memberships

DEFAULT_C = 10.0
"""On parts of 1,381 issues with 14 tags (benchmarks/selection/multi_label.py), 10 has the least
log-loss from 40 to 400 records, and exact matches within two and a half points of the best."""


def choose_c_sets(
    vectors: Floats, sets: Sequence[LabelValue], classes: tuple[str, ...], rng: np.random.Generator
) -> float:
    """The C of {3, 10, 30, 100} with the least binary log-loss in 3-fold cross-validation.

    The folds are drawn by lot: a fair share of each label at once is not to be had where records
    have several. The default wins a tie, and stands where there are fewer rows than folds.

    Args:
        vectors: float32[n, d] unit vectors; ``sets``: n label values of *classes*.
        classes: all names of the schema, in its order.
        rng: deals the rows into folds.
    """
    if len(sets) < FOLDS:
        return DEFAULT_C
    truth = memberships(sets, classes)
    fold = rng.permutation(len(sets)) % FOLDS

    def loss(c: float) -> float:
        total = 0.0
        for held in range(FOLDS):
            train, test = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
            head = OneVsRest().fit(vectors[train], [sets[i] for i in train.tolist()], classes, c)
            assert head is not None  # every fold has a row
            p = sigmoid(head.logits(vectors[test]))
            total -= float(np.log(np.maximum(np.where(truth[test], p, 1 - p), FLOOR)).sum())
        return total

    return min((DEFAULT_C, *(c for c in CHOICES if c != DEFAULT_C)), key=loss)
