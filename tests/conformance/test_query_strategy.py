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
from tiebreak.learner.heads import LinearHead

NAMES = registry.known("strategies")
DIM = 8
NEAR = 0.97
STATES = ["nothing", "probabilities", "head", "everything"]
"""What a pool brings besides vectors; everything: labels too."""
SETTLED = {"density_weighted", "maxherding", "switching", "uncertainty_herding"}
"""Those that leave nothing but ties to chance on a pool this small, with no head and no labels."""


@pytest.fixture(params=NAMES)
def strategy(request):
    made = registry.find("strategies", request.param)()
    assert made.name == request.param
    return made


def pool_of(vectors, *, state="everything", labelled=0, n_classes=3, seed=0):
    """A pool whose last class was never seen; the last labelled row has no label yet."""
    rng = np.random.default_rng(seed)
    rows = unit_rows(rng, labelled, vectors.shape[1]) if labelled else vectors[:0]
    classes = tuple(f"label-{i}" for i in range(n_classes))
    bias = rng.normal(size=n_classes)
    bias[-1] = -np.inf
    coef = 4 * rng.normal(size=(n_classes, vectors.shape[1]))
    head = LinearHead(classes=classes, c=30.0, coef=coef, intercept=bias)
    known = max(0, labelled - 1) if state == "everything" else 0
    return Pool(
        vectors=vectors,
        labelled=rows,
        probabilities=None if state == "nothing" else softmax(head.logits(vectors)),
        n_classes=n_classes,
        labels=tuple(classes[i % (n_classes - 1)] for i in range(known)),
        head=head if state in {"head", "everything"} else None,
    )


def positions(picks):
    return [pick.position for pick in picks]


def test_the_strategies_are_the_ones_this_suite_was_written_for():
    assert NAMES == [
        "badge",
        "committee",
        "density_weighted",
        "dropquery",
        "entropy",
        "k_center",
        "kmeans_seeds",
        "least_confidence",
        "margin",
        "margin_kmeans",
        "maxherding",
        "probcover",
        "random_uniform",
        "rare_class",
        "switching",
        "typiclust",
        "uncertainty_herding",
    ]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("labelled", [0, 5])
def test_as_many_as_asked_and_none_twice(strategy, state, labelled):
    pool = pool_of(unit_rows(np.random.default_rng(1), 200, DIM), state=state, labelled=labelled)
    picks = strategy.query(pool, 20, np.random.default_rng(0))
    assert len(set(positions(picks))) == 20
    assert set(positions(picks)) <= set(range(200))
    assert all(pick.reason.strip() for pick in picks)
    assert all(np.isfinite(list(pick.utilities.values())).all() for pick in picks)


@pytest.mark.parametrize("state", STATES)
def test_positions_are_plain_numbers(strategy, state):
    pool = pool_of(unit_rows(np.random.default_rng(1), 50, DIM), state=state, labelled=6)
    for pick in strategy.query(pool, 5, np.random.default_rng(0)):
        assert type(pick.position) is int
        assert {type(v) for v in pick.utilities.values()} <= {float}


@pytest.mark.parametrize("n", [1, 3, 10, 11])
@pytest.mark.parametrize("labelled", [0, 4])
def test_a_small_pool_is_taken_whole(strategy, n, labelled):
    size = min(n, 10)
    vectors = unit_rows(np.random.default_rng(1), size, DIM)
    pool = pool_of(vectors, n_classes=30, labelled=labelled)
    assert sorted(positions(strategy.query(pool, n, np.random.default_rng(0)))) == list(range(size))


def test_nothing_comes_of_nothing(strategy):
    empty = np.empty((0, DIM), dtype=np.float32)
    few = unit_rows(np.random.default_rng(1), 5, DIM)
    for state in STATES:
        nothing = pool_of(empty, state=state, labelled=4)
        assert strategy.query(nothing, 5, np.random.default_rng(0)) == []
        some = pool_of(few, state=state, labelled=4)
        assert strategy.query(some, 0, np.random.default_rng(0)) == []


