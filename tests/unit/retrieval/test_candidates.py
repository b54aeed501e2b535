"""The part of a large pool that a batch is chosen from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_vectors import clustered, unit_rows

from tiebreak.domain.ports import Pool
from tiebreak.learner.strategies.margin_kmeans import create
from tiebreak.retrieval.candidates import PoolLimits, anchors, preselect

DIM = 16
NONE = np.zeros((0, DIM), dtype=np.float32)


class Vectors:
    """A pool that notes which parts of it were asked for."""

    def __init__(self, rows):
        self.rows = rows
        self.asked = []

    def __call__(self, start, stop):
        self.asked.append((start, stop))
        return self.rows[start:stop]


def first_number(rows):
    return rows[:, 0].astype(np.float64)


def rng(seed=0):
    return np.random.default_rng(seed)


@given(n=st.integers(0, 50), spare=st.integers(0, 5))
def test_a_small_pool_is_there_whole_and_unread(n, spare):
    rows = Vectors(unit_rows(rng(), max(n, 1), DIM))
    found = preselect(n, rows, rng(), above=n + spare, anchored=NONE, uncertainty=first_number)
    assert found.tolist() == list(range(n))
    assert rows.asked == []


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 300),
    chunk=st.integers(1, 90),
    neighbours=st.integers(1, 20),
    uncertain=st.integers(1, 60),
    sampled=st.integers(0, 20),
)
def test_it_is_the_union_that_a_full_sort_gives(seed, n, chunk, neighbours, uncertain, sampled):
    rows = Vectors(unit_rows(rng(seed), n, DIM))
    anchored = unit_rows(rng(seed + 1), 3, DIM)
    limits = PoolLimits(neighbours=neighbours, sampled=sampled, uncertain=uncertain, chunk=chunk)
    found = preselect(
        n, rows, rng(seed), above=0, anchored=anchored, uncertainty=first_number, limits=limits
    )
    near = np.argsort(-(rows.rows @ anchored.T), axis=0, kind="stable")[:neighbours]
    unsure = np.argsort(-first_number(rows.rows), kind="stable")[:uncertain]
    drawn = rng(seed).choice(n, min(n, sampled), replace=False)
    want = {*near.ravel().tolist(), *unsure.tolist(), *drawn.tolist()}
    assert found.tolist() == sorted(want)
    assert all(stop - start <= chunk for start, stop in rows.asked)
    assert [i for start, stop in rows.asked for i in range(start, stop)] == list(range(n))


def test_equal_doubts_are_no_more_than_were_asked_for():
    rows = np.ones((500, DIM), dtype=np.float32)
    found = preselect(
        500,
        Vectors(rows),
        rng(),
        above=10,
        anchored=NONE,
        uncertainty=first_number,
        limits=PoolLimits(sampled=0, uncertain=30, chunk=64),
    )
    assert len(found) == 30


def test_limits_grow_with_the_batch():
    assert (PoolLimits.of(77).sampled, PoolLimits.of(77).uncertain) == (10_000, 10_000)
    assert (PoolLimits.of(1000).sampled, PoolLimits.of(1000).uncertain) == (20_000, 20_000)


def test_an_index_that_is_there_finds_the_neighbours():
    rows = Vectors(unit_rows(rng(), 100, DIM))
    asked = []

    def near(vectors, k):
        asked.append((vectors.shape, k))
        return np.array([[7, 3, -1], [99, -1, -1]])

    found = preselect(
        100,
        rows,
        rng(),
        above=10,
        anchored=rows.rows[:2],
        near=near,
        limits=PoolLimits(sampled=0, neighbours=3),
    )
    assert found.tolist() == [3, 7, 99]
    assert asked == [((2, DIM), 3)]
    assert rows.asked == []  # without a head nothing else is to be read


@pytest.mark.parametrize(("all_neighbours", "each"), [(1000, 8), (10, 5), (1, 1)])
def test_many_anchors_have_fewer_neighbours_each(all_neighbours, each):
    rows = Vectors(unit_rows(rng(), 100, DIM))
    asked = []

    def near(vectors, k):
        asked.append(k)
        return np.zeros(0, dtype=np.int64)

    limits = PoolLimits(neighbours=8, all_neighbours=all_neighbours, sampled=1)
    preselect(100, rows, rng(), above=10, anchored=rows.rows[:2], near=near, limits=limits)
    assert asked == [each]


def test_without_head_and_labels_the_random_part_alone_is_left():
    rows = Vectors(unit_rows(rng(), 100, DIM))
    found = preselect(100, rows, rng(), above=10, anchored=NONE, limits=PoolLimits(sampled=20))
    assert len(found) == len(set(found.tolist())) == 20
    assert rows.asked == []
    again = preselect(100, rows, rng(), above=10, anchored=NONE, limits=PoolLimits(sampled=20))
    other = preselect(100, rows, rng(1), above=10, anchored=NONE, limits=PoolLimits(sampled=20))
    assert again.tolist() == found.tolist() != other.tolist()


@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(1, 12))
def test_each_label_has_its_anchors(labels, per_class):
    found = anchors(labels, rng(), per_class)
    assert found.tolist() == sorted(set(found.tolist()))
    taken = [labels[i] for i in found]
    for label in "abc":
        assert taken.count(label) == min(per_class, labels.count(label))


def test_anchors_are_drawn_at_random():
    labels = ["a"] * 100
    assert anchors(labels, rng(0)).tolist() == anchors(labels, rng(0)).tolist()
    assert anchors(labels, rng(0)).tolist() != anchors(labels, rng(1)).tolist()


def test_a_rare_class_is_found_beside_its_anchor():
    rows = unit_rows(rng(), 5000, DIM)
    rare = unit_rows(rng(1), 1, DIM)
    hidden = [100, 2500, 4900]
    rows[hidden] = rare + 0.01 * unit_rows(rng(2), 3, DIM)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = preselect(
        5000,
        Vectors(rows),
        rng(),
        above=100,
        anchored=rare,
        limits=PoolLimits(neighbours=10, sampled=50, chunk=700),
    )
    assert set(hidden) <= set(found.tolist())


@pytest.mark.parametrize("seed", range(3))
def test_the_default_strategy_takes_the_same_number_from_the_most_uncertain(seed):
    rows = clustered(rng(seed), 4000, DIM)
    head = rng(seed + 9).normal(size=(DIM, 5)) * 4

    def chances(vectors):
        odds = np.exp(vectors.astype(np.float64) @ head)
        return odds / odds.sum(axis=1, keepdims=True)

    def doubt(vectors):
        best = np.sort(chances(vectors), axis=1)
        return 1 - (best[:, -1] - best[:, -2])

    def picks(at):
        pool = Pool(vectors=rows[at], labelled=NONE, probabilities=chances(rows[at]), n_classes=5)
        return {int(at[p.position]) for p in create().query(pool, 8, rng(seed))}

    at = preselect(
        4000,
        Vectors(rows),
        rng(seed),
        above=100,
        anchored=NONE,
        uncertainty=doubt,
        limits=PoolLimits(sampled=200, uncertain=400, chunk=512),
    )
    assert len(at) < 700
    worst = np.sort(doubt(rows))[-400:][0]
    assert all(doubt(rows[[i]])[0] >= worst for i in picks(at))
    whole = picks(np.arange(4000))
    assert all(doubt(rows[[i]])[0] >= worst for i in whole)
    assert whole <= set(at.tolist())
