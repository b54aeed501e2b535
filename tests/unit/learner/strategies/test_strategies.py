"""What sets each strategy apart, and the parts that they are made of."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs
from unit_vectors import unit_rows

from tiebreak.domain.ports import Pool
from tiebreak.errors import UsageError
from tiebreak.learner.calibration import softmax
from tiebreak.learner.strategies import _kmeans
from tiebreak.learner.strategies._diverse import distinct
from tiebreak.learner.strategies.kmeans_seeds import KMeansSeeds
from tiebreak.learner.strategies.margin_kmeans import WIDTH, MarginKMeans
from tiebreak.learner.strategies.random_uniform import RandomUniform
from tiebreak.learner.strategies.uncertainty import (
    UncertaintySampling,
    by_uncertainty,
    uncertainty,
)


def pool_of(vectors, p=None, labelled=None, n_classes=3):
    none = vectors[:0]
    return Pool(
        vectors=vectors,
        labelled=none if labelled is None else labelled,
        probabilities=p,
        n_classes=n_classes,
    )


def rng(seed=0):
    return np.random.default_rng(seed)


def test_margin_is_best_less_second_best():
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]])
    pool = pool_of(np.eye(3, dtype=np.float32), p)
    assert uncertainty(pool, "margin") == pytest.approx([0.8, 0.3, 0.0])


def test_each_record_needs_its_probabilities():
    with pytest.raises(UsageError, match="3 records came with 2 rows"):
        uncertainty(pool_of(np.eye(3, dtype=np.float32), np.full((2, 2), 0.5)), "margin")


def test_ties_in_doubt_are_broken_by_lot():
    pool = pool_of(unit_rows(rng(), 100, 4), np.full((100, 2), 0.5))
    one, other = by_uncertainty(pool, "margin", rng(1)), by_uncertainty(pool, "margin", rng(2))
    assert sorted(one.order) == list(range(100))
    assert one.order.tolist() != other.order.tolist() != list(range(100))
    assert one.rank[one.order].tolist() == list(range(1, 101))


def test_margin_takes_the_most_doubtful_in_order():
    vectors = unit_rows(rng(), 60, 16)
    p = softmax(rng().normal(size=(60, 4)))
    picks = UncertaintySampling("margin").query(pool_of(vectors, p), 10, rng())
    wanted = np.argsort(np.diff(np.sort(p, axis=1)[:, -2:], axis=1)[:, 0])[:10]
    assert [pick.position for pick in picks] == wanted.tolist()
    assert [pick.utilities["rank"] for pick in picks] == list(range(1, 11))
    assert f"margin {1 - picks[0].utilities['margin_utility']:.2f}" in picks[0].reason
    assert "number 1 of 60 by doubt" in picks[0].reason


def test_margin_kmeans_takes_one_of_each_cell_of_the_doubtful():
    vectors, of = blobs(rng(), [40] * 6)
    doubtful = np.zeros(240, dtype=bool)
    doubtful[rng().permutation(240)[:60]] = True
    p = np.where(doubtful[:, None], [0.5, 0.5], [0.9, 0.1])
    picks = MarginKMeans().query(pool_of(vectors, p), 6, rng())
    chosen = [pick.position for pick in picks]
    assert doubtful.sum() == WIDTH * 6
    assert doubtful[chosen].all()
    assert sorted(of[chosen]) == list(range(6))
    sizes = [pick.utilities["cluster_size"] for pick in picks]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == 60
    assert f"centre of {int(sizes[0])} similar records" in picks[0].reason


def test_without_a_model_no_reason_speaks_of_one():
    vectors = unit_rows(rng(), 30, 16)
    for strategy in (UncertaintySampling("margin"), MarginKMeans()):
        for pick in strategy.query(pool_of(vectors), 5, rng()):
            assert pick.reason.startswith("there is no model yet to ask")


def test_seeds_are_one_of_each_group_and_its_middle():
    sizes = [50, 10, 30, 20]
    vectors, of = blobs(rng(), sizes)
    picks = KMeansSeeds().query(pool_of(vectors, n_classes=4), 4, rng())
    assert [int(of[pick.position]) for pick in picks] == [0, 2, 3, 1]
    assert [pick.utilities["cluster_size"] for pick in picks] == sorted(sizes, reverse=True)
    for pick in picks:
        group = vectors[of == of[pick.position]]
        gaps = np.linalg.norm(group - group.mean(axis=0), axis=1)
        chosen = np.linalg.norm(vectors[pick.position] - group.mean(axis=0))
        assert chosen == pytest.approx(gaps.min())


def test_seeds_of_more_labels_than_picks_come_from_the_largest_cells():
    vectors, of = blobs(rng(), [5, 40, 5, 30, 5])
    picks = KMeansSeeds().query(pool_of(vectors, n_classes=5), 2, rng())
    assert [int(of[pick.position]) for pick in picks] == [1, 3]


def test_seeds_go_first_where_nothing_is_labelled():
    vectors, of = blobs(rng(), [50, 10, 30, 20])
    labelled = vectors[[0, 60]]  # of groups 0 and 2
    picks = KMeansSeeds().query(pool_of(vectors, labelled=labelled, n_classes=4), 4, rng())
    assert [int(of[pick.position]) for pick in picks] == [3, 1, 0, 2]


def test_random_reaches_every_record_alike():
    vectors = np.eye(10, dtype=np.float32)
    counts = np.zeros(10)
    for seed in range(600):
        for pick in RandomUniform().query(pool_of(vectors), 3, rng(seed)):
            counts[pick.position] += 1
    # binomial(600, .3): standard deviation 11.2
    assert counts.min() > 180 - 4 * 11.2
    assert counts.max() < 180 + 4 * 11.2


def test_distinct_looks_beyond_one_chunk():
    few = unit_rows(rng(), 3, 16)
    vectors = np.concatenate([np.repeat(few[:1], 1500, axis=0), few[1:]])
    chosen, clear = distinct(vectors, np.arange(len(vectors)), 4)
    assert (chosen.tolist(), clear) == ([0, 1500, 1501, 1], 3)


def test_a_large_pool_is_clustered_by_a_sample(monkeypatch):
    monkeypatch.setattr(_kmeans, "FIT_ROWS", 60)
    vectors, of = blobs(rng(), [300, 500, 400])
    cells = _kmeans.cluster(vectors, 3, rng())
    assert sorted(cells.sizes) == [300, 400, 500]
    assert sorted(of[cells.medoids]) == [0, 1, 2]


def test_each_row_knows_its_cell():
    vectors, group = blobs(rng(), [30, 20, 10])
    for quick in (False, True):
        cells = _kmeans.cluster(vectors, 3, rng(), quick=quick)
        assert np.bincount(cells.of).tolist() == cells.sizes.tolist()
        assert cells.of[cells.medoids].tolist() == [0, 1, 2]
        assert len(np.unique(np.stack([cells.of, group]), axis=1).T) == 3


def test_rows_beside_pull_the_centres_and_are_in_no_cell():
    vectors, _ = blobs(rng(), [30, 20])
    beside = vectors[:10]
    cells = _kmeans.cluster(vectors[30:], 2, rng(), beside=beside)
    assert cells.sizes.tolist() == [20]  # the other centre is where the rows beside are
    assert cells.centres[0] == pytest.approx(vectors[30:].mean(axis=0), abs=1e-6)


def test_empty_cells_are_left_out():
    vectors = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    cells = _kmeans.cluster(vectors, 7, rng())
    assert cells.sizes.tolist() == [4, 4, 4]
    assert len(cells.centres) == 3


def test_assignment_is_to_the_nearest_centre(monkeypatch):
    monkeypatch.setattr(_kmeans, "_CHUNK", 7)
    vectors, centres = unit_rows(rng(), 50, 5), unit_rows(rng(1), 4, 5) * 0.7
    of, gap = _kmeans.assign_clusters(vectors, centres)
    wanted = ((vectors[:, None] - centres) ** 2).sum(axis=2)
    assert of.tolist() == wanted.argmin(axis=1).tolist()
    assert gap == pytest.approx(wanted.min(axis=1), abs=1e-5)
