"""Clopper-Pearson intervals: published values, edges, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from tiebreak.errors import UsageError
from tiebreak.learner.estimation.accuracy import estimate


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (0, 10, 0.0, 1 - 0.025**0.1),
        (10, 10, 0.025**0.1, 1.0),
        (8, 10, 0.44390, 0.97479),
        (1, 20, 0.00127, 0.24873),
        (50, 100, 0.39832, 0.60168),
        (1, 1, 0.025, 1.0),
    ],
)
def test_known_intervals(correct, n, low, high):
    got = estimate(correct, n)
    assert (got.low, got.high) == (pytest.approx(low, abs=1e-5), pytest.approx(high, abs=1e-5))
    assert (got.accuracy, got.n) == (correct / n, n)


def test_the_bounds_solve_their_equations():
    got = estimate(17, 40, confidence=0.9)
    assert binom.sf(16, 40, got.low) == pytest.approx(0.05)
    assert binom.cdf(17, 40, got.high) == pytest.approx(0.05)


def test_it_covers_at_least_as_often_as_it_says():
    for p in np.linspace(0.02, 0.98, 25):
        inside = [x for x in range(31) if estimate(x, 30).low <= p <= estimate(x, 30).high]
        assert binom.pmf(inside, 30, p).sum() >= 0.95


def test_nothing_counted_is_no_estimate():
    assert estimate(0, 0) is None


@pytest.mark.parametrize(("correct", "n"), [(-1, 5), (6, 5), (0, -1)])
def test_impossible_counts_are_refused(correct, n):
    with pytest.raises(UsageError, match="cannot be"):
        estimate(correct, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0, float("nan")])
def test_impossible_confidences_are_refused(confidence):
    with pytest.raises(UsageError, match="not inside"):
        estimate(1, 2, confidence)
