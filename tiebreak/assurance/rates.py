"""Error rates as people write them, shares of delta, and the checks that all formulas share."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, pi

from tiebreak.errors import UsageError


def checked_share(value: float, name: str) -> float:
    """*value* if 0 < value < 1, else a `UsageError` that calls it *name*."""
    if not 0 < value < 1:
        raise UsageError(
            f"{name} of {value!r} is not inside (0, 1).", mend="Use a share such as 0.05."
        )
    return value


def allowed(eps: float, labels: int) -> int:
    """The most wrong labels out of *labels* that are still at most a share *eps*: floor(eps n).

    *eps* is taken as the decimal that it is written as: .29 of 100 is 29, though the nearest
    double lies below .29 and a product of doubles may fall on either side of a whole number.
    """
    return floor(_as_written(eps) * max(labels, 0))


def labels_for(eps: float, errors: int) -> int:
    """The fewest labels of which *errors* wrong ones are at most a share *eps*: ceil(errors/eps).

    `allowed` read backwards: errors <= allowed(eps, n) exactly when n >= labels_for(eps, errors).
    """
    return ceil(max(errors, 0) / _as_written(eps))


def delta_share(delta: float, version: int, tiers: int = 1) -> float:
    """The failure probability that one tier of policy version *version* may spend.

    delta * 6 / (pi^2 v^2) / tiers, v = 1, 2, ...: over all versions that there will ever be the
    shares add up to delta (Euler: sum 1/v^2 = pi^2/6), however many are promoted and for whatever
    reason, so that by the union bound the promise is one for life.
    """
    if version < 1 or tiers < 1:
        raise UsageError(
            f"Version {version!r} with {tiers!r} tiers has no share of delta.",
            mend="Count versions and tiers from 1.",
        )
    return checked_share(delta, "A failure probability") * 6 / (pi * version) ** 2 / tiers


def _as_written(eps: float) -> Fraction:
    return Fraction(repr(float(checked_share(eps, "A tolerated error"))))
