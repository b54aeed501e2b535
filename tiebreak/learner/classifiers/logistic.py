"""Multinomial logistic regression over unit vectors: the default head."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Positions
from tiebreak.domain.label_space import label_codes
from tiebreak.errors import UsageError
from tiebreak.learner._threads import one_thread
from tiebreak.learner.heads import LinearHead

MAX_ITER = 300
"""lbfgs needs 20 to 60 iterations on 2,000 x 384 x 77; a fit that reaches this says so."""


class Logistic:
    """A `tiebreak.domain.ports.Classifier` on scikit-learn's lbfgs solver. Deterministic.

    float64 throughout: float32 would save half of .4 s at 2,000 x 384 x 77, but depends more on
    the machine. One BLAS thread, which is up to ten times faster than many at these sizes.
    """

    name = "logistic"

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
        """Train on float32[n, d] and n names out of *classes*; None without a row.

        Args:
            vectors: unit vectors, one a row.
            labels: the label of each row; one outside *classes* is a `LabelError`.
            classes: all names of the schema, in its order.
            c: inverse strength of the L2 penalty (scikit-learn's C).
            sample_weight: float64[n], or None for ones.
            unlabelled: not used; nor are ``prototypes``.
        """
        targets = targets_of(vectors, labels, classes)
        seen = np.unique(targets)
        if not len(seen):
            return None
        coef = np.zeros((len(classes), vectors.shape[1]))
        intercept = np.full(len(classes), -np.inf)
        converged = True
        if len(seen) == 1:  # nothing to tell apart: that class, whatever the text
            intercept[seen] = 0.0
        else:
            coef[seen], intercept[seen], converged = _solve(vectors, targets, c, sample_weight)
        return LinearHead(classes=classes, c=c, coef=coef, intercept=intercept, converged=converged)


def create() -> Logistic:
    """The classifier, for the registry."""
    return Logistic()


def targets_of(vectors: Floats, labels: Sequence[str], classes: tuple[str, ...]) -> Positions:
    """`label_codes` of as many labels as there are vectors."""
    if len(vectors) != len(labels):
        raise UsageError(
            f"{len(vectors)} vectors came with {len(labels)} labels.", mend="Give one for each."
        )
    return label_codes(labels, classes)


def _solve(
    vectors: Floats,
    targets: Positions,
    c: float,
    sample_weight: Floats64 | None,
) -> tuple[Floats64, Floats64, bool]:
    """Weights [s, d] and biases [s] of the s classes that occur; whether the solver finished."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=c, max_iter=MAX_ITER)
    with warnings.catch_warnings(), one_thread():
        # told by LinearHead.converged
        warnings.simplefilter("ignore", ConvergenceWarning)
        # a young project has a label or two a class, and is right to have them
        warnings.filterwarnings("ignore", message=".*unique classes is greater than 50%")
        model.fit(vectors.astype(np.float64), targets, sample_weight)
    coef, intercept = model.coef_, model.intercept_
    if len(coef) == 1:  # two classes: one row, whose sign tells them apart
        coef, intercept = np.vstack([-coef, coef]) / 2, np.concatenate([-intercept, intercept]) / 2
    return coef, intercept, bool(np.max(model.n_iter_) < MAX_ITER)
