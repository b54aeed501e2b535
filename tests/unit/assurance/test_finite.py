"""File mode: exact crossings, the martingale, exact chances of a false certificate."""

from __future__ import annotations

from decimal import Decimal, localcontext
from math import ceil, exp, inf, log

import numpy as np
import pytest
from error_streams import finite_pool, fires

from tiebreak.assurance.finite import (
    FinitePool,
    crossing,
    crossings,
    is_certified,
    log_e,
    per_file,
    per_label,
)
from tiebreak.assurance.rates import allowed, delta_share, labels_for
from tiebreak.errors import UsageError


def whole(size: int, eps: float) -> FinitePool:
    """The whole rung counts, audited records included."""
    return per_file(size, eps, size)


@pytest.mark.parametrize(
    ("size", "eps", "expected"),
    [(1000, 0.05, (68, 120, 159, 194)), (500, 0.05, (64, 112, 147, 177)),
     (1000, 0.02, (160, 273, 355, 425))],
)  # fmt: skip
def test_first_certification_of_a_whole_rung(size: int, eps: float, expected: tuple) -> None:
    pool = whole(size, eps)
    assert tuple(crossing(pool, s, 0.05) for s in range(4)) == expected
    assert crossings(pool, 0.05)[:4] == expected
    for s, n in enumerate(expected):
        assert is_certified(pool, n, s, 0.05)
        assert not is_certified(pool, n - 1, s, 0.05)
    # broken: a prior that is all on K = 0 promises it at the fixed-sample count, too early
    point = next(n for n in range(size) if _log_point(pool, n) >= log(20))
    assert point < expected[0]


def _log_point(pool: FinitePool, n: int) -> float:
    left = np.arange(pool.size - pool.too_many - n + 1, pool.size - pool.too_many + 1)
    return float(-np.log(left / np.arange(pool.size - n + 1, pool.size + 1)).sum())


@pytest.mark.parametrize(("size", "eps"), [(500, 0.05), (1000, 0.02), (20_000, 0.05)])
@pytest.mark.parametrize(("n", "s"), [(0, 0), (40, 3), (250, 9), (450, 2)])
def test_e_is_a_martingale_under_the_null(size: int, eps: float, n: int, s: int) -> None:
    pool = whole(size, eps)

    def one_step(wrong: int) -> float:
        p = (wrong - s) / (size - n)
        before = log_e(pool, n, s)
        after = [exp(log_e(pool, n + 1, s + x) - before) for x in (0, 1)]
        return (1 - p) * after[0] + p * after[1]

    assert one_step(pool.too_many) == pytest.approx(1, rel=1e-10)
    assert one_step(pool.too_many + 5) < 1  # more errors than that: it falls
    assert one_step(pool.too_many - 2) > 1  # broken, a K0 that is off: no martingale


def _exact(pool: FinitePool, n: int, s: int) -> Decimal:
    """log E in 60 digits, term by term from the definition's ratios."""
    with localcontext() as context:
        context.prec = 60
        weight, prior, size = Decimal(1), [Decimal(1)], pool.size
        for k in range(pool.too_many - 1):
            weight *= Decimal(size - k) / (k + 1) * (k + Decimal("0.5")) / (size - k - 1 + 10)
            prior.append(weight)
        ratio, total = Decimal(1), Decimal(0)
        for k in range(pool.too_many - 1, s - 1, -1):
            ratio *= Decimal(k + 1 - s) / (k + 1) * (size - k) / (size - n - k + s)
            total += prior[k] * ratio
        return (total / sum(prior)).ln()


@pytest.mark.parametrize(
    ("size", "n", "s"), [(1000, 120, 1), (1000, 900, 40), (200_000, 6000, 250)]
)
def test_log_e_to_eleven_digits(size: int, n: int, s: int) -> None:
    pool = whole(size, 0.05)
    assert log_e(pool, n, s) == pytest.approx(float(_exact(pool, n, s)), rel=1e-11)


def test_a_million_records() -> None:
    pool = whole(10**6, 0.05)  # as good as with replacement
    assert [crossing(pool, s, 0.05) for s in range(4)] == [72, 130, 174, 213]
    assert log_e(pool, 10**6, 0) == inf
    assert log_e(pool, 60_000, 50_001) == -inf


def test_what_is_known_is_certain() -> None:
    pool = whole(100, 0.05)  # K0 = 6
    assert log_e(pool, 50, 6) == -inf  # six found: the null is true, for good
    assert log_e(pool, 95, 0) == inf  # five left: it cannot be
    assert log_e(pool, 94, 0) < inf
    assert log_e(pool, 0, 0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("size", "eps"), [(1000, 0.05), (500, 0.05), (1000, 0.02)])
