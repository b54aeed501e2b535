"""Strategies that cover the pool: herding, k-center, TypiClust."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from blobs import blobs
from unit_vectors import unit_rows

from tiebreak.domain.ports import Pool
from tiebreak.learner.calibration import softmax
from tiebreak.learner.strategies import _diverse, herding, typiclust
from tiebreak.learner.strategies.herding import Herding
from tiebreak.learner.strategies.k_center import KCenter
from tiebreak.learner.strategies.typiclust import TypiClust, typicality
from tiebreak.learner.strategies.uncertainty import uncertainty


def rng(seed=0):
    return np.random.default_rng(seed)


def pool_of(vectors, p=None, labelled=None):
    return Pool(
        vectors=vectors,
        labelled=vectors[:0] if labelled is None else labelled,
        probabilities=p,
        n_classes=3,
    )


def chosen(picks):
    return [pick.position for pick in picks]


def width_of(vectors):
    """The median squared distance to the 10th neighbour, in plain steps."""
    x = vectors.astype(np.float64)
    squared = ((x[:, None] - x) ** 2).sum(axis=2)
    return np.median(np.sort(squared, axis=1)[:, 10])


def greedy(vectors, labelled, weight, n):
    """Every gain of every record at every pick, in float64."""
    x = vectors.astype(np.float64)
    width = width_of(vectors)

    def kernel(a, b):
        return np.exp(-((a[:, None] - b) ** 2).sum(axis=2) / width)

    similar = kernel(x, x)
    held = kernel(x, labelled.astype(np.float64)).max(axis=1) if len(labelled) else np.zeros(len(x))
    picks = []
    for _ in range(n):
        gains = np.maximum(similar - held, 0) @ weight
        gains[picks] = -1
        picks.append(int(gains.argmax()))
        held = np.maximum(held, similar[picks[-1]])
    return picks, float(held @ weight) / float(weight.sum())


@pytest.mark.parametrize("labelled", [0, 15])
@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_lazy_herding_is_greedy_herding(monkeypatch, labelled, stored, seed):
    if not stored:
        monkeypatch.setattr(herding, "_STORED", 0)
    monkeypatch.setattr(herding, "_BLOCK", 4)
    monkeypatch.setattr(_diverse, "_ENTRIES", 200 * 7)  # the products come in chunks
    vectors = unit_rows(rng(seed), 200, 6)
    known = unit_rows(rng(99), labelled, 6)
    p = softmax(rng(seed).normal(size=(200, 4)))
    doubtful = pool_of(vectors, p, known)
    for strategy, weight in (
        (Herding(weighted=False), np.ones(200)),
        (Herding(weighted=True), uncertainty(doubtful, "margin")),
    ):
        picks = strategy.query(doubtful, 30, rng())
        wanted, covered = greedy(vectors, known, weight, 30)
        assert chosen(picks) == wanted
        assert picks[-1].utilities["coverage"] == pytest.approx(covered, abs=1e-5)


def test_without_a_model_uncertainty_herding_is_herding():
    vectors = unit_rows(rng(), 150, 8)
    one, other = (
        s.query(pool_of(vectors), 20, rng())
        for s in (Herding(weighted=False), Herding(weighted=True))
    )
    assert chosen(one) == chosen(other)
    assert "no model yet" in other[0].reason


def test_groups_of_copies_are_taken_by_their_size():
    vectors = np.repeat(np.eye(3, 5, dtype=np.float32), [2, 5, 3], axis=0)
    picks = Herding(weighted=False).query(pool_of(vectors), 3, rng())
    assert vectors[chosen(picks)].argmax(axis=1).tolist() == [1, 2, 0]
    gains = [pick.utilities["coverage_gain"] for pick in picks]
    assert gains == sorted(gains, reverse=True)


def test_doubt_moves_the_cover_to_where_it_is():
    vectors, of = blobs(rng(), [100, 100])
    p = np.where((of == 1)[:, None], [0.5, 0.5], [1.0, 0.0])
    picks = Herding(weighted=True).query(pool_of(vectors, p), 5, rng())
    assert set(of[chosen(picks)]) == {1}
    assert "counted by the model's doubt" in picks[0].reason


def test_what_is_labelled_is_covered_already():
    vectors, of = blobs(rng(), [60, 30])
    picks = Herding(weighted=False).query(pool_of(vectors, labelled=vectors[:5]), 1, rng())
    assert of[chosen(picks)] == [1]


def test_a_large_pool_is_covered_by_a_sample(monkeypatch):
    monkeypatch.setattr(herding, "REFERENCE", 50)
    vectors, of = blobs(rng(), [200, 200, 200])
    assert len(herding.reference(600, rng())) == 50
    picks = Herding(weighted=False).query(pool_of(vectors), 3, rng())
    assert sorted(of[chosen(picks)]) == [0, 1, 2]


def test_the_width_is_the_median_distance_to_the_tenth_neighbour():
    vectors = unit_rows(rng(), 80, 6)
    assert herding.kernel_width(vectors, np.arange(80)) == pytest.approx(
        width_of(vectors), abs=1e-5
    )
    copies = np.repeat(vectors[:2], 40, axis=0)
    assert herding.kernel_width(copies, np.arange(80)) == pytest.approx(0.06)


def radius(vectors, centres):
    """The greatest distance of any record to the nearest centre."""
    gaps = np.linalg.norm(vectors[:, None].astype(np.float64) - vectors[list(centres)], axis=2)
    return gaps.min(axis=1).max()


@pytest.mark.parametrize("seed", range(12))
def test_k_center_is_within_twice_the_best(seed):
    vectors = unit_rows(rng(seed), 12, 3)
    picks = chosen(KCenter().query(pool_of(vectors), 3, rng(seed)))
    best = min(radius(vectors, centres) for centres in combinations(range(12), 3))
    assert radius(vectors, picks) <= 2 * best + 1e-6


def test_k_center_goes_farthest_from_what_is_labelled():
    angles = np.deg2rad([0, 10, 50, 100, 120])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    picks = KCenter().query(pool_of(vectors, labelled=vectors[:1]), 3, rng())
    assert chosen(picks) == [4, 2, 3]  # then 3, at 20 degrees from 4; 1 is at 10 from 0
    assert picks[0].utilities["distance"] == pytest.approx(np.sqrt(3), abs=1e-3)
    assert "cosine -0.50" in picks[0].reason


def test_typicality_is_one_over_the_mean_squared_distance_to_the_nearest():
    rows = unit_rows(rng(), 60, 5)
    x = rows.astype(np.float64)
    squared = np.sort(((x[:, None] - x) ** 2).sum(axis=2), axis=1)
    assert typicality(rows, rng()) == pytest.approx(
        1 / (squared[:, 1:21].mean(axis=1) + 1e-5), rel=1e-3
    )
    few = np.sort(((x[:7, None] - x[:7]) ** 2).sum(axis=2), axis=1)
    assert typicality(rows[:7], rng()) == pytest.approx(
        1 / (few[:, 1:4].mean(axis=1) + 1e-5), rel=1e-3
    )
    assert typicality(rows[:1], rng()).tolist() == [1.0]


def test_a_huge_cell_is_compared_with_a_part_of_it(monkeypatch):
    monkeypatch.setattr(typiclust, "_COMPARED", 50)
    rows, of = blobs(rng(), [400, 20])
    typical = typicality(rows, rng())
    assert len(typical) == 420
    assert of[typical.argmax()] == 0


def test_typiclust_takes_the_most_typical_of_the_largest_unlabelled_groups():
    vectors, of = blobs(rng(), [60, 20, 40, 30], noise=0.1)
    labelled = vectors[of == 0][:1]
    picks = TypiClust().query(pool_of(vectors, labelled=labelled), 3, rng())
    assert of[chosen(picks)].tolist() == [2, 3, 1]
    assert [pick.utilities["cluster_size"] for pick in picks] == [40, 30, 20]
    for pick in picks:
        group = np.flatnonzero(of == of[pick.position])
        assert pick.position == group[typicality(vectors[group], rng()).argmax()]
        assert "none of them labelled" in pick.reason


def test_typiclust_leaves_tiny_groups_out():
    vectors, of = blobs(rng(), [40, 5, 40], noise=0.1)
    picks = TypiClust().query(pool_of(vectors), 3, rng())
    assert set(of[chosen(picks)]) == {0, 2}


def test_typiclust_comes_back_to_a_group_when_it_has_been_to_all():
    vectors, of = blobs(rng(), [30, 30], noise=0.2)
    labelled = vectors[[0, 30]]
    picks = chosen(TypiClust().query(pool_of(vectors, labelled=labelled), 12, rng()))
    assert np.bincount(of[picks]).min() >= 3