@pytest.mark.parametrize("state", STATES)
def test_the_seed_decides(strategy, state):
    pool = pool_of(unit_rows(np.random.default_rng(1), 300, DIM), state=state, labelled=12)
    one, same = (strategy.query(pool, 25, np.random.default_rng(7)) for _ in range(2))
    assert one == same


def test_chance_comes_from_the_generator_alone(strategy):
    pool = pool_of(unit_rows(np.random.default_rng(1), 300, DIM), state="nothing")
    picks = {tuple(positions(strategy.query(pool, 5, np.random.default_rng(s)))) for s in range(6)}
    assert (len(picks) == 1) == (strategy.name in SETTLED)


def test_no_input_is_changed(strategy):
    pool = pool_of(unit_rows(np.random.default_rng(1), 60, DIM), labelled=4)
    before = [a.copy() for a in (pool.vectors, pool.labelled, pool.probabilities)]
    for array in (pool.vectors, pool.labelled, pool.probabilities):
        array.setflags(write=False)
    strategy.query(pool, 10, np.random.default_rng(0))
    after = [pool.vectors, pool.labelled, pool.probabilities]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("state", STATES)
def test_near_copies_share_no_batch(strategy, state):
    rng = np.random.default_rng(3)
    apart, _ = blobs(rng, [1] * 12, dim=16, noise=0.05)
    vectors = np.concatenate([[near_to(row, 0.992, rng) for _ in range(5)] for row in apart])
    pool = pool_of(vectors, state=state, labelled=6)
    picks = positions(strategy.query(pool, 12, np.random.default_rng(0)))
    assert sorted(position // 5 for position in picks) == list(range(12))


@pytest.mark.parametrize("state", STATES)
def test_copies_fill_up_what_nothing_else_can(strategy, state):
    vectors = np.repeat(np.eye(4, DIM, dtype=np.float32), 10, axis=0)
    pool = pool_of(vectors, state=state, labelled=6)
    picks = positions(strategy.query(pool, 9, np.random.default_rng(0)))
    assert len(set(picks)) == 9
    assert {position // 10 for position in picks[:4]} == {0, 1, 2, 3}


def test_what_was_lacking_is_said_in_each_reason(strategy):
    lacking = {
        "badge": ("nothing", "no model yet"),
        "committee": ("head", "no labels came"),
        "density_weighted": ("nothing", "no model yet"),
        "dropquery": ("probabilities", "no head came"),
        "entropy": ("nothing", "no model yet"),
        "least_confidence": ("nothing", "no model yet"),
        "rare_class": ("head", "no labels came"),
        "uncertainty_herding": ("nothing", "no model yet"),
    }
    state, words = lacking.get(strategy.name, ("everything", ""))
    pool = pool_of(unit_rows(np.random.default_rng(1), 60, DIM), state=state, labelled=6)
    reasons = [pick.reason for pick in strategy.query(pool, 5, np.random.default_rng(0))]
    assert all(words in reason for reason in reasons)
    full = pool_of(pool.vectors, labelled=6)
    for pick in strategy.query(full, 5, np.random.default_rng(0)):
        assert "no model yet" not in pick.reason
        assert " came with the pool" not in pick.reason


@settings(max_examples=100)
@given(
    name=st.sampled_from(NAMES),
    seed=st.integers(0, 2**16),
    size=st.integers(1, 60),
    different=st.integers(1, 60),
    n=st.integers(1, 30),
    state=st.sampled_from(STATES),
    labelled=st.integers(0, 10),
)
def test_distinct_records_come_first(name, seed, size, different, n, state, labelled):
    """The first picks are pairwise distinct; repeats come only when each other record repeats."""
    rng = np.random.default_rng(seed)
    vectors = with_copies(rng, size, DIM, different)
    pool = pool_of(vectors, state=state, labelled=labelled, seed=seed)
    picks = positions(registry.find("strategies", name)().query(pool, n, rng))
    assert len(picks) == len(set(picks)) == min(n, size)
    alike = vectors @ vectors.T > NEAR
    first = next((i for i in range(len(picks)) if alike[picks[i], picks[:i]].any()), len(picks))
    if first < len(picks):
        assert alike[:, picks[:first]].any(axis=1).all()
