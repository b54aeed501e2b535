"""Stream mode: the caught-error bound and the release gate, each beside a rule that breaks."""

from __future__ import annotations

from math import ceil, exp, inf, log, log1p

import numpy as np
import pytest
from error_streams import fires, misses

from tiebreak.assurance.stream import (
    Lane,
    audits_to_open,
    gate,
    in_force,
    log_m,
    most_errors,
    stream_log_e,
    uncaught,
)
from tiebreak.errors import UsageError

RUNS = 120
NOISE = 2 * (0.05 * 0.95 / RUNS) ** 0.5
RULE = np.array([audits_to_open(0.05, s, 0.05) for s in range(60)])
"""The fewest audits to certify with S errors, as a table; beyond it never."""


def certifies(n: np.ndarray, s: np.ndarray) -> np.ndarray:
    """The gate's rule for one rung, over arrays."""
    return (s < len(RULE)) & (n >= RULE[np.minimum(s, len(RULE) - 1)])


@pytest.mark.parametrize(
    ("pi", "expected"), [(0.1, (35, 63, 85, 104, 122, 139)), (0.02, (187, 329, 439))]
)
def test_u_is_exact(pi: float, expected: tuple) -> None:
    assert tuple(most_errors(s, pi, 0.05) for s in range(len(expected))) == expected
    for s, k in enumerate(expected):
        assert log_m(s, k, pi) < log(20) <= log_m(s, k + 1, pi)
        assert s / pi < k  # broken: the plain estimate is far too low


@pytest.mark.parametrize(
    ("eps", "expected"),
    [(0.05, (72, 130, 174, 213, 250, 285)), (0.02, (186, 329, 440, 538, 630, 717)), (0.1, (35,))],
)
def test_the_gates_crossings_are_exact(eps: float, expected: tuple) -> None:
    assert tuple(audits_to_open(eps, s, 0.05) for s in range(len(expected))) == expected
    for s, n in enumerate(expected):
        assert stream_log_e(n - 1, s, eps) < log(20) <= stream_log_e(n, s, eps)
    # broken: Clopper-Pearson of a sample whose size was fixed beforehand
    assert ceil(log(20) / -log1p(-eps)) < expected[0]


@pytest.mark.parametrize("eps", [0.02, 0.05, 0.3])
@pytest.mark.parametrize(("n", "s"), [(0, 0), (72, 0), (300, 9), (41, 40), (5000, 100)])
def test_both_processes_are_martingales(eps: float, n: int, s: int) -> None:
    for process in (lambda n, s: stream_log_e(n, s, eps), lambda n, s: log_m(s, n, eps)):
        up, down = (exp(process(n + 1, s + x) - process(n, s)) for x in (1, 0))
        assert eps * up + (1 - eps) * down == pytest.approx(1, rel=1e-10)
        assert 1.1 * eps * up + (1 - 1.1 * eps) * down < 1
        assert 0.9 * eps * up + (1 - 0.9 * eps) * down > 1  # broken: a rate that is off


@pytest.mark.parametrize(
    ("s", "n", "rate"), [(0, 0, 0.1), (0, 35, 0.1), (4, 122, 0.02), (9, 60, 0.3)]
)
def test_both_are_the_mixtures_they_are_said_to_be(s: int, n: int, rate: float) -> None:
    from scipy.integrate import quad

    for process, a, b in ((stream_log_e(n, s, rate), 0.5, 10.0), (log_m(s, n, rate), 0.5, 1.0)):

        def prior(x: float, a: float = a, b: float = b) -> float:
            return x ** (a - 1) * (1 - x) ** (b - 1)

        def bet(x: float, prior=prior) -> float:
            return prior(x) * (x / rate) ** s * ((1 - x) / (1 - rate)) ** (n - s)

        mixture = quad(bet, 0, rate)[0] / quad(prior, 0, rate)[0]
        assert process == pytest.approx(log(mixture), abs=1e-6)


def test_no_nan_where_the_beta_integral_underflows() -> None:
    assert stream_log_e(2000, 2000, 0.02) == -inf
    assert log_m(2000, 2000, 0.02) == -inf
    assert most_errors(2000, 0.02, 0.05) > 2000 / 0.02


@pytest.mark.parametrize("eps", [0.02, 0.05])
def test_false_certificates_at_the_limit_by_exact_sums(eps: float) -> None:
    from scipy.special import betaincinv

    def chance(rule: list[int], rate: float = eps) -> float:
        return float(fires(rule, lambda n, s: rate, 2000).sum())

    ours = [audits_to_open(eps, s, 0.05) for s in range(120)]
    assert 0.02 <= chance(ours) <= 0.05
    assert chance(ours, 1.2 * eps) < chance(ours)
    running_rate = [ceil(round(s / eps, 6)) if s else 20 for s in range(150)]
    assert chance(running_rate) > 0.9
    clopper_pearson, n = [], 1
    for s in range(120):
        while s >= n or betaincinv(s + 1, n - s, 0.95) > eps:
            n += 1
        clopper_pearson.append(n)
    assert chance(clopper_pearson) > 0.2  # .274 at 5 %


