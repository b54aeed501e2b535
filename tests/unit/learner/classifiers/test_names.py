"""Labels' names in the semi-supervised head: trusted as far as the labelled rows bear them out."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_vectors import unit_rows

from tiebreak.errors import UsageError
from tiebreak.learner.calibration import softmax
from tiebreak.learner.classifiers.semi_supervised import (
    SemiSupervised,
    name_centre,
    trust_in_names,
)

CLASSES = tuple("abcdef")
DIM = 24


def world(seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of six classes, their classes, and names that lie near the right groups."""
    rows, of = blobs(np.random.default_rng(seed), [100] * 6, dim=DIM, noise=0.28)
    names = np.stack([rows[of == i].mean(axis=0) for i in range(6)])
    names += 0.1 * unit_rows(np.random.default_rng(seed + 1), 6, DIM)
    return rows, of, (names / np.linalg.norm(names, axis=1, keepdims=True)).astype(np.float32)


def fit(rows, of, at, names, **more):
    rest = np.setdiff1d(np.arange(len(rows)), at)
    given_ = [CLASSES[i] for i in of[at]]
    return SemiSupervised().fit(
        rows[at], given_, CLASSES, 30.0, unlabelled=rows[rest], prototypes=names, **more
    )


def right(head, rows, of) -> float:
    return float((head.logits(rows).argmax(axis=1) == of).mean())


def test_names_alone_make_a_head() -> None:
    rows, of, names = world()
    head = fit(rows, of, np.arange(0), names)
    assert np.isfinite(head.intercept).all()
    assert right(head, rows, of) > 0.8
    assert fit(rows, of, np.arange(0), None) is None


def test_names_help_where_labels_are_few() -> None:
    rows, of, names = world()
    at = np.array([0, 100, 200])  # of half the classes, so no head without names can be right
    assert (
        right(fit(rows, of, at, names), rows, of) > right(fit(rows, of, at, None), rows, of) + 0.3
    )


def test_a_class_with_a_name_and_no_label_is_predicted_while_names_are_trusted() -> None:
    rows, of, names = world()
    at = np.flatnonzero(of != 5)[::10]
    p = softmax(fit(rows, of, at, names).logits(rows))
    assert p.sum(axis=1) == pytest.approx(1)
    assert (p[of == 5].argmax(axis=1) == 5).mean() > 0.8
    wrong = np.roll(names, 1, axis=0)
    assert (softmax(fit(rows, of, at, wrong).logits(rows))[:, 5] == 0).all()


def test_names_that_mislead_are_left_behind() -> None:
    rows, of, names = world()
    at = np.arange(0, 600, 5)
    plain = right(fit(rows, of, at, None), rows, of)
    assert right(fit(rows, of, at, np.roll(names, 1, axis=0)), rows, of) > plain - 0.02


def test_trust_is_skill_over_the_most_frequent_label_shrunk_to_its_start() -> None:
    names = np.eye(2, dtype=np.float32)
    rows = names[[0, 0, 0, 1, 1, 1, 1, 1, 1, 1]]
    of = np.array([0, 0, 0, 1, 1, 1, 1, 1, 0, 0])  # nearest: 8 of 10; most frequent: 5 of 10
    one = np.ones(10)
    assert trust_in_names(names, rows, of, one) == pytest.approx((10 * 0.6 + 20 * 0.5) / 30)
    assert trust_in_names(names, rows, of, 100 * one) == pytest.approx((1000 * 0.6 + 10) / 1020)
    assert trust_in_names(names, rows[:0], of[:0], one[:0]) == 0.5
    assert trust_in_names(names, rows, 1 - of, one) == pytest.approx(10 / 30)  # worse than chance
    assert trust_in_names(names, rows, np.zeros(10, dtype=np.int64), one) == pytest.approx(10 / 30)


def test_the_centre_tells_classes_apart_and_moves_none() -> None:
    names = unit_rows(np.random.default_rng(0), 5, 8)
    centre = name_centre(names, 0.5)
    assert centre.sum(axis=0) == pytest.approx(np.zeros(8), abs=1e-6)
    assert centre[1] - centre[0] == pytest.approx(5.0 * (names[1] - names[0]), abs=1e-5)
    assert not name_centre(names, 0.0).any()


@pytest.mark.parametrize("shape", [(5, DIM), (6, DIM + 1)])
def test_prototypes_of_another_shape_are_refused(shape) -> None:
    rows, of, _ = world()
    with pytest.raises(UsageError, match=rf"\({shape[0]}, {shape[1]}\).*6 classes"):
        fit(rows, of, np.arange(6), np.zeros(shape, dtype=np.float32))


def test_without_a_pool_names_are_left_alone() -> None:
    rows, of, names = world()
    given_ = [CLASSES[i] for i in of[::10]]
    plain = SemiSupervised().fit(rows[::10], given_, CLASSES, 30.0)
    named = SemiSupervised().fit(rows[::10], given_, CLASSES, 30.0, prototypes=names)
    assert np.array_equal(plain.logits(rows), named.logits(rows))


@given(seed=st.integers(0, 2**16), named=st.booleans())
@settings(max_examples=8)
def test_the_order_of_rows_changes_nothing(seed: int, named: bool) -> None:
    rows, of, names = world()
    rng = np.random.default_rng(seed)
    at = rng.choice(len(rows), 30, replace=False)
    one = fit(rows, of, at, names if named else None)
    shuffled = rng.permutation(at)
    rest = rng.permutation(np.setdiff1d(np.arange(len(rows)), at))
    other = SemiSupervised().fit(
        rows[shuffled],
        [CLASSES[i] for i in of[shuffled]],
        CLASSES,
        30.0,
        unlabelled=rows[rest],
        prototypes=names if named else None,
    )
    assert softmax(one.logits(rows)) == pytest.approx(softmax(other.logits(rows)), abs=0.02)
