"""ProbCover against its definition, step by step."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from unit_vectors import unit_rows, with_copies

from tiebreak.domain.ports import Pool
from tiebreak.learner.strategies import probcover
from tiebreak.learner.strategies.probcover import NEAR, PURITY, ProbCover, radius

seeds = st.integers(0, 2**16)


def rng(seed=0):
    return np.random.default_rng(seed)


def pool_of(vectors, labelled=None, n_classes=3):
    return Pool(
        vectors=vectors,
        labelled=vectors[:0] if labelled is None else labelled,
        probabilities=None,
        n_classes=n_classes,
    )


def purity(vectors, of, delta):
    """The share of records with nobody of another cell within less than *delta*."""
    x = vectors.astype(np.float64)
    gaps = np.linalg.norm(x[:, None] - x, axis=2)
    return np.mean([(of[gaps[i] < delta] == of[i]).all() for i in range(len(x))])


@settings(max_examples=60)
@given(seed=seeds, size=st.integers(2, 60), cells=st.integers(2, 6))
def test_the_radius_is_the_greatest_that_is_pure_enough(seed, size, cells):
    vectors = unit_rows(rng(seed), size, 5)
    of = rng(seed + 1).integers(cells, size=size)
    assume(len(set(of.tolist())) > 1)
    beyond = radius(vectors, of)
    assume(beyond < NEAR)
    delta = np.sqrt(2 - 2 * beyond)
    assert purity(vectors, of, delta * (1 - 1e-5)) >= PURITY
    assert purity(vectors, of, delta * (1 + 1e-5)) < PURITY


def test_a_ball_holds_near_duplicates_and_all_if_nothing_is_impure():
    vectors = unit_rows(rng(), 40, 6)
    assert radius(vectors, np.zeros(40, dtype=np.int64)) == -np.inf
    close = np.repeat(vectors[:2], 20, axis=0)
    assert radius(close, np.arange(40) % 2) == NEAR


@settings(max_examples=80)
@given(
    seed=seeds,
    size=st.integers(1, 90),
    different=st.integers(1, 90),
    labelled=st.integers(0, 4),
    n=st.integers(1, 15),
)
def test_each_pick_covers_as_much_as_any_could(seed, size, different, labelled, n):
    """Brute force: every gain of every record, from sets, at every pick."""
    vectors = with_copies(rng(seed), size, 6, different)
    known = unit_rows(rng(seed + 1), labelled, 6) if labelled else None
    seen = {}
    measured = probcover.radius

    def spied(rows, of):
        seen["at"] = measured(rows, of)
        return seen["at"]

    probcover.radius = spied
    try:
        picks = ProbCover().query(pool_of(vectors, known), n, rng(seed))
    finally:
        probcover.radius = measured
    products = vectors @ vectors.T
    balls = [set(np.flatnonzero(row > seen["at"]).tolist()) | {i} for i, row in enumerate(products)]
    covered = set()
    if known is not None:
        covered = set(np.flatnonzero((vectors @ known.T).max(axis=1) > seen["at"]).tolist())
    taken = []
    for pick in picks:
        free = [i for i in range(size) if i not in taken and not (products[i, taken] > NEAR).any()]
        gains = {i: len(balls[i] - covered) for i in free}
        if not pick.utilities:
            assert len(covered) == size
            assert "by lot" in pick.reason
        else:
            assert pick.utilities["newly_covered"] == gains[pick.position] == max(gains.values())
        covered |= balls[pick.position]
        taken.append(pick.position)
    assert len(taken) == len(set(taken)) == min(n, size)


def test_it_goes_to_the_largest_groups_that_nobody_labelled():
    vectors, of = blobs(rng(), [80, 70, 60, 50], noise=0.02)
    picks = ProbCover().query(pool_of(vectors, labelled=vectors[:1], n_classes=4), 3, rng())
    assert [int(of[pick.position]) for pick in picks] == [1, 2, 3]
    gains = [pick.utilities["newly_covered"] for pick in picks]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] >= 70  # one ball in twenty may reach beyond its group
    assert f"{gains[0]:.0f} records are within" in picks[0].reason


def test_when_all_is_covered_the_rest_is_by_lot():
    vectors, of = blobs(rng(), [30, 30], noise=0.02)
    picks = ProbCover().query(pool_of(vectors, n_classes=2), 6, rng())
    assert sorted(of[[pick.position for pick in picks[:2]]].tolist()) == [0, 1]
    assert all(pick.reason == "all is covered; drawn by lot" for pick in picks[2:])
    other = ProbCover().query(pool_of(vectors, n_classes=2), 6, rng(1))
    assert {p.position for p in picks[2:]} != {p.position for p in other[2:]}


@pytest.mark.parametrize("seed", range(3))
def test_a_large_pool_is_covered_by_a_part_of_it(monkeypatch, seed):
    monkeypatch.setattr(probcover, "MAX_CENTRES", 70)
    vectors, of = blobs(rng(seed), [200, 200, 200], noise=0.05)
    picks = ProbCover().query(pool_of(vectors), 80, rng(seed))
    assert sorted(of[[pick.position for pick in picks[:3]]].tolist()) == [0, 1, 2]
    assert len({pick.position for pick in picks}) == 80
    assert sum(pick.utilities.get("newly_covered", 0) for pick in picks) == 70