@pytest.mark.parametrize("shape", ["waves", "worse and worse", "errors first"])
def test_drift_is_no_worse(shape: str) -> None:
    """Never more than delta to be in force while the mean rate so far is >= eps; exact."""
    n = np.arange(2000)
    rate = {
        "waves": 0.05 + 0.04 * np.sin(n / 40),
        "worse and worse": np.linspace(0.0, 0.15, 2000),
        "errors first": np.where(n < 200, 0.25, 0.0),
    }[shape]
    above = np.concatenate([[True], np.cumsum(rate) >= 0.05 * np.arange(1, 2001)])
    assert above.any()
    rule = RULE.tolist()
    state = fires(rule, lambda n, s: float(rate[n]), 1999, when=above[:2000]).sum()
    assert state <= 0.05
    if shape == "worse and worse":  # broken: what was reached once stays
        assert fires(rule, lambda n, s: float(rate[n]), 1999).sum() > 0.9


@pytest.mark.parametrize("pi", [0.02, 0.1, 0.3])
def test_the_bound_on_errors_is_missed_by_at_most_delta(pi: float) -> None:
    from scipy.stats import binom

    errors = int(300 / pi)
    bound = [most_errors(s, pi, 0.05) for s in range(450)]
    assert 0.02 < misses(bound, pi, errors) <= 0.05
    look_once, k = [], 0  # broken: right for a K that was fixed beforehand
    for s in range(450):
        while binom.cdf(s, k + 1, pi) >= 0.05:
            k += 1
        look_once.append(k)
    assert misses(look_once, pi, errors) > 0.3


