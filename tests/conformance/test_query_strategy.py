"""What every `QueryStrategy` must do, whatever the pool."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_vectors import near_to, unit_rows, with_copies

from tiebreak import registry
from tiebreak.domain.ports import Pool
from tiebreak.learner.calibration import softmax

NAMES = registry.known("strategies")
DIM = 8
NEAR = 0.97


@pytest.fixture(params=NAMES)
def strategy(request):
    made = registry.find("strategies", request.param)()
    assert made.name == request.param
    return made


def pool_of(vectors, *, head=True, labelled=0, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    p = softmax(rng.normal(size=(len(vectors), n_classes))) if head else None
    return Pool(
        vectors=vectors,
        labelled=unit_rows(rng, labelled, vectors.shape[1]) if labelled else vectors[:0],
        probabilities=p,
        n_classes=n_classes,
    )


def positions(picks):
    return [pick.position for pick in picks]


def test_the_strategies_are_the_ones_this_suite_was_written_for():
    assert NAMES == ["kmeans_seeds", "margin", "margin_kmeans", "random_uniform"]


@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("labelled", [0, 5])
def test_as_many_as_asked_and_none_twice(strategy, head, labelled):
    pool = pool_of(unit_rows(np.random.default_rng(1), 200, DIM), head=head, labelled=labelled)
    picks = strategy.query(pool, 20, np.random.default_rng(0))
    assert len(set(positions(picks))) == 20
    assert set(positions(picks)) <= set(range(200))
    assert all(pick.reason.strip() for pick in picks)
    assert all(np.isfinite(list(pick.utilities.values())).all() for pick in picks)


def test_positions_are_plain_numbers(strategy):
    pool = pool_of(unit_rows(np.random.default_rng(1), 50, DIM))
    for pick in strategy.query(pool, 5, np.random.default_rng(0)):
        assert type(pick.position) is int
        assert {type(v) for v in pick.utilities.values()} <= {float}


@pytest.mark.parametrize("n", [3, 10, 11])
def test_a_small_pool_is_taken_whole(strategy, n):
    size = min(n, 10)
    pool = pool_of(unit_rows(np.random.default_rng(1), size, DIM), n_classes=30)
    assert sorted(positions(strategy.query(pool, n, np.random.default_rng(0)))) == list(range(size))


def test_nothing_comes_of_nothing(strategy):
    empty = np.empty((0, DIM), dtype=np.float32)
    for head in (True, False):
        assert strategy.query(pool_of(empty, head=head), 5, np.random.default_rng(0)) == []
    some = pool_of(unit_rows(np.random.default_rng(1), 5, DIM))
    assert strategy.query(some, 0, np.random.default_rng(0)) == []


def test_the_seed_decides(strategy):
    pool = pool_of(unit_rows(np.random.default_rng(1), 300, DIM))
    one, same = (strategy.query(pool, 25, np.random.default_rng(7)) for _ in range(2))
    assert one == same


def test_chance_comes_from_the_generator_alone(strategy):
    pool = pool_of(unit_rows(np.random.default_rng(1), 300, DIM), head=False)
    picks = {tuple(positions(strategy.query(pool, 5, np.random.default_rng(s)))) for s in range(6)}
    assert len(picks) > 1


def test_no_input_is_changed(strategy):
    pool = pool_of(unit_rows(np.random.default_rng(1), 60, DIM), labelled=4)
    before = [a.copy() for a in (pool.vectors, pool.labelled, pool.probabilities)]
    for array in (pool.vectors, pool.labelled, pool.probabilities):
        array.setflags(write=False)
    strategy.query(pool, 10, np.random.default_rng(0))
    after = [pool.vectors, pool.labelled, pool.probabilities]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_near_copies_share_no_batch(strategy):
    rng = np.random.default_rng(3)
    apart, _ = blobs(rng, [1] * 12, dim=16, noise=0.05)
    vectors = np.concatenate([[near_to(row, 0.992, rng) for _ in range(5)] for row in apart])
    picks = positions(strategy.query(pool_of(vectors), 12, np.random.default_rng(0)))
    assert sorted(position // 5 for position in picks) == list(range(12))


def test_copies_fill_up_what_nothing_else_can(strategy):
    vectors = np.repeat(np.eye(4, DIM, dtype=np.float32), 10, axis=0)
    picks = positions(strategy.query(pool_of(vectors), 9, np.random.default_rng(0)))
    assert len(set(picks)) == 9
    assert {position // 10 for position in picks[:4]} == {0, 1, 2, 3}


@settings(deadline=None, max_examples=40)
@given(
    name=st.sampled_from(NAMES),
    seed=st.integers(0, 2**16),
    size=st.integers(1, 60),
    different=st.integers(1, 60),
    n=st.integers(1, 30),
    head=st.booleans(),
    labelled=st.integers(0, 10),
)
def test_distinct_records_come_first(name, seed, size, different, n, head, labelled):
    """The first picks are pairwise distinct; repeats come only when each other record repeats."""
    rng = np.random.default_rng(seed)
    vectors = with_copies(rng, size, DIM, different)
    pool = pool_of(vectors, head=head, labelled=labelled, seed=seed)
    picks = positions(registry.find("strategies", name)().query(pool, n, rng))
    assert len(picks) == len(set(picks)) == min(n, size)
    alike = vectors @ vectors.T > NEAR
    first = next((i for i in range(len(picks)) if alike[picks[i], picks[:i]].any()), len(picks))
    if first < len(picks):
        assert alike[:, picks[:first]].any(axis=1).all()
