"""The monitor: run length, delay, and when the change began."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from tiebreak.assurance.monitor import ALARM, WORSE, read_monitor
from tiebreak.errors import UsageError


def step_by_step(errors: list[bool], eps: float) -> tuple[list[float], int | None, int]:
    """The recursions as they are written; (mean R, alarm, last restart of the dominant CUSUM)."""
    rates = [eps * x for x in WORSE if eps * x < 1]
    r, c, restart, means = [0.0] * len(rates), [0.0] * len(rates), [0] * len(rates), []
    for t, wrong in enumerate(errors):
        for j, q in enumerate(rates):
            ratio = q / eps if wrong else (1 - q) / (1 - eps)
            r[j] = (1 + r[j]) * ratio
            if c[j] <= 0:
                restart[j] = t
            c[j] = max(c[j], 0.0) + log(ratio)
        means.append(sum(r) / len(r))
        if means[-1] >= ALARM:
            return means, t + 1, restart[int(np.argmax(r))]
    return means, None, 0


@pytest.mark.parametrize("eps", [0.05, 0.02, 0.3])
def test_it_is_the_recursion(eps: float) -> None:
    rng = np.random.default_rng(3)
    errors = np.concatenate([rng.random(300) < eps, rng.random(300) < min(4 * eps, 0.9)])
    means, alarm, start = step_by_step(errors.tolist(), eps)
    reading = read_monitor(errors, eps)
    assert np.exp(reading.log_r[: len(means)]) == pytest.approx(means, rel=1e-9)
    assert (reading.alarm, reading.start) == (alarm, start)
    assert alarm is not None
    assert reading.requeue_from == max(start - 50, 0)


def test_it_finds_when_the_change_began() -> None:
    """5 % until audit 1,000, then 15 %."""
    rng = np.random.default_rng(13)
    right, early = [], []
    for _ in range(300):
        errors = rng.random(1600) < np.where(np.arange(1600) < 1000, 0.025, 0.15)
        reading = read_monitor(errors, 0.05)
        if reading.alarm is None or reading.alarm <= 1000:
            continue
        right.append(900 <= (reading.start or 0) <= 1060)
        early.append(900 <= last_below_one(errors[: reading.alarm], 0.05) <= 1060)
    assert len(right) > 250
    assert np.mean(right) >= 0.9
    assert np.mean(early) < 0.1  # broken: "since R_j was last below 1"


def last_below_one(errors: np.ndarray, eps: float) -> int:
    """The draft's rule, for the dominant rate of a change to three times eps."""
    r, last = 0.0, 0
    for t, wrong in enumerate(errors):
        r = (1 + r) * (3.0 if wrong else (1 - 3 * eps) / (1 - eps))
        last = t if r < 1 else last
    return last


def test_a_false_alarm_is_rare_and_a_real_one_is_quick() -> None:
    rng = np.random.default_rng(14)
    at_limit = [read_monitor(rng.random(1000) < 0.05, 0.05).alarm for _ in range(200)]
    assert np.mean([a is not None for a in at_limit]) < 0.6  # mean run length >= 1,000
    delays = [read_monitor(rng.random(400) < 0.15, 0.05).alarm for _ in range(200)]
    assert np.mean([400 if d is None else d for d in delays]) == pytest.approx(59, abs=12)


def test_nothing_yet_and_nothing_worse() -> None:
    empty = read_monitor([], 0.05)
    assert (len(empty.log_r), empty.alarm, empty.start, empty.requeue_from) == (0, None, None, None)
    assert np.exp(read_monitor([True], 0.05).log_r[0]) == pytest.approx((1.5 + 2 + 3 + 4 + 6) / 5)
    assert read_monitor([True], 0.6).log_r[0] == pytest.approx(log(1.5))  # only 1.5 eps is below 1
    with pytest.raises(UsageError, match="much worse"):
        read_monitor([True], 0.7)
