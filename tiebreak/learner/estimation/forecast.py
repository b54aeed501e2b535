"""What more labels will bring, and what they will take: accuracy, minutes, money. Or: cannot tell.

Accuracies come from the control arm alone, each record scored by the head of its time before its
label was known (see `tiebreak.learner.estimation.learning_curve` for the fit and the interval). The
forecast holds if the records to come are like those so far and the labelling goes on as it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.errors import UsageError
from tiebreak.learner.estimation.learning_curve import MIN_POINTS, Range, curve_trend, predict_curve

TREND = 1.2816
"""Least z of a growth that counts as a trend: one-sided 10 %."""
LOPSIDED = 2.0
FARTHEST = 2.0
"""Most labels, as a multiple of those at the last point: farther the law itself is a guess."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """Of ``n`` records drawn by lot, ``right`` were right under a head learnt from ``labels``."""

    labels: int
    right: int
    n: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """What one label took so far: a person's ``seconds``, ``money`` in all; None: not known."""

    seconds: float | None = None
    money: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """``labels`` more and what they bring: the accuracy with its 95 % interval, minutes, money."""

    labels: int
    accuracy: Range
    minutes: float | None
    money: float | None


@dataclass(frozen=True, slots=True)
class CannotTell:
    """Why there is no forecast, in a sentence."""

    why: str


def variance(right: int, n: int) -> float:
    """Of ``right / n`` as an estimate of a share; drawn to the middle, so that it is never 0.

    p(1 - p) / n at p = (right + 1) / (n + 2) (Laplace's rule).
    """
    if not 0 <= right <= n or not n:
        raise UsageError(f"{right!r} right out of {n!r} cannot be.", mend="Count again.")
    p = (right + 1) / (n + 2)
    return p * (1 - p) / n


def forecast_labels(
    points: Sequence[Point], *, now: int, more: int, effort: Effort, rng: np.random.Generator
) -> Forecast | CannotTell:
    """What *more* labels will bring, or why that cannot be forecast.

    Args:
        points: of the control arm, in any order; those of equal ``labels`` are put together.
        now: labels there are; those of the last batch are in no point yet.
        more: labels after them.
        effort: what a label took so far.
        rng: for the interval's bootstrap.
    """
    merged = merge_points(points)
    if len(merged) < MIN_POINTS:
        return CannotTell(
            f"Too early to tell: {len(merged)} of {MIN_POINTS} points on the learning curve."
        )
    last = merged[-1].labels
    if more < 1:
        return CannotTell(f"{more} more labels bring nothing.")
    if now + more > FARTHEST * last:
        return CannotTell(
            f"{now + more} labels are too far ahead to tell: the curve so far ends at {last}."
        )
    labels = [float(p.labels) for p in merged]
    shares = [p.right / p.n for p in merged]
    unsure = [variance(p.right, p.n) for p in merged]
    if curve_trend(labels, shares, unsure) < TREND:
        return CannotTell(
            "Cannot tell: no trend in the control arm's accuracy that stands out from chance."
        )
    (accuracy,) = predict_curve(labels, shares, unsure, [now + more], rng)
    return Forecast(
        labels=more,
        accuracy=accuracy,
        minutes=None if effort.seconds is None else more * effort.seconds / 60,
        money=None if effort.money is None else more * effort.money,
    )


def merge_points(points: Sequence[Point]) -> list[Point]:
    """One point for each count of labels, ascending; those without a record are left out."""
    totals: dict[int, tuple[int, int]] = {}
    for point in points:
        right, n = totals.get(point.labels, (0, 0))
        totals[point.labels] = (right + point.right, n + point.n)
    return [Point(labels=k, right=right, n=n) for k, (right, n) in sorted(totals.items()) if n]


def forecast_in_words(forecast: Forecast | CannotTell, currency: str = "USD") -> str:
    """A forecast in a line: ``140 more labels -> .91 ± .02, about 40 min, 0.80 USD``.

    An interval that is lopsided is written with its ends: ``.84 (.70 to .88)``.
    """
    if isinstance(forecast, CannotTell):
        return forecast.why
    at = forecast.accuracy
    up, down = at.high - at.value, at.value - at.low
    spread = f" ± {short(max(up, down))}"
    if max(up, down) > LOPSIDED * min(up, down):
        spread = f" ({short(at.low)} to {short(at.high)})"
    parts = [f"{forecast.labels} more labels -> {short(at.value)}{spread}"]
    if forecast.minutes is not None:
        parts.append(f"about {max(1, round(forecast.minutes))} min")
    if forecast.money is not None:
        parts.append(f"{forecast.money:.2f} {currency}")
    return ", ".join(parts)


def short(share: float) -> str:
    """A share with two digits: ``.91``, ``1.00``."""
    return f"{share:.2f}".removeprefix("0")
