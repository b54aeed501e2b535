"""One logistic regression a label, applies or not, all solved at once: the multi-label head.

With z_il = w_l·x_i + b_l and y_il = ±1, the W and b that minimise

    sum_l [ 1/n sum_i ln(1 + exp(-y_il z_il)) + ||w_l||² / (2 C n) ]

which is scikit-learn's binary logistic regression for each label (binary relevance: Boutell et al.,
Learning multi-label scene classification, 2004). The labels share nothing, so that one solver
takes them together, with one matrix product a step. Rare labels have no weight of their own, since
weights shift the probabilities that the threshold of one half stands on: where labels are few, the
head errs on the side of leaving a rare one out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tiebreak.domain.arrays import Flags, Floats, Floats64
from tiebreak.domain.label_space import memberships
from tiebreak.domain.labels import LabelValue
from tiebreak.errors import UsageError
from tiebreak.learner._threads import one_thread
from tiebreak.learner.heads import LinearHead

MAX_ITER = 300
TOLERANCE = 1e-5
"""Of the gradient of a label's mean loss: at the exact optimum a probability is .001 elsewhere."""


class OneVsRest:
    """A `tiebreak.domain.ports.SetClassifier`. Deterministic, one BLAS thread."""

    name = "one_vs_rest"

    def fit(
        self, vectors: Floats, sets: Sequence[LabelValue], classes: tuple[str, ...], c: float
    ) -> LinearHead | None:
        """Train on float32[n, d] and n label values of *classes*; None without a row.

        A label that no row has gets probability 0. One that all n have is not told from anything:
        it gets (n + 1) / (n + 2), whatever the text (Laplace's rule of succession).
        """
        truth = memberships(sets, classes)
        if len(vectors) != len(truth):
            raise UsageError(
                f"{len(vectors)} vectors came with {len(truth)} label values.",
                mend="Give one for each.",
            )
        if not len(truth):
            return None
        n, counts = len(truth), truth.sum(axis=0)
        coef = np.zeros((len(classes), vectors.shape[1]))
        intercept = np.where(counts == n, np.log(n + 1.0), -np.inf)
        apart = np.flatnonzero((counts > 0) & (counts < n))
        converged = True
        if len(apart):
            coef[apart], intercept[apart], converged = _solve(vectors, truth[:, apart], c)
        return LinearHead(
            classes=classes,
            c=c,
            coef=coef,
            intercept=intercept,
            converged=converged,
            link="sigmoid",
        )


def create() -> OneVsRest:
    """The classifier, for the registry."""
    return OneVsRest()


def _solve(vectors: Floats, truth: Flags, c: float) -> tuple[Floats64, Floats64, bool]:
    """Weights [s, d] and biases [s] of labels that some rows have and some not; finished or not."""
    from scipy.optimize import minimize

    rows = vectors.astype(np.float64)
    n, k = truth.shape
    sign = np.where(truth, 1.0, -1.0)
    decay = 1 / (c * n)
    share = truth.mean(axis=0)
    start = np.hstack([np.zeros((k, rows.shape[1])), np.log(share / (1 - share))[:, None]])

    def objective(flat: Floats64) -> tuple[float, Floats64]:
        weights = flat.reshape(k, -1)
        w = weights[:, :-1]
        right = sign * (rows @ w.T + weights[:, -1])
        value = float(np.logaddexp(0.0, -right).sum() / n + decay / 2 * (w * w).sum())
        slope = -sign * np.exp(-np.logaddexp(0.0, right)) / n
        gradient = np.hstack([slope.T @ rows + decay * w, slope.sum(axis=0)[:, None]])
        return value, gradient.ravel()

    options = {"maxiter": MAX_ITER, "gtol": TOLERANCE, "ftol": 0.0}
    with one_thread():
        result: Any = minimize(
            objective, start.ravel(), jac=True, method="L-BFGS-B", options=options
        )
    weights = result.x.reshape(k, -1)
    return weights[:, :-1], weights[:, -1], bool(result.nit < MAX_ITER)
