"""Accuracy with an exact interval.

Source: Clopper & Pearson, The Use of Confidence or Fiducial Limits, Biometrika 26 (1934).
"""

from __future__ import annotations

from tiebreak.domain.evidence import Estimate
from tiebreak.errors import UsageError


def estimate(correct: int, n: int, confidence: float = 0.95) -> Estimate | None:
    """The share *correct* / *n* with its two-sided Clopper-Pearson interval; None for n = 0.

    Valid for a random sample looked at once; repeated looks and selected labels make it a
    description only.
    """
    if not 0 <= correct <= n:
        raise UsageError(f"{correct!r} right out of {n!r} cannot be.", mend="Count again.")
    if not 0 < confidence < 1:
        raise UsageError(f"A confidence of {confidence!r} is not inside (0, 1).", mend="Use .95.")
    if n == 0:
        return None
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = float(betaincinv(correct, n - correct + 1, tail)) if correct else 0.0
    high = float(betaincinv(correct + 1, n - correct, 1 - tail)) if correct < n else 1.0
    return Estimate(accuracy=correct / n, low=low, high=high, n=n)
