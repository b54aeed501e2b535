"""PPI++ for label shares: unbiased for any guess, it covers, helps where it can, and is guarded."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from benchmarks.promise.weighted_estimates import Guess, weighted
from tiebreak.errors import UsageError
from tiebreak.learner.estimation import prevalence
from tiebreak.learner.estimation.accuracy import estimate, mean_loss
from tiebreak.learner.estimation.prevalence import (
    ControlDraw,
    KnownLabels,
    label_shares,
    weights,
)

N, ROUNDS, BY_LOT, CHOSEN = 800, 8, 15, 15
SHARES = (0.62, 0.3, 0.07, 0.01)


def mean_shares(lots, weight=None):
    """The estimate of `label_shares` as it is, float64[k]: cut neither to [0, 1] nor to what is
    known. *weight*, one number a lot (`weights` for None), is fixed before each lot."""
    each = np.repeat(weights(lots) if weight is None else weight, [len(x.records) for x in lots])
    before, part = prevalence._known(lots)
    return np.array(
        [
            before[j] + part * (1 - mean_loss(prevalence._absent(lots, j), each))
            for j in range(lots[0].truth.shape[1])
        ]
    )


def population(rng: np.random.Generator, even: float) -> tuple[np.ndarray, np.ndarray]:
    """bool[N, 4] truth and float64[N, 4] probabilities; calibrated, even or too sure by *even*."""
    p = np.array([rng.dirichlet(np.array(SHARES) * even) for _ in range(N)])
    truth = p.cumsum(axis=1) > rng.random(N)[:, None]
    return np.diff(truth.astype(int), axis=1, prepend=0) == 1, p


def lot(truth: np.ndarray, p: np.ndarray, at: np.ndarray, free: np.ndarray) -> ControlDraw:
    """The records at these places, drawn from the free ones, whose every guess was read."""
    done = ~free
    return ControlDraw(
        records=at,
        truth=truth[at],
        guess=p[at],
        mean_guess=p[free].mean(axis=0),
        guess_variance=np.zeros(p.shape[1]),
        then=KnownLabels(
            counts=truth[done].sum(axis=0), labelled=int(done.sum()), open=int(free.sum())
        ),
        learnt=np.flatnonzero(done),
    )


def campaign(
    truth: np.ndarray,
    guess: Callable[[int], np.ndarray],
    rng: np.random.Generator,
    chosen: int = CHOSEN,
) -> list[ControlDraw]:
    """Lots a round, and between them the labels that a strategy asks for: of the rare ones first,
    as active learning does, so that what is left differs from the pool more and more."""
    free, lots = np.ones(len(truth), dtype=bool), []
    for round in range(ROUNDS):
        at = rng.choice(np.flatnonzero(free), BY_LOT, replace=False)
        p = guess(round)
        lots.append(lot(truth, p, at, free))
        free[at] = False
        left = np.flatnonzero(free)
        odd = truth[left, 1] + rng.random(len(left))
        free[left[np.argsort(-odd)[:chosen]]] = False
    return lots


def useless(rng: np.random.Generator, even: bool = True) -> Callable[[int], np.ndarray]:
    return lambda _: rng.dirichlet(np.ones(4) if even else np.array([1, 9, 1, 1]), N)


@pytest.mark.parametrize("kind", ["calibrated", "perfect", "biased", "none"])
def test_it_is_unbiased_and_covers_whatever_the_guess(kind: str) -> None:
    """500 seeded campaigns each, in which what people labelled was mostly not drawn by lot."""
    rng = np.random.default_rng(len(kind))
    truth, p = population(rng, 1.5)
    guesses = {
        "calibrated": lambda _: p,
        "perfect": lambda _: truth.astype(float),
        "biased": useless(rng, even=False),
        "none": lambda _: np.zeros((N, 4)),
    }
    target, told, inside, naive = truth.mean(axis=0), [], np.zeros(4), []
    for _ in range(500):
        lots = campaign(truth, guesses[kind], rng)
        told.append(mean_shares(lots))
        found = label_shares(lots)
        inside += [s.low <= t <= s.high for s, t in zip(found, target, strict=True)]
        naive.append(np.concatenate([x.truth for x in lots]).mean(axis=0))
    off = np.mean(told, axis=0) - target
    assert (np.abs(off) < 4 * np.std(told, axis=0) / np.sqrt(500) + 1e-12).all()
    assert (inside >= 0.93 * 500).all()
    away = np.abs(np.mean(naive, axis=0) - target) / (np.std(naive, axis=0) / np.sqrt(500))
    assert away[1] > 10  # broken: the bare share of the lots, of pools that lost what was chosen
    assert np.sum(told, axis=1) == pytest.approx(np.ones(500))


def test_a_good_guess_narrows_and_a_useless_one_does_no_harm() -> None:
    rng = np.random.default_rng(3)
    truth, p = population(rng, 1.0)
    errors, widths = {}, {}
    random = useless(rng)
    for name, guess in {
        "none": lambda _: np.zeros((N, 4)),
        "useless": random,
        "calibrated": lambda _: p,
        "perfect": lambda _: truth.astype(float),
    }.items():
        found = [label_shares(campaign(truth, guess, rng)) for _ in range(200)]
        errors[name] = np.std([[s.share for s in each] for each in found], axis=0)[:2].mean()
        widths[name] = np.mean([[s.high - s.low for s in each[:2]] for each in found])
    assert errors["useless"] < 1.08 * errors["none"]
    assert widths["useless"] < 1.05 * widths["none"]
    assert errors["calibrated"] < 0.85 * errors["none"]
    assert widths["calibrated"] < 0.9 * widths["none"]
    assert errors["perfect"] < 0.6 * errors["none"]  # the first 30 have none to learn a weight from
    assert widths["perfect"] < widths["calibrated"]


def test_a_weight_of_zero_leaves_the_plain_means_and_what_was_known() -> None:
    rng = np.random.default_rng(1)
    truth, p = population(rng, 1.0)
    one = campaign(truth, lambda _: p, rng)[0]
    assert mean_shares([one], [0.0]) == pytest.approx(one.truth.mean(axis=0))
    for j, share in enumerate(label_shares([one])):  # nothing was known, nothing to learn from
        plain = estimate(int(one.truth[:, j].sum()), BY_LOT)
        assert plain is not None
        assert (share.share, share.low, share.high) == pytest.approx(
            (plain.accuracy, plain.low, plain.high)
        )
        assert (share.n, share.plain) == (BY_LOT, pytest.approx(share.share))
    later = campaign(truth, lambda _: p, rng)[3]
    part = later.then.open / N
    assert part == 1 - 3 * (BY_LOT + CHOSEN) / N
    assert mean_shares([later], [0.0]) == pytest.approx(
        later.then.counts / N + part * later.truth.mean(axis=0)
    )


def test_a_weight_is_learnt_from_the_lots_before_alone() -> None:
    rng = np.random.default_rng(2)
    truth, p = population(rng, 1.0)
    lots = campaign(truth, lambda _: p, rng)
    say = weights(lots)
    assert say[:2] == [0.0, 0.0]
    assert all(0 < w <= 1 for w in say[2:])
    assert weights(campaign(truth, lambda _: np.zeros((N, 4)), rng)) == [0.0] * ROUNDS
    assert weights(lots[:5]) == say[:5]
    silent = [lot(truth, p * 0, x.records, np.ones(N, dtype=bool)) for x in lots[:2]]
    for x in silent:  # rounds without a model teach no weight
        assert weights([x, *lots])[1:] == say
    x = np.concatenate([x.guess - x.mean_guess for x in lots[:4]])
    y = np.concatenate([x.truth for x in lots[:4]]).astype(float)
    slope = sum(np.cov(x[:, j], y[:, j])[0, 1] for j in range(4)) / x.var(axis=0, ddof=1).sum()
    assert say[4] == pytest.approx(min(slope, 1.0))


def test_a_weight_learnt_from_the_labels_that_it_weighs_is_biased() -> None:
    """Over all ways to draw 4 of 8: any fixed weight is exact, the slope in the draw is not."""
    f = np.array([0.0, 0.0, 0.0, 0.1, 0.4, 0.5, 0.9, 1.0])[:, None]
    y, free = (f > 0.3) & (f < 0.6), np.ones(8, dtype=bool)
    fixed, plugged = [], []
    for at in combinations(range(8), 4):
        one = lot(y, f, np.array(at), free)
        x, t = one.guess[:, 0], one.truth[:, 0].astype(float)
        slope = float(np.clip(np.cov(x, t)[0, 1] / max(np.var(x, ddof=1), 1e-9), 0, 1))
        fixed.append(mean_shares([one], [0.8])[0])
        plugged.append(mean_shares([one], [slope])[0])
    assert np.mean(fixed) == pytest.approx(0.25, abs=1e-12)
    assert abs(np.mean(plugged) - 0.25) > 0.02


def test_what_is_known_by_now_cuts_the_interval() -> None:
    rng = np.random.default_rng(4)
    truth, p = population(rng, 1.0)
    lots = campaign(truth, lambda _: p, rng)
    counts = truth.sum(axis=0)
    whole = label_shares(lots, KnownLabels(counts=counts, labelled=N, open=0))
    for share, exact in zip(whole, counts / N, strict=True):
        assert (share.low, share.share, share.high) == pytest.approx((exact,) * 3)
    most = label_shares(lots, KnownLabels(counts=counts // 2, labelled=N - 100, open=100))
    for share, least in zip(most, counts // 2 / N, strict=True):
        assert least <= share.low <= share.share <= share.high <= least + 100 / N + 1e-12


def test_an_equal_coin_is_the_same_estimate_as_a_lot() -> None:
    """`weighted_estimates.weighted` with all probabilities n / N, on what was drawn."""
    rng = np.random.default_rng(5)
    truth, p = population(rng, 1.0)
    drawn = np.zeros(N, dtype=bool)
    drawn[rng.choice(N, 60, replace=False)] = True
    one = lot(truth, p, np.flatnonzero(drawn), np.ones(N, dtype=bool))
    told = mean_shares([one], [0.7])
    for j in range(4):
        coins = weighted(
            truth[:, j].astype(float), drawn, np.full(N, 60 / N), Guess.frozen(0.7 * p[:, j])
        )
        assert coins.value == pytest.approx(told[j])


def test_a_pool_read_in_part_widens_the_intervals() -> None:
    rng = np.random.default_rng(6)
    truth, p = population(rng, 1.0)
    lots = campaign(truth, lambda _: p, rng)
    parts = [
        ControlDraw(
            records=x.records, truth=x.truth, guess=x.guess, mean_guess=x.mean_guess,
            guess_variance=np.full(4, 0.01), then=x.then, learnt=x.learnt,
        )
        for x in lots
    ]  # fmt: skip
    for whole, part in zip(label_shares(lots), label_shares(parts), strict=True):
        assert part.share == whole.share
        assert part.high - part.low > whole.high - whole.low


def test_no_labels_are_no_shares() -> None:
    truth, p = population(np.random.default_rng(0), 1.0)
    none = lot(truth, p, np.zeros(0, dtype=np.int64), np.ones(N, dtype=bool))
    assert label_shares([]) == label_shares([none]) == ()


def test_a_guess_that_learnt_from_the_labels_that_correct_it_is_refused() -> None:
    rng = np.random.default_rng(7)
    truth, p = population(rng, 1.0)
    good = lot(truth, p, np.array([3, 4, 9]), np.ones(N, dtype=bool))
    parts = {
        key: getattr(good, key)
        for key in ("records", "truth", "guess", "mean_guess", "guess_variance", "then")
    }
    ControlDraw(**parts, learnt=np.array([1, 2, 5]))
    with pytest.raises(UsageError, match=r"record 4 was fitted .* own label \(2 such\)"):
        ControlDraw(**parts, learnt=np.array([1, 4, 9]))
    with pytest.raises(UsageError, match="cannot be drawn from 2"):
        few = KnownLabels(counts=np.zeros(4, dtype=np.int64), labelled=0, open=2)
        ControlDraw(**{**parts, "then": few}, learnt=np.zeros(0, dtype=np.int64))
    with pytest.raises(UsageError, match="guesses of shape"):
        ControlDraw(**{**parts, "guess": good.guess[:, :2]}, learnt=np.zeros(0, dtype=np.int64))
