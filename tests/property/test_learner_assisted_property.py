"""The estimate from labels by lot with a control variate: unbiased for any guess, and it covers."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tiebreak.learner.estimation.accuracy import (
    ControlSample,
    assisted,
    estimate,
    mean_loss,
    weight_of,
)

guesses = st.floats(0, 1, allow_nan=False)


def drawn(loss: np.ndarray, guess: np.ndarray, at: np.ndarray) -> ControlSample:
    """The records at these positions of a population whose every guess was read."""
    n = len(at)
    return ControlSample(
        loss=loss[at],
        guess=guess[at],
        mean_guess=np.full(n, guess.mean()),
        guess_variance=np.zeros(n),
    )


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 1.0]), guesses), min_size=3, max_size=7),
    st.integers(1, 3),
    guesses,
)
def test_the_mean_over_all_samples_is_the_truth_whatever_the_guess(
    population: list[tuple[float, float]], n: int, weight: float
) -> None:
    loss, guess = (np.array(column) for column in zip(*population, strict=True))
    samples = combinations(range(len(loss)), n)
    told = [mean_loss(drawn(loss, guess, np.array(at)), weight) for at in samples]
    assert np.mean(told) == pytest.approx(loss.mean(), abs=1e-12)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=40), st.data())
def test_without_a_guess_or_a_say_it_is_the_plain_share(
    losses: list[float], data: st.DataObject
) -> None:
    loss = np.array(losses)
    everything = np.arange(len(loss))
    plain = estimate(int((loss == 0).sum()), len(loss))
    assert plain is not None
    random = np.array(data.draw(st.lists(guesses, min_size=len(loss), max_size=len(loss))))
    for guess, weight in ((np.zeros(len(loss)), 1.0), (random, 0.0)):
        told = assisted(drawn(loss, guess, everything), weight)
        assert told is not None
        assert told.n == plain.n
        for part in ("accuracy", "low", "high"):
            assert getattr(told, part) == pytest.approx(getattr(plain, part), abs=1e-12)


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 1.0]), guesses), min_size=1, max_size=30),
    guesses,
    guesses,
)
def test_an_estimate_is_within_its_interval_and_both_within_0_and_1(
    rows: list[tuple[float, float]], mean: float, weight: float
) -> None:
    loss, guess = (np.array(column) for column in zip(*rows, strict=True))
    n = len(loss)
    sample = ControlSample(
        loss=loss, guess=guess, mean_guess=np.full(n, mean), guess_variance=np.full(n, 0.001)
    )
    told = assisted(sample, weight)
    assert told is not None
    assert 0 <= told.low <= told.accuracy <= told.high <= 1
    assert told.high - told.low > 0


@pytest.mark.parametrize("n", [15, 30, 200])
@pytest.mark.parametrize("error", [0.04, 0.155])
def test_the_interval_covers_and_the_guess_helps(n: int, error: float) -> None:
    """1,000 replays of a draw by lot, with the weight learnt from 60 records before it."""
    rng = np.random.default_rng(n)
    guess = rng.beta(error, 1 - error, 4000)  # well calibrated, as a head mostly is
    loss = (rng.random(4000) < guess).astype(np.float64)
    truth = 1 - loss.mean()
    inside, told, plain, widths = 0, [], [], []
    for _ in range(1000):
        at, past = rng.choice(4000, n, replace=False), rng.choice(4000, 60, replace=False)
        got = assisted(drawn(loss, guess, at), weight_of(loss[past], guess[past]))
        bare = estimate(int((loss[at] == 0).sum()), n)
        assert got is not None
        assert bare is not None
        inside += got.low <= truth <= got.high
        told.append(got.accuracy)
        plain.append(bare.accuracy)
        widths.append((got.high - got.low) / (bare.high - bare.low))
    assert inside >= 930
    assert np.std(told) < 0.9 * np.std(plain)
    assert np.mean(widths) < 1
    assert abs(np.mean(told) - truth) < 4 * np.std(told) / np.sqrt(1000) + 0.002  # clipped at 1


def test_a_random_guess_costs_little_and_does_not_bias() -> None:
    rng = np.random.default_rng(5)
    loss = (rng.random(3000) < 0.2).astype(np.float64)
    told, inside = [], 0
    for _ in range(1000):
        guess = rng.random(3000)  # says nothing
        got = assisted(drawn(loss, guess, rng.choice(3000, 60, replace=False)), 1.0)
        assert got is not None
        told.append(got.accuracy)
        inside += got.low <= 1 - loss.mean() <= got.high
    assert abs(np.mean(told) - (1 - loss.mean())) < 3 * np.std(told) / np.sqrt(1000)
    assert inside >= 930


def test_the_weight_is_a_slope_between_0_and_1_and_needs_records() -> None:
    rng = np.random.default_rng(0)
    guess = rng.random(500)
    assert weight_of(guess * 0.5, guess) == pytest.approx(0.5)
    assert weight_of(guess * 3, guess) == 1.0
    assert weight_of(-guess, guess) == 0.0
    assert weight_of(guess[:29], guess[:29]) == 0.0
    assert weight_of(guess, np.full(500, 0.3)) == 0.0


def test_a_faultless_sample_does_not_prove_itself() -> None:
    guess = np.full(40, 0.001)
    sample = drawn(np.zeros(40), guess, np.arange(40))
    told, bare = assisted(sample), estimate(40, 40)
    assert told is not None
    assert bare is not None
    assert told.low == pytest.approx(bare.low, abs=0.01)


def test_a_pool_that_was_read_in_part_widens_the_interval() -> None:
    rng = np.random.default_rng(1)
    loss, guess = (rng.random(50) < 0.3).astype(np.float64), rng.random(50)
    whole = drawn(loss, guess, np.arange(50))
    part = ControlSample(
        loss=loss, guess=guess, mean_guess=whole.mean_guess, guess_variance=np.full(50, 0.01)
    )
    wide, narrow = assisted(part), assisted(whole)
    assert wide is not None
    assert narrow is not None
    assert wide.high - wide.low > 1.2 * (narrow.high - narrow.low)


def test_no_records_are_no_estimate() -> None:
    assert assisted(ControlSample.joined([])) is None
