"""Estimates from unequal probabilities: unbiased by enumeration, and guarded."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from benchmarks.promise.weighted_estimates import Guess, lure, probabilities, weighted
from tiebreak.errors import UsageError

LOSS = np.array([1.0, 0.0, 0.0, 1.0, 0.0])
WISH = np.array([5.0, 1.0, 2.0, 3.0, 0.5])


@pytest.mark.parametrize("picked", [1, 2, 3, 4, 5])
def test_lure_is_unbiased_over_all_ways_to_pick(picked: int) -> None:
    expected, plain = 0.0, 0.0
    for order in permutations(range(5), picked):
        q, left = [], list(range(5))
        for i in order:
            q.append(WISH[i] / WISH[left].sum())
            left.remove(i)
        chance = float(np.prod(q))
        expected += chance * lure(LOSS[list(order)], q, 5)
        plain += chance * float(LOSS[list(order)].mean())
    assert expected == pytest.approx(0.4, abs=1e-12)
    if picked < 5:
        assert plain > 0.42  # broken: the plain mean of what was picked for its loss


def test_lure_of_the_whole_pool_is_its_mean() -> None:
    assert lure(LOSS, [0.9, 0.5, 0.4, 0.6, 1.0], 5) == pytest.approx(0.4)
    with pytest.raises(ZeroDivisionError):
        _ = [(5 - 5) / (5 - m) for m in range(1, 6)]  # broken: the formula as it is printed


@pytest.mark.parametrize("guess", [np.zeros(5), np.array([0.9, 0.1, 0.2, 0.3, 0.7])])
def test_weighted_is_unbiased_over_all_coins(guess: np.ndarray) -> None:
    pi = probabilities(WISH, 2.5)
    mean, second, variance = 0.0, 0.0, 0.0
    for coins in product([False, True], repeat=5):
        drawn = np.array(coins)
        chance = float(np.where(drawn, pi, 1 - pi).prod())
        got = weighted(LOSS, drawn, pi, Guess.frozen(guess))
        assert got.n == drawn.sum()
        mean += chance * got.value
        second += chance * got.value**2
        variance += chance * got.error**2
    assert mean == pytest.approx(0.4, abs=1e-12)
    assert variance == pytest.approx(second - mean**2, abs=1e-12)


def test_a_guess_that_learnt_from_the_labels_that_correct_it_is_refused() -> None:
    """It would repeat them, and the correction, which is all that is honest, would be 0."""
    rng = np.random.default_rng(0)
    drawn, pi, own = rng.random(400) < 0.25, np.full(400, 0.25), np.zeros(400)
    loss = (rng.random(400) < 0.4).astype(float)
    own[drawn] = loss[drawn]  # knows the drawn ones by heart, says "right" of all others
    assert weighted(loss, drawn, pi, Guess.frozen(own)).value < 0.15  # broken: truth .4
    learnt = Guess.frozen(own, fitted_on=np.flatnonzero(drawn).tolist())
    with pytest.raises(UsageError, match=f"own label .{drawn.sum()} such"):
        weighted(loss, drawn, pi, learnt)
    fold = rng.integers(0, 2, 400)
    others = tuple(frozenset(np.flatnonzero(drawn & (fold != f)).tolist()) for f in (0, 1))
    crossed = Guess(np.full(400, 0.4), fold, others)
    assert weighted(loss, drawn, pi, crossed).value == pytest.approx(0.4, abs=0.1)
    with pytest.raises(UsageError, match="own label"):
        weighted(loss, drawn, pi, Guess(crossed.values, 1 - fold, others))


@pytest.mark.parametrize("bad", [0.0, 1.2, -0.1, np.nan])
def test_a_probability_above_one_is_refused(bad: float) -> None:
    pi = np.array([0.5, bad, 0.5, 0.5, 0.5])
    with pytest.raises(UsageError, match="Cap at 1"):
        weighted(LOSS, np.ones(5, dtype=bool), pi, Guess.frozen(np.zeros(5)))
    with pytest.raises(UsageError, match="probability"):
        lure([0.0, 1.0], [0.5, bad], 5)


def test_probabilities_are_capped_and_renormalised() -> None:
    wish = np.array([100.0, 50.0, 1.0, 1.0, 0.0])
    capped = np.minimum(3 * wish / wish.sum(), 1)
    assert capped.sum() < 2.5  # broken: a cap alone draws fewer than were paid for
    pi = probabilities(wish, 3, uniform=0.0)
    assert pi == pytest.approx([1, 1, 0.5, 0.5, 0])
    half = probabilities(wish, 2)
    assert half.sum() == pytest.approx(2)
    assert half.min() >= 0.5 * 2 / 5 - 1e-12
    assert probabilities(np.zeros(4), 1) == pytest.approx(np.full(4, 0.25))
    assert probabilities(WISH, 5) == pytest.approx(np.ones(5))


@pytest.mark.parametrize(
    "call",
    [
        lambda: lure([], [], 5),
        lambda: lure([0.0], [0.5, 0.5], 5),
        lambda: lure([0.0, 1.0], [0.5, 0.5], 1),
        lambda: weighted(LOSS, np.ones(4, dtype=bool), np.ones(5), Guess.frozen(np.zeros(5))),
        lambda: probabilities(WISH, 6),
        lambda: probabilities(WISH, 0),
        lambda: probabilities(-WISH, 2),
        lambda: probabilities(WISH, 2, uniform=1.5),
    ],
)
def test_what_cannot_be_is_refused(call) -> None:
    with pytest.raises(UsageError):
        call()
