"""The control arm's draw."""

from __future__ import annotations

import numpy as np
import pytest

from tiebreak.models.control_arm import draw_control

IDS = np.arange(100, 120)


def test_each_record_comes_in_with_the_probability_that_is_told():
    counts = np.zeros(20)
    for seed in range(2000):
        positions, probability = draw_control(IDS, 5, np.random.default_rng(seed))
        assert probability == 0.25
        counts[positions] += 1
    # binomial(2000, .25): standard deviation 19.4
    assert counts == pytest.approx(500, abs=4 * 19.4)


def test_pairs_come_in_without_favour():
    together = sum(
        {0, 1} <= set(draw_control(IDS, 5, np.random.default_rng(s))[0]) for s in range(4000)
    )
    # 5/20 * 4/19 = .0526; standard deviation 14.1
    assert together == pytest.approx(4000 * 5 / 20 * 4 / 19, abs=4 * 14.1)


def test_positions_ascend_and_none_is_there_twice():
    positions, _ = draw_control(IDS, 12, np.random.default_rng(0))
    assert (np.diff(positions) > 0).all()
    assert (len(positions), positions.dtype) == (12, np.int64)


@pytest.mark.parametrize("n", [20, 21])
def test_few_records_are_all_drawn(n):
    positions, probability = draw_control(IDS, n, np.random.default_rng(0))
    assert (positions.tolist(), probability) == (list(range(20)), 1.0)


@pytest.mark.parametrize(("ids", "n"), [(IDS[:0], 5), (IDS, 0)])
def test_nothing_comes_of_nothing(ids, n):
    positions, probability = draw_control(ids, n, np.random.default_rng(0))
    assert (positions.tolist(), probability) == ([], 0.0)
