"""Temperatures change how sure a head is, never what it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from tiebreak.learner.calibration import BOUNDS, fit_temperature, softmax
from tiebreak.learner.estimation.accuracy import estimate

LOGITS = arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.floats(-30, 30)
)


@given(LOGITS, st.floats(0.1, 10))
def test_rows_are_probabilities_and_keep_their_order(logits, temperature):
    p = softmax(logits, temperature)
    assert p.sum(axis=1) == pytest.approx(1)
    assert (p >= 0).all()
    rows = np.arange(len(logits))
    assert (p[rows, logits.argmax(axis=1)] == p.max(axis=1)).all()


@given(LOGITS, st.floats(-20, 20))
def test_a_shift_changes_nothing(logits, shift):
    assert softmax(logits + shift) == pytest.approx(softmax(logits), abs=1e-9)


@given(LOGITS, st.floats(0.1, 10), st.floats(0.1, 10))
def test_more_heat_is_never_surer(logits, one, other):
    cool, hot = sorted((one, other))
    sure = softmax(logits, cool).max(axis=1)
    assert (softmax(logits, hot).max(axis=1) <= sure + 1e-12).all()


@given(st.integers(0, 2**16), st.integers(30, 60), st.integers(2, 5), st.floats(0.1, 20))
def test_the_fit_is_within_bounds_and_blind_to_order(seed, n, k, scale):
    rng = np.random.default_rng(seed)
    logits, truth = rng.normal(scale=scale, size=(n, k)), rng.integers(k, size=n)
    fitted = fit_temperature(logits, truth)
    assert BOUNDS[0] <= fitted <= BOUNDS[1]
    order = rng.permutation(n)
    assert fit_temperature(logits[order], truth[order]) == pytest.approx(fitted, rel=1e-3)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_its_estimate_and_mirrors(counts):
    correct, n = counts
    got, mirrored = estimate(correct, n), estimate(n - correct, n)
    assert 0 <= got.low <= got.accuracy <= got.high <= 1
    assert got.low == pytest.approx(1 - mirrored.high, abs=1e-9)
    assert got.low < estimate(min(n, correct + 1), n).low or correct == n
