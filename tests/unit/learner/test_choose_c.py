"""When C is chosen, how the folds are dealt, and what is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs

from tiebreak.learner.choose_c import CHOICES, DEFAULT_C, deal, needs_choice
from tiebreak.learner.label_space import SINGLE


@pytest.mark.parametrize(
    ("labels", "chosen_at", "needed"),
    [
        (230, 0, False),  # fewer than three labels a class
        (231, 0, True),
        (231, 231, False),
        (346, 231, False),
        (347, 231, True),  # 1.5 x 231 = 346.5
        (150, 100, False),
        (300, 200, True),
    ],
)
def test_when_c_is_chosen(labels, chosen_at, needed):
    assert needs_choice(labels, chosen_at, 77) is needed


def choose(vectors, of, classes=("0", "1", "2", "never")):
    return SINGLE.choose_c(vectors, [(str(i),) for i in of], classes, np.random.default_rng(0))


def test_clear_labels_take_the_weakest_penalty():
    assert choose(*blobs(np.random.default_rng(0), [20, 20, 20])) == 100.0


def test_labels_at_random_take_the_strongest():
    vectors, of = blobs(np.random.default_rng(0), [40, 40, 40], noise=0.3)
    assert choose(vectors, np.random.default_rng(1).permutation(of)) == 3.0


@pytest.mark.parametrize("sizes", [[9], [9, 2, 1], [1, 1, 1], [2, 2, 2]])
def test_too_little_to_split_leaves_the_default(sizes):
    assert choose(*blobs(np.random.default_rng(0), sizes)) == DEFAULT_C == 30.0


def test_a_class_that_some_fold_never_saw_is_scored_too():
    # one row of class 2: the two folds that train on it are scored, the third scores the floor
    assert choose(*blobs(np.random.default_rng(0), [20, 20, 1])) in CHOICES


def test_the_same_generator_gives_the_same_choice():
    vectors, of = blobs(np.random.default_rng(0), [7, 8, 9], noise=0.5)
    assert choose(vectors, of) == choose(vectors, of)


def test_folds_are_even_for_each_class_and_in_all():
    truth = np.repeat([0, 1, 2, 3], [10, 7, 3, 1])
    fold = deal(np.random.default_rng(0).permutation(truth), np.random.default_rng(1))
    counts = np.bincount(fold, minlength=3)
    assert counts.max() - counts.min() <= 1
    fold = deal(truth, np.random.default_rng(1))
    for label in range(4):
        per = np.bincount(fold[truth == label], minlength=3)
        assert per.max() - per.min() <= 1
    assert fold.tolist() != deal(truth, np.random.default_rng(2)).tolist()
