"""Permutation tests of drift: valid under no drift, and with the power that they are there for."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from unit_vectors import unit_rows

from tiebreak.errors import UsageError
from tiebreak.learner.drift.two_sample import (
    Finding,
    classes_test,
    distance_test,
    far_ranks,
    mmd2,
    mmd_test,
    p_value,
)

NULLS, PERMUTATIONS = 500, 99


def sides(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A reference of 45 and a window of 15, of the same four groups."""
    rows, _ = blobs(rng, [15] * 4, dim=8, noise=0.3)
    rows = rows[rng.permutation(60)]
    return rows[:45], rows[45:]


def null_p_values(name: str) -> np.ndarray:
    rng = np.random.default_rng(7)
    found = []
    for _ in range(NULLS):
        reference, window = sides(rng)
        if name == "mmd":
            test = mmd_test(reference, window, rng, permutations=PERMUTATIONS, features=32)
        elif name == "classes":
            said = [rows.argmax(axis=1) for rows in (reference, window)]
            test = classes_test(*said, rng, permutations=PERMUTATIONS)
        else:
            test = distance_test(reference, window, rng, permutations=PERMUTATIONS, k=5)
        found.append(test.p)
    return np.array(found)


@pytest.mark.parametrize("name", ["far_ranks", "mmd"])
def test_p_values_are_uniform_under_no_drift(name: str) -> None:
    p = null_p_values(name)
    # a p of j / 100 stands for the interval that ends there: spread, it can be exactly uniform
    spread = p - np.random.default_rng(0).random(NULLS) / (1 + PERMUTATIONS)
    assert kstest(spread, "uniform").pvalue > 0.001
    assert p.min() >= 1 / (1 + PERMUTATIONS)


def test_p_values_of_coarse_statistics_only_err_upwards() -> None:
    p = null_p_values("classes")
    assert kstest(p, "uniform", alternative="greater").pvalue > 0.001
    assert (p <= 0.05).mean() <= 0.05 + 3 * (0.05 * 0.95 / NULLS) ** 0.5


def test_a_new_group_is_seen_by_distance_and_a_moved_mix_by_the_others() -> None:
    rng = np.random.default_rng(3)
    fired = {"new": 0, "mmd": 0, "classes": 0, "distance on the mix": 0}
    for _ in range(20):
        rows, of = blobs(rng, [60, 60, 60, 60, 12], dim=16, noise=0.25)
        order = rng.permutation(240)
        reference, plain = rows[order[:180]], rows[order[180:]]
        novel = np.concatenate([plain[:48], rows[240:]])
        fired["new"] += distance_test(reference, novel, rng, permutations=99).p <= 0.05
        moved = rows[rng.choice(np.flatnonzero(of[:240] < 2), 60, replace=False)]
        fired["mmd"] += mmd_test(reference, moved, rng, permutations=99).p <= 0.05
        said = [x[:, :4].argmax(axis=1) for x in (reference, moved)]
        fired["classes"] += classes_test(*said, rng, permutations=99).p <= 0.05
        fired["distance on the mix"] += (
            distance_test(rows[order[:180]], moved, rng, permutations=99).p <= 0.01
        )
    assert min(fired["new"], fired["mmd"], fired["classes"]) >= 18
    assert fired["distance on the mix"] <= 4  # no single test covers both


def test_unbiased_mmd_averages_zero_under_no_drift() -> None:
    rng = np.random.default_rng(1)
    features = unit_rows(rng, 60, 12).astype(np.float64)
    values = []
    for _ in range(4000):
        known = rng.permutation(60) < 40
        sums = features[known].sum(axis=0), features[~known].sum(axis=0)
        values.append(float(mmd2(*sums, 40, 20)))
    error = np.std(values) / len(values) ** 0.5
    assert abs(np.mean(values)) < 4 * error
    assert min(values) < 0 < max(values)


def test_mmd_from_sums_is_the_mean_over_pairs() -> None:
    rng = np.random.default_rng(2)
    x, y = (unit_rows(rng, n, 5).astype(np.float64) for n in (7, 4))
    within = [np.mean((a @ a.T)[~np.eye(len(a), dtype=bool)]) for a in (x, y)]
    expected = sum(within) - 2 * np.mean(x @ y.T)
    assert float(mmd2(x.sum(axis=0), y.sum(axis=0), 7, 4)) == pytest.approx(expected)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.data())
@settings(max_examples=50)
def test_far_ranks_asks_only_for_order(known: list[int], data: st.DataObject) -> None:
    new = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=20))
    a, b = np.array(known, dtype=float), np.array(new, dtype=float)
    assert far_ranks(np.exp(a), np.exp(b)) == pytest.approx(far_ranks(a, b))
    assert far_ranks(a, b + 1) >= far_ranks(a, b)


def test_p_values_count_ties_and_are_never_zero() -> None:
    assert p_value(1.0, np.array([0.0, 1.0, 2.0])) == 3 / 4
    assert p_value(9.0, np.zeros(99)) == 0.01


def test_equal_seeds_give_equal_answers() -> None:
    reference, window = sides(np.random.default_rng(4))
    twice = [
        [
            distance_test(reference, window, rng, permutations=30),
            mmd_test(reference, window, rng, permutations=30),
        ]
        for rng in (np.random.default_rng(1), np.random.default_rng(1))
    ]
    assert twice[0] == twice[1]


def test_texts_that_are_all_alike_differ_from_nothing() -> None:
    same = np.tile(unit_rows(np.random.default_rng(0), 1, 8), (40, 1))
    rng = np.random.default_rng(0)
    tests: list[Finding] = [
        distance_test(same[:30], same[30:], rng, permutations=19),
        mmd_test(same[:30], same[30:], rng, permutations=19),
        classes_test(np.zeros(30, np.int64), np.zeros(10, np.int64), rng, permutations=19),
    ]
    assert [t.p for t in tests] == [1.0, 1.0, 1.0]


def test_too_little_to_compare_is_refused() -> None:
    rng = np.random.default_rng(0)
    rows = unit_rows(rng, 5, 4)
    none = np.zeros(0, dtype=np.int64)
    with pytest.raises(UsageError, match="5 reference and 1 window"):
        mmd_test(rows, rows[:1], rng)
    with pytest.raises(UsageError, match="1 reference and 5 window"):
        distance_test(rows[:1], rows, rng)
    with pytest.raises(UsageError, match="0 window predictions"):
        classes_test(np.array([1]), none, rng)
