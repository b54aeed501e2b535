"""Comparing curves: crossing a target, the area below, labels saved, the intervals around them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tiebreak.errors import UsageError
from tiebreak.simulation.curve_comparison import (
    area,
    labels_to,
    over_seeds,
    saved,
    saved_range,
)

shares = st.floats(0, 1)
LABELS = [10, 20, 40, 50, 80]
curves = st.lists(shares, min_size=5, max_size=5)


@given(curves, st.floats(0.01, 1))
def test_the_curve_is_at_the_target_where_it_is_said_to_be(curve: list[float], goal: float) -> None:
    at = labels_to(LABELS, curve, goal)
    if at is None:
        assert max(curve) < goal
        return
    assert LABELS[0] <= at <= LABELS[-1]
    if curve[0] >= goal:
        assert at == LABELS[0]
    else:
        assert float(np.interp(at, LABELS, curve)) == pytest.approx(goal, abs=1e-9)
        before = [y for x, y in zip(LABELS, curve, strict=True) if x < at - 1e-6]
        assert all(y < goal for y in before)  # the first time


@given(curves, shares, shares)
def test_a_higher_target_never_takes_fewer_labels(curve: list[float], a: float, b: float) -> None:
    low, high = (labels_to(LABELS, curve, goal) for goal in sorted((a, b)))
    if high is not None:
        assert low is not None
        assert low <= high


@given(curves, curves)
def test_a_curve_that_is_never_lower_never_takes_more(one: list[float], two: list[float]) -> None:
    upper = [max(pair) for pair in zip(one, two, strict=True)]
    for goal in (0.25, 0.5, 0.75):
        theirs = labels_to(LABELS, one, goal)
        if theirs is not None:
            ours = labels_to(LABELS, upper, goal)
            assert ours is not None
            assert ours <= theirs + 1e-9
    assert area(LABELS, upper) >= area(LABELS, one) - 1e-12


@given(curves, curves)
def test_what_one_saves_the_other_loses(one: list[float], two: list[float]) -> None:
    assert saved(LABELS, one, two) == pytest.approx(-saved(LABELS, two, one))
    assert -1 < saved(LABELS, one, two) < 1
    assert saved(LABELS, one, one) == 0


def test_saved_on_straight_lines() -> None:
    theirs = [0.1, 0.2, 0.4, 0.5, 0.8]
    ours = [0.2, 0.4, 0.8, 0.9, 0.95]  # there in half the labels
    assert saved(LABELS, ours, theirs) == pytest.approx(0.5)


def test_area_is_the_mean_height() -> None:
    assert area([10, 20], [0.4, 0.6]) == pytest.approx(0.5)
    assert area([10, 20, 60], [0.0, 0.0, 1.0]) == pytest.approx(0.4)
    assert area([10], [0.3]) == 0.3


def test_curves_that_do_not_pair_are_refused() -> None:
    for labels, curve in ((LABELS, [0.5]), ([], [])):
        with pytest.raises(UsageError):
            labels_to(labels, curve, 0.5)


def test_over_seeds_is_students_interval() -> None:
    found = over_seeds([0.80, 0.82, 0.87])
    assert found is not None
    # s = .036056, t(2, .975) = 4.302653: by hand
    assert found.value == pytest.approx(0.83)
    assert found.high - found.value == pytest.approx(4.302653 * 0.0360555 / 3**0.5, rel=1e-4)
    assert over_seeds([0.8]) is None


def rights(rng: np.random.Generator, curve: list[float], tests: int = 200) -> np.ndarray:
    """bool[r, tests] with about the accuracies of *curve*; a test record has one difficulty."""
    return rng.random(tests)[None, :] < np.array(curve)[:, None]


def test_a_real_saving_stands_out_and_equal_curves_do_not() -> None:
    rng = np.random.default_rng(0)
    better, worse = [0.5, 0.7, 0.85, 0.88, 0.9], [0.3, 0.45, 0.6, 0.65, 0.7]
    ours = [rights(rng, better) for _ in range(5)]
    theirs = [rights(rng, worse) for _ in range(5)]
    gain = saved_range(LABELS, ours, theirs, rng)
    assert gain.low > 0.2
    assert saved_range(LABELS, theirs, ours, rng).high < -0.2


def test_noise_alone_seldom_counts_as_a_gain() -> None:
    """Two equal strategies: the interval over three seeds leaves 0 out in at most 1 of 10."""
    rng = np.random.default_rng(1)
    curve = [0.3, 0.45, 0.6, 0.65, 0.7]
    wrong = 0
    for _ in range(40):
        ours, theirs = ([rights(rng, curve) for _ in range(3)] for _ in range(2))
        found = saved_range(LABELS, ours, theirs, rng)
        wrong += not found.low <= 0 <= found.high
    assert wrong <= 4


def test_the_interval_of_one_seed_speaks_of_the_test_records() -> None:
    rng = np.random.default_rng(2)
    ours, theirs = rights(rng, [0.5, 0.7, 0.8, 0.85, 0.9]), rights(rng, [0.4, 0.5, 0.6, 0.7, 0.8])
    small = saved_range(LABELS, [ours[:, :40]], [theirs[:, :40]], np.random.default_rng(3))
    large = saved_range(LABELS, [ours], [theirs], np.random.default_rng(3))
    again = saved_range(LABELS, [ours], [theirs], np.random.default_rng(3))
    assert large == again
    assert 0 < large.high - large.low < small.high - small.low
    assert all(a <= b for a, b in pairwise((large.low, large.value, large.high)))
