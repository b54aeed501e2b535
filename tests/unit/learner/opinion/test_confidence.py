"""The worth of an agent's confidence: a curve that rises, or none."""

from __future__ import annotations

import numpy as np
import pytest

from tiebreak.errors import UsageError
from tiebreak.learner.opinion.confidence import (
    EDGE_SHARE,
    MIN_VERIFIED,
    ConfidenceCurve,
    fit_confidence,
)


def answers(rng, n, intercept, slope):
    """Confidences, and whether each answer was right, drawn from a curve."""
    sure = rng.uniform(0.05, 0.95, n)
    chance = 1 / (1 + np.exp(-(intercept + slope * np.log(sure / (1 - sure)))))
    return sure, rng.random(n) < chance


def test_the_curve_that_answers_were_drawn_from_is_found():
    sure, right = answers(np.random.default_rng(0), 5000, 0.5, 0.7)
    curve = fit_confidence(sure, right)
    assert curve is not None
    assert (curve.intercept, curve.slope) == pytest.approx((0.5, 0.7), abs=0.1)
    assert curve.n == 5000


def test_a_curve_by_hand():
    curve = ConfidenceCurve(intercept=0.0, slope=2.0, n=1)
    assert curve(np.array([0.5, 0.75])) == pytest.approx([0.5, 0.9])
    assert curve(np.array([1.0])) == pytest.approx(curve(np.array([1 - EDGE_SHARE])))
    assert np.isnan(curve(np.array([np.nan]))).all()


@pytest.mark.parametrize("n", [MIN_VERIFIED - 1, MIN_VERIFIED])
def test_there_is_no_curve_below_thirty_answers(n):
    sure = np.linspace(0, 1, n)
    curve = fit_confidence(np.append(sure, [np.nan] * 20), np.append(sure > 0.5, [True] * 20))
    assert (curve is None) == (n < MIN_VERIFIED)


def test_answers_told_apart_without_fault_prove_no_certainty():
    right = np.arange(MIN_VERIFIED) % 2 == 0
    curve = fit_confidence(np.where(right, 0.9, 0.1), right)
    assert curve is not None
    assert curve(np.array([0.9]))[0] == pytest.approx(16 / 17, abs=1e-3)
    assert curve(np.array([0.1]))[0] == pytest.approx(1 / 17, abs=1e-3)


@pytest.mark.parametrize(
    "right",
    [
        np.arange(60) < 30,  # the surer, the more wrong
        np.ones(60, dtype=bool),
        np.zeros(60, dtype=bool),
    ],
)
def test_a_confidence_that_tells_nothing_gives_none(right):
    assert fit_confidence(np.linspace(0.1, 0.9, 60), right) is None


def test_one_confidence_for_all_gives_none():
    assert fit_confidence(np.full(60, 0.8), np.arange(60) < 30) is None


def test_a_rise_that_chance_would_draw_gives_none():
    """Of confidences that say nothing half rise a little; one in twenty or so gets a curve."""
    rng = np.random.default_rng(6)
    drawn = [fit_confidence(rng.random(100), rng.random(100) < 0.4) for _ in range(300)]
    share = np.mean([curve is not None for curve in drawn])
    assert 0.01 < share < 0.1


@pytest.mark.parametrize("odd", [-0.1, 1.5, np.inf])
def test_what_is_no_probability_is_named(odd):
    with pytest.raises(UsageError, match="no probability"):
        fit_confidence(np.array([0.5, odd]), np.array([True, False]))


def test_a_verdict_for_each_answer():
    with pytest.raises(UsageError, match="2 confidences came with 1"):
        fit_confidence(np.array([0.5, 0.5]), np.array([True]))


@pytest.mark.parametrize("slope", [0.0, -1.0, np.nan])
def test_a_curve_that_does_not_rise_is_refused(slope):
    with pytest.raises(UsageError, match="does not rise"):
        ConfidenceCurve(intercept=0.0, slope=slope, n=30)
