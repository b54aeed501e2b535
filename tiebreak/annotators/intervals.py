"""Shares, bounds and differences of shares, each with its interval (by scipy)."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

from tiebreak.assurance import checked_share
from tiebreak.errors import UsageError


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its uncertainty.

    Attributes:
        value: the figure, a share or a difference of shares or a coefficient.
        low: lower end of its two-sided 95 % interval.
        high: upper end.
        n: observations that it rests on.
    """

    value: float
    low: float
    high: float
    n: int


def share_interval(count: int, n: int, confidence: float = 0.95) -> Interval | None:
    """*count* / *n* with the interval of Clopper & Pearson (Biometrika 26, 1934); None for n = 0.

    Exact for a sample looked at once; under repeated looks it describes and proves nothing.
    """
    if n == 0:
        return None
    low, high = _ends(count, n, "exact", confidence)
    return Interval(count / n, low, high, n)


def at_most(count: int, n: int, confidence: float = 0.95) -> float:
    """The one-sided upper bound of Clopper & Pearson on a share; 1 for n = 0."""
    return (
        _ends(count, n, "exact", 2 * checked_share(confidence, "A confidence") - 1)[1] if n else 1.0
    )


def difference(count: int, n: int, other: int, m: int, confidence: float = 0.95) -> Interval | None:
    """*count* / *n* - *other* / *m*; None where one of them has no observations.

    Newcombe, Interval Estimation for the Difference Between Independent Proportions, Statistics in
    Medicine 17 (1998), method 10, of the Wilson intervals (l, u) of both shares p, q:
    d - sqrt((p - l_p)^2 + (u_q - q)^2), d + sqrt((u_p - p)^2 + (q - l_q)^2). Inside [-1, 1].
    """
    if not n or not m:
        return None
    p, q = count / n, other / m
    p_low, p_high = _ends(count, n, "wilson", confidence)
    q_low, q_high = _ends(other, m, "wilson", confidence)
    return Interval(
        p - q,
        p - q - sqrt((p - p_low) ** 2 + (q_high - q) ** 2),
        p - q + sqrt((p_high - p) ** 2 + (q - q_low) ** 2),
        n + m,
    )


def _ends(
    count: int, n: int, method: Literal["exact", "wilson"], confidence: float
) -> tuple[float, float]:
    from scipy.stats import binomtest

    if not 0 <= count <= n:
        raise UsageError(f"{count!r} out of {n!r} is no share.", mend="Count again.")
    ends = binomtest(count, n).proportion_ci(checked_share(confidence, "A confidence"), method)
    return float(ends.low), float(ends.high)
