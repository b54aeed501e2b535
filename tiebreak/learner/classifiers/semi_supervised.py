"""A linear head that learns from the unlabelled pool too; plain logistic regression where it can't.

Three steps. (1) Logistic regression on the labelled rows. (2) Their labels spread over the
neighbourhood graph of labelled and unlabelled rows (`tiebreak.learner.graph`); the normalised
product of both opinions is a soft target for each row, which is sure only where both agree.
(3) A linear head that minimises, over labelled rows i and graph rows j,

    1/n Σ_i CE(y_i, p_i) + 1/m Σ_j CE(q_j, p_j) + η·1/m Σ_j H(p_j) + KL(mean_j p_j ‖ u) + ‖W‖²/(2Cn)

with q_j the soft targets and u uniform over the classes seen. The last two are the mutual
information between rows and labels (Boudiaf et al., "Transductive Information Maximization", 2020,
2008.11297; Bridle et al., 1991); the soft targets keep it true to the neighbourhoods where classes
are far from balanced.

What comes out is a `LinearHead`: the pool is needed to train, not to predict. Settings were chosen
on parts of train splits (BANKING77, CLINC150, SMS spam, SIB-200), as benchmarks/heads.py measures;
never on a test part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Floats
from tiebreak.learner._threads import one_thread
from tiebreak.learner.classifiers.logistic import Logistic, targets_of
from tiebreak.learner.graph import affinity, spread
from tiebreak.learner.heads import LinearHead

ENTROPY = 0.3
"""η: how much a row's own uncertainty costs."""

MAX_ROWS = 6_000
"""Of the graph, labelled ones first. Its neighbours are exact, so time grows with the square."""

MAX_ITER = 80
FLOOR = 1e-12

Matrix = npt.NDArray[np.float64]


class SemiSupervised:
    """A `tiebreak.domain.ports.Classifier`. Deterministic."""

    name = "semi_supervised"

    def fit(
        self,
        vectors: Floats,
        labels: Sequence[str],
        classes: tuple[str, ...],
        c: float,
        sample_weight: npt.NDArray[np.float64] | None = None,
        *,
        unlabelled: Floats | None = None,
    ) -> LinearHead | None:
        """Train on float32[n, d] with n names out of *classes*, and on *unlabelled* float32[m, d].

        Without unlabelled rows, or with fewer than two classes seen, it is `Logistic`. The rows of
        *unlabelled* should be drawn by lot from the pool; those past `MAX_ROWS` are left out.
        """
        base = Logistic().fit(vectors, labels, classes, c, sample_weight)
        targets = targets_of(vectors, labels, classes)
        seen = np.unique(targets)
        if base is None or unlabelled is None or not len(unlabelled) or len(seen) < 2:
            return base
        of = np.searchsorted(seen, targets)
        rows = np.concatenate([vectors, unlabelled[: max(0, MAX_ROWS - len(vectors))]])
        start = np.hstack([base.coef[seen], base.intercept[seen, None]])
        with one_thread():
            soft = soft_targets(rows, start, of)
            weights, converged = _solve(_Objective(rows, soft, of, c, sample_weight), start)
        coef, intercept = np.zeros_like(base.coef), np.full(len(classes), -np.inf)
        coef[seen], intercept[seen] = weights[:, :-1], weights[:, -1]
        return LinearHead(classes=classes, c=c, coef=coef, intercept=intercept, converged=converged)


def create() -> SemiSupervised:
    """The classifier, for the registry."""
    return SemiSupervised()


def soft_targets(rows: Floats, weights: Matrix, of: npt.NDArray[np.int64]) -> Floats:
    """float32[m, k]: the normalised product of the linear head's opinion and the graph's.

    The first ``len(of)`` rows are the labelled ones.
    """
    known = np.arange(len(of))
    mass = spread(affinity(rows), known, of, len(weights))
    product = _softmax(_logits(rows, weights)) * mass
    return np.asarray(product / product.sum(axis=1, keepdims=True), dtype=np.float32)


class _Objective:
    """The sum in the module's words, with its gradient. Rows in float32, sums in float64."""

    def __init__(
        self,
        rows: Floats,
        soft: Floats,
        of: npt.NDArray[np.int64],
        c: float,
        sample_weight: npt.NDArray[np.float64] | None,
    ) -> None:
        self._rows = rows
        self._soft = soft
        self._n, self._of = len(of), of
        weight = np.ones(len(of)) if sample_weight is None else sample_weight
        self._weight = weight / weight.sum()
        self._decay = 1.0 / (c * len(of))

    def __call__(self, flat: Matrix) -> tuple[float, Matrix]:
        """Value and gradient at weights float64[k * (d + 1)]."""
        weights = flat.reshape(self._soft.shape[1], -1)
        p = _softmax(_logits(self._rows, weights))
        logp = np.log(np.maximum(p, FLOOR))
        m, k = p.shape
        at = np.arange(self._n)
        own = (p * logp).sum(axis=1)
        mean = p.mean(axis=0, dtype=np.float64)
        tilt = np.log(np.maximum(mean, FLOOR) * k)
        value = (
            -float(self._weight @ logp[at, self._of])
            - float((self._soft * logp).sum()) / m
            - ENTROPY * float(own.sum()) / m
            + float(mean @ tilt)
            + self._decay / 2 * float((weights[:, :-1] ** 2).sum())
        )
        slope = p - self._soft  # of the logits, times m
        slope -= np.float32(ENTROPY) * p * (logp - own[:, None])
        slope += p * (tilt - (p @ tilt)[:, None]).astype(np.float32)
        slope /= m
        part = p[at] * self._weight[:, None]
        part[at, self._of] -= self._weight
        slope[: self._n] += part.astype(np.float32)
        gradient = np.hstack([slope.T @ self._rows, slope.sum(axis=0)[:, None]]).astype(np.float64)
        gradient[:, :-1] += self._decay * weights[:, :-1]
        return value, gradient.ravel()


def _solve(objective: _Objective, start: Matrix) -> tuple[Matrix, bool]:
    """Weights [k, d + 1] near *start* and whether the solver finished."""
    from scipy.optimize import minimize

    found: Any = minimize(
        objective, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": MAX_ITER}
    )
    return found.x.reshape(start.shape), bool(found.success)


def _logits(rows: Floats, weights: Matrix) -> Floats:
    w = weights.astype(np.float32)
    return np.asarray(rows @ w[:, :-1].T + w[:, -1], dtype=np.float32)


def _softmax(logits: Floats) -> Floats:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)