def released_stream(
    rate: np.ndarray, pi: np.ndarray | float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(wrong, audited) bool[RUNS, items] and whether the unseen error share is above .05 by then"""
    rng = np.random.default_rng(seed)
    wrong = rng.random((RUNS, len(rate))) < rate
    audited = rng.random(wrong.shape) < pi
    above = np.cumsum(wrong & ~audited, axis=1) > 0.05 * np.cumsum(~audited, axis=1)
    return wrong, audited, above


def test_a_certificate_is_a_state() -> None:
    """Clean for 1,500 labels, then 20 % wrong, pi .1."""
    rate = np.where(np.arange(3000) < 1500, 0.0, 0.2)
    wrong, audited, above = released_stream(rate, 0.1, seed=4)
    caught = np.cumsum(wrong & audited, axis=1)
    unseen = np.cumsum(~audited, axis=1)
    assert above[:, -1].all()
    ok = np.zeros_like(above)
    for row, t in np.ndindex(RUNS, 60):
        at = 50 * t + 49
        lane = Lane(pi=0.1, delta=0.05, caught=int(caught[row, at]))
        ok[row, at] = in_force([lane], int(unseen[row, at]), 0.05)
    assert ok[:, :1500].any(axis=1).all()  # it was earned
    assert (ok & above).any(axis=1).mean() <= 0.05 + NOISE
    sticky = np.logical_or.accumulate(ok, axis=1)
    assert (sticky & above).any(axis=1).all()  # broken


def test_a_stale_outer_rung_does_not_open() -> None:
    """The inner rung needs 10,000 labels; the outer one is 18 % wrong after its first 150 audits"""
    rng = np.random.default_rng(5)
    stale, current = 0, 0
    for _ in range(RUNS):
        inner = rng.random(1000) < 0.1
        wrong = ~inner & (np.arange(1000) >= 150) & (rng.random(1000) < 0.2)
        n, s = np.arange(1, 1001), np.cumsum(wrong)
        has_reached = any(
            stream_log_e(int(n[i]), int(s[i]), 0.05) >= log(40) for i in range(80, 200, 10)
        )
        now = gate([(int(inner.sum()), 0), (1000, int(s[-1]))], 0.05, 0.05)
        stale += has_reached
        current += now == 1
    assert stale / RUNS > 0.95  # broken
    assert current == 0


def test_the_gate_looks_at_each_rung_and_shares_delta() -> None:
    assert gate([], 0.05, 0.05) is None
    assert gate([(72, 0)], 0.05, 0.05) == 0
    assert gate([(71, 0)], 0.05, 0.05) is None
    assert gate([(72, 0), (72, 0)], 0.05, 0.05) is None  # 20 is not enough for one of two
    assert gate([(90, 0), (90, 0)], 0.05, 0.05) == 1
    assert gate([(90, 0), (200, 9)], 0.05, 0.05) == 0
    assert gate([(20, 0), (400, 1)], 0.05, 0.05) == 1


def test_a_bet_learnt_from_the_stream_sits_out_the_bad_period() -> None:
    """16 % wrong over 800 audits, then clean: above 5 % on average for 2,560 audits."""
    rng = np.random.default_rng(6)
    wrong = rng.random((RUNS, 2400)) < np.where(np.arange(2400) < 800, 0.16, 0.0)
    n, s = np.arange(1, 2401), np.cumsum(wrong, axis=1)
    above = s > 0.05 * n
    window = s.copy()
    window[:, 100:] -= s[:, :-100]
    window = np.concatenate([np.zeros((RUNS, 1)), window[:, :-1]], axis=1) / np.minimum(n, 100)
    bet = np.clip((0.05 - window) / (0.05 * 0.95), 0, 0.9 / 0.95)
    plug_in = np.cumsum(np.log1p(bet * (0.05 - wrong)), axis=1)
    assert ((plug_in >= log(20)) & above).any(axis=1).mean() > 0.95  # broken
    assert (certifies(n, s) & above).any(axis=1).mean() <= 0.05 + NOISE


def test_audits_of_different_pi_are_not_pooled() -> None:
    """15 % wrong while 2 % are audited, then clean while 20 % are."""
    items = np.arange(8000)
    bad = items < 3000
    wrong, audited, above = released_stream(
        np.where(bad, 0.15, 0.0), np.where(bad, 0.02, 0.2), seed=7
    )
    n, caught = np.cumsum(audited, axis=1), np.cumsum(wrong & audited, axis=1)
    assert (certifies(n, caught) & above).any(axis=1).mean() > 0.8  # broken
    for row in range(RUNS):
        lanes = [Lane(pi=0.02, delta=0.025, caught=int(caught[row, -1])),
                 Lane(pi=0.2, delta=0.025, caught=0)]  # fmt: skip
        if in_force(lanes, int((~audited[row]).sum()), 0.05):
            assert not above[row, -1]
    pooled = [most_errors(int(s), 0.2, 0.05) - int(s) for s in caught[:, -1]]
    true = (wrong & ~audited).sum(axis=1)
    assert (np.array(pooled) < true).mean() > 0.95  # broken
    ours = [uncaught([Lane(pi=0.02, delta=0.025, caught=int(s))]) for s in caught[:, -1]]
    assert (np.array(ours) < true).mean() <= 0.025 + NOISE


def test_wrong_items_answered_late() -> None:
    """6 % wrong, answered after 1,500 items; right ones after 150. pi .1."""
    items = np.arange(3000)
    wrong, audited, _ = released_stream(np.full(3000, 0.06), 0.1, seed=8)
    answer_order, coin_order = 0, 0
    for row in range(RUNS):
        when = items + np.where(wrong[row], 1500, 150)
        at = items[audited[row]]
        errors = wrong[row][at]
        looks = np.arange(200, 3000, 20)[:, None]
        drawn, answered = at <= looks, when[at] <= looks
        s = (answered & errors).sum(axis=1)
        pending = (drawn & ~answered).sum(axis=1)
        answer_order += certifies(answered.sum(axis=1), s).any()
        coin_order += certifies(drawn.sum(axis=1), s + pending).any()
    assert answer_order / RUNS > 0.3  # broken
    assert coin_order / RUNS <= 0.05 + NOISE


def test_no_prior_history_means_no_autonomy_yet() -> None:
    lane = Lane(pi=0.1, delta=0.05, caught=0)
    assert lane.uncaught == 35
    assert in_force([lane], 700, 0.05)
    assert not in_force([lane], 699, 0.05)
    other = Lane(pi=0.02, delta=0.05, caught=1)
    assert uncaught([lane, other]) == 35 + 328
    assert in_force([lane, other], 363 * 20, 0.05)
    assert not in_force([lane, other], 363 * 20 - 1, 0.05)


@pytest.mark.parametrize(
    "call",
    [
        lambda: log_m(3, 2, 0.1),
        lambda: stream_log_e(2, 3, 0.1),
        lambda: stream_log_e(2, 1, 1.0),
        lambda: most_errors(0, 0.0, 0.05),
        lambda: most_errors(0, 0.1, 1.0),
        lambda: audits_to_open(0.05, -1, 0.05),
        lambda: gate([(1, 2)], 0.05, 0.05),
    ],
)
def test_what_cannot_be_is_refused(call) -> None:
    with pytest.raises(UsageError):
        call()
