"""The forecast in figures and words, and when it says that it cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from tiebreak.errors import UsageError
from tiebreak.learner.estimation.forecast import (
    CannotTell,
    Effort,
    Forecast,
    Point,
    forecast_in_words,
    forecast_labels,
    merge_points,
    variance,
)
from tiebreak.learner.estimation.learning_curve import PowerLaw, Range

LAW = PowerLaw(a=0.93, b=4.0, c=0.6)
NOTHING = Effort()


def points(batches: int = 10, records: int = 40) -> list[Point]:
    return [
        Point(labels=50 * i, right=round(records * LAW(50 * i)), n=records)
        for i in range(1, batches + 1)
    ]


def told(made: list[Point], more: int = 140, effort: Effort = NOTHING) -> Forecast | CannotTell:
    now = max((p.labels for p in made), default=0)
    return forecast_labels(made, now=now, more=more, effort=effort, rng=np.random.default_rng(0))


def test_it_tells_accuracy_minutes_and_money() -> None:
    found = told(points(), effort=Effort(seconds=17.0, money=0.005))
    assert isinstance(found, Forecast)
    assert found.accuracy.low < LAW(640) < found.accuracy.high
    assert found.accuracy.value == pytest.approx(LAW(640), abs=0.03)
    assert found.minutes == pytest.approx(140 * 17 / 60)
    assert found.money == pytest.approx(0.70)
    assert forecast_in_words(found).startswith(
        f"140 more labels -> .{100 * found.accuracy.value:.0f} "
    )
    assert forecast_in_words(found).endswith(", about 40 min, 0.70 USD")


def test_what_is_not_known_is_not_said() -> None:
    found = told(points())
    assert isinstance(found, Forecast)
    assert (found.minutes, found.money) == (None, None)
    assert " min" not in forecast_in_words(found)
    assert "USD" not in forecast_in_words(found)


@pytest.mark.parametrize(
    ("low", "high", "spread"),
    [(0.89, 0.93, "± .02"), (0.88, 0.93, "± .03"), (0.81, 0.93, "(.81 to .93)")],
)
def test_the_interval_in_words(low: float, high: float, spread: str) -> None:
    accuracy = Range(value=0.91, low=low, high=high)
    made = Forecast(labels=9, accuracy=accuracy, minutes=0.2, money=0.0)
    assert forecast_in_words(made, "EUR") == f"9 more labels -> .91 {spread}, about 1 min, 0.00 EUR"


@pytest.mark.parametrize(
    ("made", "more", "why"),
    [
        (points(3), 50, "Too early to tell: 3 of 4 points"),
        ([], 50, "Too early to tell: 0 of 4 points"),
        (points(5) * 3, 300, "too far ahead"),  # more than twice the 250 there are
        (points(5), 0, "bring nothing"),
        ([Point(labels=50 * i, right=8, n=10) for i in range(1, 9)], 50, "no trend"),
        ([Point(labels=50 * i, right=40 - 4 * i, n=40) for i in range(1, 9)], 50, "no trend"),
    ],
)
def test_it_says_when_it_cannot_tell(made: list[Point], more: int, why: str) -> None:
    found = told(made, more)
    assert isinstance(found, CannotTell)
    assert why in found.why
    assert forecast_in_words(found) == found.why


def test_points_of_one_label_count_are_one_point() -> None:
    made = [Point(labels=9, right=1, n=2), Point(labels=5, right=0, n=1),
            Point(labels=9, right=3, n=4), Point(labels=7, right=0, n=0)]  # fmt: skip
    assert merge_points(made) == [Point(labels=5, right=0, n=1), Point(labels=9, right=4, n=6)]


def test_variance_is_never_zero_and_falls_with_records() -> None:
    assert variance(0, 8) > 0
    assert variance(8, 8) == pytest.approx(variance(0, 8))
    assert variance(80, 100) == pytest.approx(0.8 * 0.2 / 100, rel=0.05)
    for right, n in ((3, 2), (-1, 2), (0, 0)):
        with pytest.raises(UsageError):
            variance(right, n)


def test_the_labels_ahead_are_counted_from_those_there_are() -> None:
    made, rng = points(), np.random.default_rng(0)
    near = forecast_labels(made, now=500, more=200, effort=NOTHING, rng=rng)
    same = forecast_labels(made, now=550, more=150, effort=NOTHING, rng=np.random.default_rng(0))
    assert isinstance(near, Forecast)
    assert isinstance(same, Forecast)
    assert near.accuracy == same.accuracy
    assert isinstance(forecast_labels(made, now=901, more=100, effort=NOTHING, rng=rng), CannotTell)
