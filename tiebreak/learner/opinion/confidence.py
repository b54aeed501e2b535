"""What an agent's own confidence is worth: its calibration on answers that people verified.

A model's confidence is a score, not a probability of being right; on some tasks it says nothing at
all. So it is used only through a curve that verified answers have drawn, and only where it rises.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Flags, Floats64
from tiebreak.errors import UsageError

MIN_VERIFIED = 30
"""Verified answers with a confidence, below which a curve would be drawn by chance."""
EDGE_SHARE = 1e-2
"""Confidences are kept this far from 0 and 1, where log-odds are infinite (a vote share is often 1,
a token's probability .9999). Of .05, .01 and .001, by the log-loss of the half of recorded answers
that a curve had not seen, it is in the middle; the three differ by at most .01 nats."""
MIN_GAIN = 1.35
"""Nats of log-likelihood by which a curve must beat one chance for all: a likelihood-ratio test of
no slope against a rising one, at 5 %. Of halves of recorded runs whose confidence says nothing
(gpt-4o on ClimateX) 69 % drew a rising curve by chance, and 8 % draw one that gains so much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfidenceCurve:
    """P(the agent is right) = sigmoid(``intercept`` + ``slope`` · logit(confidence)).

    ``slope`` is positive: a curve that does not rise is no `ConfidenceCurve`. ``n``: the verified
    answers that it was fitted on.
    """

    intercept: float
    slope: float
    n: int

    def __post_init__(self) -> None:
        if not (self.slope > 0 and np.isfinite([self.slope, self.intercept]).all()):
            raise UsageError(
                f"A curve of slope {self.slope!r} and intercept {self.intercept!r} does not rise.",
                mend="Use none: the agent's overall accuracy then stands for every answer.",
            )

    def __call__(self, confidence: Floats64) -> Floats64:
        """Probabilities float64[m] of being right; nan where *confidence* is nan."""
        return _sigmoid(self.intercept + self.slope * _log_odds(confidence))


def fit_confidence(confidence: Floats64, right: Flags) -> ConfidenceCurve | None:
    """The curve of verified answers, or None where confidence is of no use.

    Platt, Probabilistic Outputs for Support Vector Machines, 1999: logistic regression on the
    score, with targets (n₊+1)/(n₊+2) and 1/(n₋+2) for right and wrong, so that answers that
    confidence separates without fault prove no certainty. The score is the confidence's log-odds.

    None for fewer than 30 answers with a confidence, for one confidence alone, for answers that
    are all right or all wrong, for a slope that is not positive, and for a curve that chance alone
    would draw (`MIN_GAIN`).

    Args:
        confidence: float64[n] in [0, 1], nan where the agent gave none (such answers are left out).
        right: bool[n], whether the answer was what a person said, unswayed.

    Raises:
        UsageError: a confidence outside [0, 1], or arrays of different lengths.
    """
    _check(confidence, right)
    given = np.isfinite(confidence)
    score, right = _log_odds(confidence[given]), right[given]
    hits, n = int(right.sum()), len(right)
    if n < MIN_VERIFIED or hits in (0, n) or np.ptp(score) == 0:
        return None
    target = np.where(right, (hits + 1) / (hits + 2), 1 / (n - hits + 2))
    intercept, slope = _logistic(score, target)
    if slope <= 0:
        return None
    curve = ConfidenceCurve(intercept=intercept, slope=slope, n=n)
    likely = np.where(right, curve(confidence[given]), 1 - curve(confidence[given]))
    one = np.where(right, hits / n, 1 - hits / n)
    return curve if float((np.log(likely) - np.log(one)).sum()) >= MIN_GAIN else None


def _check(confidence: Floats64, right: Flags) -> None:
    if len(confidence) != len(right):
        raise UsageError(
            f"{len(confidence)} confidences came with {len(right)} verdicts.",
            mend="Give one for each answer.",
        )
    known = confidence[~np.isnan(confidence)]
    if not ((known >= 0) & (known <= 1)).all():
        odd = known[~((known >= 0) & (known <= 1))][0]
        raise UsageError(
            f"A confidence of {float(odd)!r} is no probability.", mend="Give 0 to 1, or nan."
        )


def _logistic(x: Floats64, target: Floats64) -> tuple[float, float]:
    """(intercept, slope) of least cross-entropy with soft targets; convex, so the one minimum."""
    from scipy.optimize import minimize

    design = np.column_stack([np.ones_like(x), x])

    def loss(weights: Floats64) -> tuple[float, Floats64]:
        z = design @ weights
        value = float((np.logaddexp(0.0, z) - target * z).mean())
        return value, np.asarray(design.T @ (_sigmoid(z) - target) / len(x))

    mean = float(target.mean())
    result = minimize(loss, [np.log(mean / (1 - mean)), 0.0], jac=True, method="BFGS")
    return float(result.x[0]), float(result.x[1])


def _log_odds(confidence: Floats64) -> Floats64:
    inside = np.clip(confidence, EDGE_SHARE, 1 - EDGE_SHARE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _sigmoid(z: Floats64) -> Floats64:
    return np.asarray((1 + np.tanh(z / 2)) / 2)  # lets nan through in silence
