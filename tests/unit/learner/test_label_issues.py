"""Confident learning: planted errors come first, small labels are left alone."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs
from contexts import slice_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from tiebreak.errors import LabelError, UsageError
from tiebreak.learner.label_issues import FOLDS, Judgement, find_label_issues, judge_labels
from tiebreak.retrieval.embedders.hashing import create

NAMES = ("a", "b", "c", "d")


def plant(
    truth: list[str], classes: tuple[str, ...], rng: np.random.Generator
) -> tuple[list[str], np.ndarray]:
    """Labels with a tenth changed to another one drawn by lot, and which (bool[n])."""
    wrong = np.zeros(len(truth), dtype=bool)
    wrong[rng.choice(len(truth), len(truth) // 10, replace=False)] = True
    others = [rng.choice([c for c in classes if c != name]) for name in truth]
    return [str(o) if w else t for t, o, w in zip(truth, others, wrong, strict=True)], wrong


def found_share(
    labels: list[str], wrong: np.ndarray, judgement: Judgement, classes: tuple
) -> float:
    """Share of the planted errors among the 15 % that come first."""
    errors = find_label_issues(labels, judgement, classes)
    first = [s.position for s in errors.suspects[: int(0.15 * len(labels))]]
    return float(wrong[first].sum() / wrong.sum())


def test_planted_errors_come_first_in_the_shipped_slice() -> None:
    rows = slice_rows(pool=2000, test=0)
    vectors = create().embed([r["text"] for r in rows])
    truth = [r["label"] for r in rows]
    classes = tuple(sorted(set(truth)))
    shares = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        labels, wrong = plant(truth, classes, rng)
        shares.append(
            found_share(labels, wrong, judge_labels(vectors, labels, classes, 10.0, rng), classes)
        )
    assert np.mean(shares) >= 0.65  # by lot it is .15; a word-hashing encoder, no language model


def test_flagged_rows_are_errors_and_the_better_label_is_right() -> None:
    rng = np.random.default_rng(1)
    vectors, of = blobs(rng, [60] * 4)
    truth = [NAMES[i] for i in of]
    labels, wrong = plant(truth, NAMES, rng)
    errors = find_label_issues(labels, judge_labels(vectors, labels, NAMES, 10.0, rng), NAMES)
    flagged = [s for s in errors.suspects if s.flagged]
    assert np.mean([wrong[s.position] for s in flagged]) >= 0.9
    assert len(flagged) >= 0.6 * wrong.sum()  # it is careful by design; the order has the rest
    assert np.mean([s.better == truth[s.position] for s in flagged if wrong[s.position]]) >= 0.95
    qualities = [s.quality for s in errors.suspects]
    assert qualities == sorted(qualities)
    assert all(s.given == labels[s.position] for s in errors.suspects)


def test_no_row_is_judged_by_a_head_that_learnt_it() -> None:
    rows = np.tile(np.eye(2, dtype=np.float32), (20, 1))
    labels = ["a", "b"] * 20
    labels[0] = "b"  # its 19 copies say a
    judgement = judge_labels(rows, labels, ("a", "b"), 1e6, np.random.default_rng(2), folds=40)
    # a fold a row: the others' share of b among the copies of row 0 is exactly nothing
    assert judgement.probabilities[0, 1] < 0.01
    assert judgement.probabilities[2, 1] == pytest.approx(1 / 19, abs=0.01)


def test_a_query_that_is_not_among_the_rows_is_judged_by_all_of_them() -> None:
    rng = np.random.default_rng(3)
    vectors, of = blobs(rng, [15, 15, 15, 15])
    labels = [NAMES[i] for i in of]
    asked = vectors[::7]
    judgement = judge_labels(
        vectors, labels, NAMES, 10.0, rng, queries=asked, positions=np.full(len(asked), -1)
    )
    assert (judgement.probabilities.argmax(axis=1) == of[::7]).all()
    assert judgement.probabilities.sum(axis=1) == pytest.approx(np.ones(len(asked)))


def test_labels_with_too_few_rows_are_not_judged() -> None:
    rng = np.random.default_rng(4)
    vectors, of = blobs(rng, [30, 30, 3, 2])
    labels = [NAMES[i] for i in of]
    errors = find_label_issues(labels, judge_labels(vectors, labels, NAMES, 10.0, rng), NAMES)
    assert errors.unjudged == (63, 64)
    assert len(errors.suspects) == 63
    small = {s.position: s for s in errors.suspects}
    assert all(small[at].quality > 0 for at in (60, 61, 62))  # each fold's rest knew the label


@pytest.mark.parametrize("labels", [[], ["a"] * 6, ["a", "b", "c", "a", "b"]])
def test_with_fewer_than_two_known_labels_nothing_is_judged(labels: list[str]) -> None:
    rng = np.random.default_rng(5)
    vectors, _ = blobs(rng, [len(labels)], dim=4)
    errors = find_label_issues(labels, judge_labels(vectors, labels, NAMES, 10.0, rng), NAMES)
    assert errors.suspects == ()
    assert errors.unjudged == tuple(range(len(labels)))


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=40), st.integers(0, 99))
@settings(max_examples=25)
def test_every_row_is_judged_or_named_whatever_the_labels(labels: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, _ = blobs(rng, [len(labels)], dim=5, noise=1.0)
    errors = find_label_issues(labels, judge_labels(vectors, labels, NAMES, 10.0, rng), NAMES)
    at = [s.position for s in errors.suspects] + list(errors.unjudged)
    assert sorted(at) == list(range(len(labels)))
    assert all(0 <= s.quality <= s.confidence <= 1 for s in errors.suspects)


def test_equal_seeds_give_equal_answers() -> None:
    vectors, of = blobs(np.random.default_rng(6), [20, 20, 20], noise=0.5)
    labels = [NAMES[i] for i in of]
    twice = [
        find_label_issues(
            labels, judge_labels(vectors, labels, NAMES, 3.0, np.random.default_rng(1)), NAMES
        )
        for _ in range(2)
    ]
    assert twice[0] == twice[1]


def test_impossible_calls_are_refused() -> None:
    rng = np.random.default_rng(7)
    vectors, _ = blobs(rng, [6], dim=4)
    with pytest.raises(LabelError, match="'z'"):
        judge_labels(vectors, ["z"] * 6, NAMES, 1.0, rng)
    with pytest.raises(UsageError, match="0 own positions"):
        judge_labels(vectors, ["a"] * 6, NAMES, 1.0, rng, queries=vectors)
    with pytest.raises(UsageError, match="1 folds"):
        judge_labels(vectors, ["a"] * 6, NAMES, 1.0, rng, folds=1)
    assert FOLDS >= 2
