"""The semi-supervised head: its gradient, its graph, and that the pool teaches it something."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_vectors import unit_rows

from tiebreak.learner.classifiers import semi_supervised as semi
from tiebreak.learner.classifiers._objective import (
    LabelledRows,
    Objective,
    SoftTargets,
    logits,
    row_softmax,
    solve,
)
from tiebreak.learner.classifiers.logistic import Logistic
from tiebreak.learner.graph import affinity, nearest, spread_labels


@given(seed=st.integers(0, 2**16), n=st.integers(2, 40), k=st.integers(1, 50))
@settings(max_examples=30)
def test_nearest_are_the_ones_that_a_sort_finds(seed: int, n: int, k: int) -> None:
    rows = unit_rows(np.random.default_rng(seed), n, 5)
    found, cosines = nearest(rows, k)
    all_ = rows @ rows.T
    np.fill_diagonal(all_, -np.inf)
    best = -np.sort(-all_, axis=1)[:, : min(k, n - 1)]
    assert found.shape == best.shape
    assert not (found == np.arange(n)[:, None]).any()
    assert -np.sort(-cosines, axis=1) == pytest.approx(best, abs=1e-6)


def test_the_graph_is_symmetric_and_its_spectrum_bounded() -> None:
    graph = affinity(unit_rows(np.random.default_rng(0), 60, 6)).toarray()
    assert graph == pytest.approx(graph.T)
    assert (np.diag(graph) == 0).all()
    assert np.abs(np.linalg.eigvalsh(graph)).max() <= 1 + 1e-6


def test_a_label_spreads_over_its_group_and_no_further() -> None:
    rows, of = blobs(np.random.default_rng(0), [40, 40, 40], noise=0.05)
    mass = spread_labels(affinity(rows), np.array([0, 40]), np.array([0, 1]), 2)
    assert mass.sum(axis=1) == pytest.approx(np.ones(120), abs=1e-5)
    assert (mass[:40].argmax(axis=1) == 0).all()
    assert (mass[40:80].argmax(axis=1) == 1).all()
    assert mass[of == 2] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("guessed", [True, False])
def test_the_gradient_is_the_one_that_differences_give(guessed: bool) -> None:
    rng = np.random.default_rng(0)
    rows = unit_rows(rng, 40, 6)
    soft = rng.dirichlet(np.ones(3), 40).astype(np.float32)
    labelled = LabelledRows(
        rows[:12], rng.integers(0, 3, 12), rng.uniform(0.5, 2.0, 12), rng.normal(size=(3, 6)), 5.0
    )
    guess = SoftTargets(rows, soft, rng.dirichlet(np.ones(3))) if guessed else None
    objective = Objective(labelled, guess)
    at = rng.normal(size=3 * 7)
    _, gradient = objective(at)
    for j in range(len(at)):
        step = np.zeros_like(at)
        step[j] = 1e-2
        slope = (objective(at + step)[0] - objective(at - step)[0]) / 2e-2
        assert slope == pytest.approx(gradient[j], abs=2e-3)


def test_without_a_guess_it_is_logistic_regression() -> None:
    rows, of = blobs(np.random.default_rng(3), [12, 12, 12], dim=8, noise=0.3)
    weight = np.random.default_rng(4).uniform(0.5, 2.0, 36)
    weights, converged = solve(
        Objective(LabelledRows(rows, of, weight, np.zeros((3, 8)), 10.0)), np.zeros((3, 9))
    )
    head = Logistic().fit(rows, ["abc"[i] for i in of], tuple("abc"), 10.0, weight)
    assert converged
    assert row_softmax(logits(rows, weights)) == pytest.approx(
        row_softmax(head.logits(rows).astype(np.float32)), abs=5e-3
    )


def test_the_pool_helps_where_labels_are_few() -> None:
    rng = np.random.default_rng(1)
    rows, of = blobs(rng, [150] * 6, dim=24, noise=0.28)
    classes = tuple("abcdef")
    pool = rng.permutation(len(rows))
    labelled = np.concatenate([np.flatnonzero(of == i)[:1] for i in range(6)])
    rest = np.setdiff1d(pool[:600], labelled)
    names = [classes[i] for i in of[labelled]]
    test = np.setdiff1d(pool[600:], labelled)

    def right(head) -> float:
        return float((head.logits(rows[test]).argmax(axis=1) == of[test]).mean())

    plain = right(Logistic().fit(rows[labelled], names, classes, 30.0))
    helped = right(
        semi.SemiSupervised().fit(rows[labelled], names, classes, 30.0, unlabelled=rows[rest])
    )
    assert helped > plain + 0.03


def test_classes_far_from_balanced_are_not_evened_out() -> None:
    rng = np.random.default_rng(2)
    rows, of = blobs(rng, [570, 30], dim=16, noise=0.2)
    classes = ("ham", "spam")
    labelled = np.concatenate([np.arange(8), np.arange(570, 574)])
    rest = np.setdiff1d(np.arange(600), labelled)
    head = semi.SemiSupervised().fit(
        rows[labelled], [classes[of[i]] for i in labelled], classes, 30.0, unlabelled=rows[rest]
    )
    assert (head.logits(rows).argmax(axis=1) == of).mean() > 0.98


def test_many_labelled_rows_leave_room_for_some_of_the_pool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the classes' shares would be read off a single row."""
    monkeypatch.setattr(semi, "MAX_ROWS", 20)
    monkeypatch.setattr(semi, "MIN_UNLABELLED", 8)
    rows, of = blobs(np.random.default_rng(0), [40, 40], noise=0.4)
    at = np.random.default_rng(1).permutation(80)
    labels = ["ab"[of[i]] for i in at[:30]]

    def head(pool: np.ndarray) -> np.ndarray:
        made = semi.SemiSupervised().fit(
            rows[at[:30]], labels, ("a", "b"), 10.0, unlabelled=rows[pool]
        )
        assert made is not None
        return made.coef

    assert (head(at[30:]) == head(at[30:38])).all()
    assert (head(at[30:]) != head(at[30:31])).any()


def test_a_row_spreads_as_much_as_it_weighs() -> None:
    """A wrong label of little weight leaves its neighbours to the right one of full weight."""
    rows, of = blobs(np.random.default_rng(0), [40, 40], noise=0.3)
    at = np.array([0, 40, 1, 2, 3])
    labels = ["a", "b", "b", "b", "b"]  # the last three are wrong

    def right(weight: float) -> float:
        made = semi.SemiSupervised().fit(
            rows[at],
            labels,
            ("a", "b"),
            10.0,
            np.array([1.0, 1.0, weight, weight, weight]),
            unlabelled=rows,
        )
        assert made is not None
        return float((made.logits(rows).argmax(axis=1) == of).mean())

    assert right(0.01) > 0.95
    assert right(1.0) < 0.95
