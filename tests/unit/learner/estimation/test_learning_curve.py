"""The learning curve's fit finds what made the curve; its forecast interval holds the truth."""

from __future__ import annotations

import numpy as np
import pytest

from tiebreak.errors import UsageError
from tiebreak.learner.estimation.forecast import variance
from tiebreak.learner.estimation.learning_curve import (
    RATES,
    PowerLaw,
    curve_trend,
    fit_curve,
    predict_curve,
)

N = [77.0 * i for i in range(1, 11)]


@pytest.mark.parametrize(
    "law",
    [
        PowerLaw(a=0.92, b=5.0, c=0.6),
        PowerLaw(a=1.0, b=2.0, c=0.3),
        PowerLaw(a=0.85, b=60.0, c=1.1),
    ],
)
def test_a_noiseless_curve_gives_its_parameters_back(law: PowerLaw) -> None:
    found = fit_curve(N, [law(n) for n in N], [1.0] * len(N))
    assert (found.a, found.b, found.c) == pytest.approx((law.a, law.b, law.c), rel=0.02)
    assert found(2000) == pytest.approx(law(2000), abs=1e-3)


def test_the_bounds_hold_for_curves_that_would_leave_them() -> None:
    falling = fit_curve(N, [0.9 - 0.03 * i for i in range(10)], [1.0] * 10)
    assert falling.b == 0  # more labels never harm
    assert falling(500) == pytest.approx(0.765)  # so it is the mean
    rising = fit_curve(N, [0.1 * i for i in range(10)], [1.0] * 10)  # a line would pass 1
    assert rising.a <= 1
    assert rising(10_000) <= 1
    assert RATES[0] <= rising.c <= RATES[1] + 1e-9


def test_weights_are_heard() -> None:
    accuracy = [0.5, 0.6, 0.65, 0.68, 0.2]
    light = fit_curve(N[:5], accuracy, [1, 1, 1, 1, 1e-6])
    assert light(N[3]) == pytest.approx(0.68, abs=0.01)
    assert fit_curve(N[:5], accuracy, [1, 1, 1, 1, 1])(N[3]) < 0.6


@pytest.mark.parametrize(
    ("n", "accuracy", "weights"),
    [
        (N[:3], [0.5, 0.6, 0.7], [1, 1, 1]),
        ([50, 50, 50, 50, 50], [0.5] * 5, [1] * 5),  # one point, five times
        (N[:4], [0.5, 0.6, 0.7], [1] * 4),
        (N[:4], [0.5, 0.6, 0.7, 1.2], [1] * 4),
        (N[:4], [0.5, 0.6, 0.7, float("nan")], [1] * 4),
        (N[:4], [0.5, 0.6, 0.7, 0.8], [1, 1, 1, 0]),
        ([0.0, *N[:3]], [0.5, 0.6, 0.7, 0.8], [1] * 4),
    ],
)
def test_what_is_no_curve_is_refused(
    n: list[float], accuracy: list[float], weights: list[float]
) -> None:
    with pytest.raises(UsageError):
        fit_curve(n, accuracy, weights)


def test_a_variance_of_zero_is_refused() -> None:
    with pytest.raises(UsageError, match="above 0"):
        predict_curve(
            N[:4], [0.5, 0.6, 0.7, 0.8], [0.1, 0.1, 0.1, 0], [500], np.random.default_rng(0)
        )


def test_forecast_intervals_hold_the_true_accuracy() -> None:
    """Simulated curves, binomial noise, 1.5 times the labels: nominal 95 %, at least 90 %."""
    rng = np.random.default_rng(0)
    held, width = [], []
    for _ in range(120):
        points, records = int(rng.choice([5, 8, 12])), int(rng.choice([8, 40, 300]))
        c = rng.uniform(0.2, 1.4)
        law = PowerLaw(a=rng.uniform(0.65, 0.98), b=rng.uniform(0.2, 0.6) * 50**c, c=c)
        n = [50.0 * i for i in range(1, points + 1)]
        right = [int(rng.binomial(records, law(x))) for x in n]
        unsure = [variance(k, records) for k in right]
        (told,) = predict_curve(n, [k / records for k in right], unsure, [1.5 * n[-1]], rng)
        held.append(told.low <= law(1.5 * n[-1]) <= told.high)
        width.append(told.high - told.low)
    assert np.mean(held) >= 0.9
    assert np.median(width) < 0.35  # it says something


def test_more_records_narrow_the_interval_and_the_seed_fixes_it() -> None:
    law = PowerLaw(a=0.9, b=5.0, c=0.6)
    shares = [law(n) for n in N]

    def width(records: int) -> float:
        unsure = [p * (1 - p) / records for p in shares]
        (told,) = predict_curve(N, shares, unsure, [1000], np.random.default_rng(1))
        (again,) = predict_curve(N, shares, unsure, [1000], np.random.default_rng(1))
        assert told == again
        assert 0 <= told.low <= told.value <= told.high <= 1
        return told.high - told.low

    assert width(800) < width(80) < width(8)


def test_trend_tells_growth_from_chance() -> None:
    law = PowerLaw(a=0.9, b=5.0, c=0.6)
    assert curve_trend(N, [law(n) for n in N], [0.001] * 10) > 3
    assert curve_trend(N, [0.8] * 10, [0.001] * 10) == pytest.approx(0, abs=1e-9)
    assert curve_trend(N, [law(n) for n in N][::-1], [0.001] * 10) < -3
    assert curve_trend([50.0] * 4, [0.5, 0.6, 0.7, 0.8], [0.01] * 4) == 0
