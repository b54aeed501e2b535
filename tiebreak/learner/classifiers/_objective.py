"""What the semi-supervised head minimises, with its gradient, and the solver for it.

Over labelled rows i with weights w (of sum 1) and all rows j = 1..m with soft targets q:

    Σ_i w_i CE(y_i, p_i) + 1/m Σ_j CE(q_j, p_j) + η/m Σ_j H(p_j) + KL(mean_j p_j ‖ π)
        + λ/2 ‖W - W₀‖²

p_j is the softmax of row j's logits, π a prior over the classes and W₀ the centre of the penalty.
The terms in η and KL are the mutual information between rows and labels (Bridle et al., 1991;
Boudiaf et al., "Transductive Information Maximization", 2020, 2008.11297), with π for uniform.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Positions

ENTROPY = 0.3
"""η: how much a row's own uncertainty costs."""

MAX_ITER = 80
FLOOR = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRows:
    """float32[n, d] rows, classes int64[n] and weights float64[n]; ``c`` as scikit-learn's C.

    ``centre`` float64[k, d] is where the penalty would have the weights: W₀.
    """

    rows: Floats
    of: Positions
    weight: Floats64
    centre: Floats64
    c: float

    @property
    def decay(self) -> float:
        """λ: scikit-learn's penalty, for losses that are divided by the sum of weights."""
        return 1.0 / (self.c * float(self.weight.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class SoftTargets:
    """What is believed of rows float32[m, d], the labelled ones first.

    ``soft`` float32[m, k] are their soft targets and ``prior`` float64[k] the classes' shares (π).
    """

    rows: Floats
    soft: Floats
    prior: Floats64


class Objective:
    """The sum in the module's words. Rows in float32, sums in float64.

    Without a guess it is the penalised cross-entropy of the labelled rows alone.
    """

    def __init__(self, labelled: LabelledRows, guess: SoftTargets | None = None) -> None:
        self._known, self._guess = labelled, guess
        self._rows = labelled.rows if guess is None else guess.rows
        self._weight = labelled.weight / labelled.weight.sum()
        self._at = np.arange(len(labelled.of))

    def __call__(self, flat: Floats64) -> tuple[float, Floats64]:
        """Value and gradient at weights float64[k * (d + 1)]."""
        known, n = self._known, len(self._at)
        weights = flat.reshape(len(known.centre), -1)
        p = row_softmax(logits(self._rows, weights))
        logp = np.log(np.maximum(p, FLOOR))
        off = weights[:, :-1] - known.centre
        value = known.decay / 2 * float((off**2).sum())
        value -= float(self._weight @ logp[self._at, known.of])
        part = p[:n] * self._weight[:, None]
        part[self._at, known.of] -= self._weight
        slope = np.zeros_like(p)  # of the logits
        if self._guess is not None:
            more, slope = _believed(self._guess, p, logp)
            value += more
        slope[:n] += part.astype(np.float32)
        gradient = np.hstack([slope.T @ self._rows, slope.sum(axis=0)[:, None]]).astype(np.float64)
        gradient[:, :-1] += known.decay * off
        return value, gradient.ravel()


def _believed(guess: SoftTargets, p: Floats, logp: Floats) -> tuple[float, Floats]:
    """The terms over all rows, and their slope by the logits."""
    m = len(p)
    entropy = (p * logp).sum(axis=1)
    mean = p.mean(axis=0, dtype=np.float64)
    tilt = np.log(np.maximum(mean, FLOOR) / guess.prior)
    value = (
        -float((guess.soft * logp).sum()) / m
        - ENTROPY * float(entropy.sum()) / m
        + float(mean @ tilt)
    )
    slope = p - guess.soft
    slope -= np.float32(ENTROPY) * p * (logp - entropy[:, None])
    slope += p * (tilt - (p @ tilt)[:, None]).astype(np.float32)
    slope /= m
    return value, slope


def solve(objective: Objective, start: Floats64) -> tuple[Floats64, bool]:
    """Weights float64[k, d + 1] near *start* and whether the solver finished."""
    from scipy.optimize import minimize

    result: Any = minimize(
        objective, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": MAX_ITER}
    )
    return result.x.reshape(start.shape), bool(result.success)


def logits(rows: Floats, weights: Floats64) -> Floats:
    """float32[m, k] of rows float32[m, d] under weights float64[k, d + 1], the bias last."""
    w = weights.astype(np.float32)
    return np.asarray(rows @ w[:, :-1].T + w[:, -1], dtype=np.float32)


def row_softmax(values: Floats) -> Floats:
    """Probabilities float32[m, k] of logits."""
    shifted = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)
