"""Sessions, the slope of errors, rushing."""

from __future__ import annotations

import numpy as np
import pytest

from tiebreak.annotators.fatigue import SESSION_GAP, measure_fatigue, sessions, slope_test
from tiebreak.errors import UsageError


def simulated_sessions(rng, *, fall, days=4, cards=100):
    """A **simulated** person: right with log-odds 2 - fall * position, every card a checked one."""
    times, right = [], []
    for day in range(days):
        for at in range(cards):
            times.append(day * 86_400.0 + 20.0 * at)
            right.append(bool(rng.random() < 1 / (1 + np.exp(-(2 - fall * at)))))
    return times, right


def test_sessions_part_at_a_gap():
    times = [0.0, SESSION_GAP, 2 * SESSION_GAP + 1, 2 * SESSION_GAP + 2]
    session, position = sessions(times)
    assert session.tolist() == [0, 0, 1, 1]
    assert position.tolist() == [0, 1, 0, 1]
    assert [len(x) for x in sessions([])] == [0, 0]
    with pytest.raises(UsageError, match="backwards"):
        sessions([2.0, 1.0])


def test_errors_that_grow_within_the_session_advise_a_pause():
    rng = np.random.default_rng(0)
    times, right = simulated_sessions(rng, fall=0.03)
    found = measure_fatigue(times, right, [4.0] * len(times), rng)
    assert found.reasons == ("errors",) and found.pause
    assert found.p is not None and found.p < 0.01
    assert found.slope == pytest.approx(-0.03, abs=0.012)


def test_worse_days_are_no_fatigue():
    """Accuracy that falls from day to day, not within one, gives no sign: sessions are strata."""
    rng = np.random.default_rng(1)
    right = [bool(rng.random() < p) for p in (0.99, 0.9, 0.7, 0.5) for _ in range(60)]
    times = [day * 86_400.0 + 10.0 * i for day in range(4) for i in range(60)]
    assert measure_fatigue(times, right, [None] * 240, rng).reasons == ()
    # the same answers in one session are the sign
    assert measure_fatigue([10.0 * i for i in range(240)], right, [None] * 240, rng).reasons == (
        "errors",
    )


def test_false_advice_is_rare():
    """An even person of 90 %: p < .01 in at most 1 % of 600 histories + 3 standard errors."""
    rng = np.random.default_rng(2)
    session = np.repeat(np.arange(3), 12)
    position = np.concatenate([np.sort(rng.choice(200, 12, replace=False)) for _ in range(3)])
    hits = sum(
        slope_test(session, position, rng.random(36) < 0.9, rng, draws=399)[1] < 0.01
        for _ in range(600)
    )
    assert hits <= 600 * 0.01 + 3 * (600 * 0.01 * 0.99) ** 0.5


def test_all_right_has_no_slope_and_no_sign():
    slope, p = slope_test(
        np.zeros(30, dtype=np.int64), np.arange(30), np.ones(30, bool), np.random.default_rng(0)
    )
    assert (slope, p) == (None, 1.0)


def test_rushing_is_against_ones_own_median():
    rng = np.random.default_rng(0)
    times = [5.0 * i for i in range(40)]
    unknown = [None] * 40
    slow = measure_fatigue(times, unknown, [8.0] * 30 + [1.9] * 10, rng)
    assert slow.reasons == ("rushing",)
    assert (slow.median, slow.recent, slow.p) == (8.0, 1.9, None)
    assert measure_fatigue(times, unknown, [8.0] * 30 + [2.1] * 10, rng).reasons == ()
    assert measure_fatigue(times, unknown, [1.0] * 40, rng).reasons == ()  # always quick
    assert measure_fatigue(times, unknown, [8.0] * 39 + [0.1], rng).reasons == ()  # one easy card
    few = measure_fatigue(times[:39], unknown[:39], [8.0] * 29 + [1.9] * 10, rng)
    assert (few.median, few.reasons) == (None, ())


def test_lengths_must_match():
    with pytest.raises(UsageError, match="2 times came with 1 checks"):
        measure_fatigue([0.0, 1.0], [True], [1.0, 1.0], np.random.default_rng(0))