def test_false_certificates_by_exact_sums(size: int, eps: float) -> None:
    pool = whole(size, eps)
    rule = crossings(pool, 0.05)
    at_null = fires(rule, finite_pool(size, pool.too_many), size).sum()
    assert 0.02 <= at_null <= 0.05
    assert fires(rule, finite_pool(size, pool.too_many + 10), size).sum() < at_null
    running_rate = [ceil(s / eps) if s else 20 for s in range(60)]
    assert fires(running_rate, finite_pool(size, pool.too_many), size).sum() > 0.5


def test_a_bound_on_the_whole_rung_is_none_on_the_unchecked_labels() -> None:
    """N = 500, K = 24: 4.8 % of all, but more of what is left after right ones were audited."""

    def above(pool: FinitePool) -> float:
        first = fires(crossings(pool, 0.05), finite_pool(500, 24), pool.cap)
        n, s = np.nonzero(first)
        return float(first[n, s][(24 - s) / (500 - n) > 0.05].sum())

    assert above(whole(500, 0.05)) == pytest.approx(0.27, abs=0.02)  # broken
    for cap in (100, 125, 200):
        assert 0 < above(per_label(500, 0.05, cap)) <= 0.05


def test_the_label_promise_has_a_cap() -> None:
    pool = per_label(500, 0.05, 125)
    assert pool == FinitePool(500, 19, 125)  # floor(.05 * 375) + 1
    assert crossing(pool, 0, 0.05) == 86
    assert is_certified(pool, 125, 0, 0.05)
    assert not is_certified(pool, 126, 0, 0.05)
    assert crossing(per_label(500, 0.05, 85), 0, 0.05) == 79
    assert crossing(per_label(500, 0.05, 60), 0, 0.05) is None
    assert per_label(40, 0.05, 25).too_many == 1  # nothing may be wrong


def test_the_file_promise_counts_the_whole_file() -> None:
    assert per_file(800, 0.05, 1000) == FinitePool(800, 51, 800)
    assert log_e(per_file(40, 0.05, 1000), 0, 0) == inf  # all wrong would still be 4 % of the file
    with pytest.raises(UsageError, match="1000"):
        per_file(1000, 0.05, 999)


def test_allowed_reads_eps_as_it_is_written() -> None:
    assert int(0.29 * 100) == 28  # broken: doubles
    assert allowed(0.29, 100) == 29
    assert [allowed(0.05, n) for n in (19, 20, 10**6)] == [0, 1, 50_000]
    assert allowed(0.07, 100) == 7
    assert allowed(1e-7, 10**7) == 1
    assert [labels_for(0.05, k) for k in (0, 1, 7)] == [0, 20, 140]
    assert labels_for(0.03, 1) == 34


@pytest.mark.parametrize("version", [1, 2, 7])
def test_each_version_has_its_share_of_delta(version: int) -> None:
    assert delta_share(0.05, version, 2) == pytest.approx(
        0.05 * 6 / (np.pi**2 * version**2) / 2, rel=1e-12
    )
    assert sum(delta_share(0.05, v) for v in range(1, 5000)) == pytest.approx(0.05, rel=1e-3)
    assert sum(delta_share(0.05, v) for v in range(1, 5000)) < 0.05


def test_twenty_forced_promotions_at_the_limit() -> None:
    """Each version gets every chance to certify falsely; exact, version by version."""

    def lifetime(deltas: list[float]) -> float:
        pool = whole(400, 0.05)
        none = 1.0
        for delta in deltas:
            rule = crossings(pool, delta)
            none *= 1 - fires(rule, finite_pool(400, pool.too_many), 400).sum()
        return 1 - none

    assert 0.02 < lifetime([delta_share(0.05, v) for v in range(1, 21)]) <= 0.05
    assert lifetime([0.05] * 20) > 0.5  # broken: the whole delta for every version


@pytest.mark.parametrize(
    "call",
    [
        lambda: FinitePool(0, 1, 0),
        lambda: FinitePool(10, 0, 0),
        lambda: FinitePool(10, 1, 11),
        lambda: log_e(FinitePool(10, 1, 10), 3, 4),
        lambda: log_e(FinitePool(10, 1, 10), 11, 0),
        lambda: crossing(FinitePool(10, 1, 10), 0, 0.0),
        lambda: allowed(5.0, 10),
        lambda: delta_share(0.05, 0),
    ],
)
def test_what_cannot_be_is_refused(call) -> None:
    with pytest.raises(UsageError):
        call()
