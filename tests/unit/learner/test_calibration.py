"""Softmax at its edges, and temperatures that are known."""

from __future__ import annotations

import numpy as np
import pytest

from tiebreak.errors import UsageError
from tiebreak.learner.calibration import BOUNDS, FLOOR, MIN_ROWS, fit_temperature, softmax

INF = np.inf


def drawn(rng, n, k, temperature):
    """Logits, and labels drawn as if *temperature* were the right one for them."""
    logits = rng.normal(scale=2, size=(n, k))
    p = softmax(logits, temperature)
    return logits, np.array([rng.choice(k, p=row) for row in p])


def test_softmax_of_known_odds():
    p = softmax(np.log([[1.0, 3.0], [2.0, 2.0]]))
    assert p == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))
    assert softmax(np.log([[1.0, 3.0]]), 0.5) == pytest.approx(np.array([[0.1, 0.9]]))


def test_minus_infinity_is_probability_zero():
    assert softmax(np.array([[-INF, 5.0, -INF]])).tolist() == [[0, 1, 0]]


def test_huge_logits_do_not_overflow():
    assert softmax(np.array([[1e300, -1e300]])).tolist() == [[1, 0]]


def test_no_rows_give_no_rows():
    assert softmax(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("row", [[np.nan, 0.0], [INF, 0.0], [-INF, -INF]])
def test_what_is_no_logit_is_refused(row):
    with pytest.raises(UsageError, match="NaN"):
        softmax(np.array([row]))


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, INF])
def test_what_is_no_temperature_is_refused(temperature):
    with pytest.raises(UsageError, match="not positive"):
        softmax(np.zeros((1, 2)), temperature)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_right_temperature_is_found(temperature):
    logits, truth = drawn(np.random.default_rng(0), 4000, 5, temperature)
    assert fit_temperature(logits, truth) == pytest.approx(temperature, rel=0.06)


def test_log_probabilities_serve_as_logits():
    logits, truth = drawn(np.random.default_rng(0), 200, 5, 2.0)
    assert fit_temperature(np.log(softmax(logits)), truth) == pytest.approx(
        fit_temperature(logits, truth), rel=1e-6
    )


def test_it_is_one_until_there_are_thirty():
    logits, truth = drawn(np.random.default_rng(0), MIN_ROWS, 5, 4.0)
    assert fit_temperature(logits[:-1], truth[:-1]) == 1.0
    assert fit_temperature(logits, truth) > 1.5


def test_thirty_faultless_rows_prove_no_certainty():
    logits = np.tile(np.log([[0.7, 0.3]]), (MIN_ROWS, 1))
    fitted = fit_temperature(logits, np.zeros(MIN_ROWS, dtype=np.int64))
    assert BOUNDS[0] * 1.1 < fitted < 1
    assert softmax(logits, fitted)[0, 0] < 0.999


def test_unseen_classes_make_it_cautious_but_bounded():
    logits, truth = drawn(np.random.default_rng(0), 60, 4, 1.0)
    logits = np.column_stack([logits, np.full(60, -INF)])
    plain = fit_temperature(logits, truth)
    truth[:3] = 4
    cautious = fit_temperature(logits, truth)
    assert plain < cautious < 3
    # the stand-in for "zero" that callers may have put in changes nothing
    floored = np.where(np.isinf(logits), np.log(1e-300), logits)
    assert fit_temperature(floored, truth) == pytest.approx(cautious, rel=1e-6)
    assert FLOOR == 1e-3
