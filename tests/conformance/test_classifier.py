"""What every `Classifier` and the `Head` that it trains must do."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs

from tiebreak import registry
from tiebreak.errors import LabelError, UsageError
from tiebreak.learner.calibration import softmax

NAMES = registry.known("classifiers")
CLASSES = ("zebra", "apple", "never", "mango")  # neither sorted nor all seen
SEEN = ("zebra", "apple", "mango")


@pytest.fixture(params=NAMES)
def classifier(request):
    made = registry.find("classifiers", request.param)()
    assert made.name == request.param
    return made


def rows(sizes=(20, 20, 20), seed=0):
    vectors, of = blobs(np.random.default_rng(seed), list(sizes))
    return vectors, [SEEN[i] for i in of]


def test_the_classifiers_are_the_ones_this_suite_was_written_for():
    assert NAMES == ["logistic", "semi_supervised"]


def test_it_learns_what_can_be_told_apart(classifier):
    head = classifier.fit(*rows(), CLASSES, 10.0)
    fresh, labels = rows(seed=1)
    logits = head.logits(fresh)
    assert (logits.shape, logits.dtype) == ((60, 4), np.float64)
    assert [CLASSES[i] for i in logits.argmax(axis=1)] == labels
    assert (head.classes, head.c) == (CLASSES, 10.0)


@pytest.mark.parametrize("seen", [1, 2, 3])
def test_a_class_without_a_row_has_probability_zero(classifier, seen):
    vectors, labels = rows((9, 9, 9)[:seen])
    p = softmax(classifier.fit(vectors, labels, CLASSES, 1.0).logits(vectors))
    unseen = [i for i, name in enumerate(CLASSES) if name not in SEEN[:seen]]
    assert (p[:, unseen] == 0).all()
    assert (np.delete(p, unseen, axis=1) > 0).all()
    assert p.sum(axis=1) == pytest.approx(1)


def test_no_row_gives_no_head(classifier):
    assert classifier.fit(np.empty((0, 16), dtype=np.float32), [], CLASSES, 1.0) is None


def test_one_class_is_always_said(classifier):
    vectors, _ = rows((5,))
    p = softmax(classifier.fit(vectors, ["mango"] * 5, CLASSES, 1.0).logits(-vectors))
    assert p.tolist() == [[0, 0, 0, 1]] * 5


def test_equal_input_gives_an_equal_head(classifier):
    vectors, labels = rows()
    one = classifier.fit(vectors, labels, CLASSES, 30.0).logits(vectors)
    other = classifier.fit(vectors.copy(), list(labels), CLASSES, 30.0).logits(vectors)
    assert one.tobytes() == other.tobytes()


def test_more_c_is_surer(classifier):
    vectors, labels = rows()
    sure = [
        softmax(classifier.fit(vectors, labels, CLASSES, c).logits(vectors)).max(axis=1).mean()
        for c in (0.1, 1.0, 10.0)
    ]
    assert sure[0] < sure[1] < sure[2]


@pytest.mark.parametrize("sizes", [(8, 8), (8, 8, 8)])
def test_a_weight_of_two_is_a_row_twice(classifier, sizes):
    vectors, labels = rows(sizes)
    weight = np.ones(len(labels))
    weight[:4] = 2
    weighted = classifier.fit(vectors, labels, CLASSES, 1.0, weight)
    twice = classifier.fit(
        np.concatenate([vectors[:4], vectors]), labels[:4] + labels, CLASSES, 1.0
    )
    plain = classifier.fit(vectors, labels, CLASSES, 1.0)
    got, wanted = softmax(weighted.logits(vectors)), softmax(twice.logits(vectors))
    assert got == pytest.approx(wanted, abs=2e-3)
    assert np.abs(got - softmax(plain.logits(vectors))).max() > 1e-2


def test_as_many_classes_as_rows_is_no_trouble(classifier):
    many = tuple(f"label {i}" for i in range(24))
    vectors, of = blobs(np.random.default_rng(0), [1] * 24, dim=24)
    head = classifier.fit(vectors, [many[i] for i in of], many, 30.0)
    assert head.logits(vectors).argmax(axis=1).tolist() == of.tolist()


def test_a_label_outside_the_schema_is_named(classifier):
    vectors, labels = rows()
    with pytest.raises(LabelError, match="'kiwi'"):
        classifier.fit(vectors, [*labels[:-1], "kiwi"], CLASSES, 1.0)


def test_each_vector_needs_its_label(classifier):
    vectors, labels = rows()
    with pytest.raises(UsageError, match="60 vectors came with 59 labels"):
        classifier.fit(vectors, labels[1:], CLASSES, 1.0)


def test_unlabelled_rows_do_no_harm_and_are_not_changed(classifier):
    vectors, labels = rows()
    pool, _ = rows((60, 60, 60), seed=2)
    before = pool.copy()
    pool.setflags(write=False)
    head = classifier.fit(vectors, labels, CLASSES, 10.0, unlabelled=pool)
    again = classifier.fit(vectors, labels, CLASSES, 10.0, unlabelled=pool)
    fresh, truth = rows(seed=1)
    assert [CLASSES[i] for i in head.logits(fresh).argmax(axis=1)] == truth
    assert np.array_equal(head.logits(fresh), again.logits(fresh))
    assert (softmax(head.logits(fresh))[:, CLASSES.index("never")] == 0).all()
    assert np.array_equal(pool, before)


def test_an_empty_pool_is_as_good_as_none(classifier):
    vectors, labels = rows()
    none = classifier.fit(vectors, labels, CLASSES, 10.0)
    empty = classifier.fit(vectors, labels, CLASSES, 10.0, unlabelled=vectors[:0])
    assert np.array_equal(none.logits(vectors), empty.logits(vectors))


def test_prototypes_do_no_harm_and_are_not_changed(classifier):
    vectors, labels = rows()
    pool, _ = rows((60, 60, 60), seed=2)
    names = np.stack([vectors[[x == name for x in labels]].mean(axis=0) for name in SEEN])
    names = np.concatenate([names[:2], -names[:1], names[2:]]).astype(np.float32)
    names /= np.linalg.norm(names, axis=1, keepdims=True)
    before = names.copy()
    names.setflags(write=False)
    fresh, truth = rows(seed=1)
    head = classifier.fit(vectors, labels, CLASSES, 10.0, unlabelled=pool, prototypes=names)
    assert [CLASSES[i] for i in head.logits(fresh).argmax(axis=1)] == truth
    assert np.array_equal(names, before)
    without = classifier.fit(vectors, labels, CLASSES, 10.0, unlabelled=pool)
    none = classifier.fit(vectors, labels, CLASSES, 10.0, unlabelled=pool, prototypes=None)
    assert np.array_equal(without.logits(fresh), none.logits(fresh))
