"""The drift benchmark's own statistics, against scipy and against the product's."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, kstest
from unit_vectors import unit_rows

from benchmarks.selection.drift import ks, mean_distance_to
from tiebreak.learner.drift.novelty import mean_distance
from tiebreak.learner.drift.two_sample import distance_test
from tiebreak.retrieval.indexes.numpy_exact import NumpyIndex

NULLS, PERMUTATIONS = 500, 99


@given(st.lists(st.integers(0, 5), min_size=2, max_size=30), st.data())
@settings(max_examples=50)
def test_ks_agrees_with_scipy_whatever_the_ties(known: list[int], data: st.DataObject) -> None:
    new = data.draw(st.lists(st.integers(0, 5), min_size=2, max_size=30))
    ours = ks(np.array(known, dtype=float), np.array(new, dtype=float))
    assert ours == pytest.approx(ks_2samp(known, new, method="asymp").statistic)


def test_p_values_of_ks_only_err_upwards() -> None:
    rng = np.random.default_rng(7)
    values = []
    for _ in range(NULLS):
        rows, _ = blobs(rng, [15] * 4, dim=8, noise=0.3)
        rows = rows[rng.permutation(60)]
        test = distance_test(rows[:45], rows[45:], rng, permutations=PERMUTATIONS, k=5, compare=ks)
        values.append(test.p)
    p = np.array(values)
    assert kstest(p, "uniform", alternative="greater").pvalue > 0.001
    assert (p <= 0.05).mean() <= 0.05 + 3 * (0.05 * 0.95 / NULLS) ** 0.5


def test_ks_sees_less_of_a_new_group_than_ranks_of_far_texts() -> None:
    rng = np.random.default_rng(3)
    fired = {"far_ranks": 0, "ks": 0}
    for _ in range(20):
        rows, _ = blobs(rng, [60, 60, 60, 60, 12], dim=16, noise=0.25)
        order = rng.permutation(240)
        novel = np.concatenate([rows[order[180:228]], rows[240:]])
        for name, compare in (("far_ranks", None), ("ks", ks)):
            test = distance_test(
                rows[order[:180]], novel, rng, permutations=PERMUTATIONS, compare=compare
            )
            fired[name] += test.p <= 0.05
    assert fired["ks"] <= fired["far_ranks"]
    assert fired["far_ranks"] >= 18


def test_distances_without_an_index_are_those_with_one() -> None:
    rng = np.random.default_rng(0)
    known, new = unit_rows(rng, 50, 8), unit_rows(rng, 7, 8)
    index = NumpyIndex(8)
    index.add(np.arange(1, 51), known)
    assert mean_distance_to(known, new) == pytest.approx(mean_distance(index, new), abs=1e-6)
    assert mean_distance_to(np.eye(4, dtype=np.float32)[:2], known[:1, :4] * 0).tolist() == [1.0]
