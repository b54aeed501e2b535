"""The learner's multi-label parts: head, calibration, choice of C, doubt, strategies, scores."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs
from hypothesis import given, strategies as st

from tiebreak import registry
from tiebreak.domain.label_space import memberships
from tiebreak.domain.ports import Pool
from tiebreak.errors import LabelError, ModelFileError, UsageError
from tiebreak.learner import heads
from tiebreak.learner.calibration import fit_sets_temperature, sigmoid
from tiebreak.learner.choose_c import CHOICES
from tiebreak.learner.classifiers.logistic import Logistic
from tiebreak.learner.label_space import MULTI, micro_f1
from tiebreak.learner.set_classifiers.one_vs_rest import OneVsRest
from tiebreak.learner.strategies.badge import Gradients
from tiebreak.learner.strategies.committee import votes
from tiebreak.loop.select import rarest_each

CLASSES = ("rain", "never", "wind", "always", "hail")


def rows(n=120, seed=0):
    """Vectors of four groups; a label for each of two pairs of groups, one rare, one always."""
    vectors, of = blobs(np.random.default_rng(seed), [n // 4] * 4)
    sets = [
        tuple(
            name
            for name, holds in zip(
                CLASSES, (g in (0, 1), False, g in (1, 2), True, g == 3 and i % 3 == 0), strict=True
            )
            if holds
        )
        for i, g in enumerate(of)
    ]
    return vectors, sets


def pool(n=80, **parts):
    vectors, sets = rows()
    head = OneVsRest().fit(vectors, sets, CLASSES, 10.0)
    fresh, _ = rows(n, seed=1)
    given = {
        "vectors": fresh,
        "labelled": vectors,
        "probabilities": sigmoid(head.logits(fresh)),
        "n_classes": len(CLASSES),
        "head": head,
        "multiple": True,
        "sets": tuple(sets),
    }
    return Pool(**{**given, **parts})


# -- the head


def test_each_label_is_a_logistic_regression_of_its_own():
    from sklearn.linear_model import LogisticRegression

    vectors, sets = rows()
    fresh, _ = rows(seed=2)
    p = sigmoid(OneVsRest().fit(vectors, sets, CLASSES, 10.0).logits(fresh))
    truth = memberships(sets, CLASSES)
    for label in (0, 2, 4):
        alone = LogisticRegression(C=10.0, tol=1e-8, max_iter=2000).fit(vectors, truth[:, label])
        assert p[:, label] == pytest.approx(alone.predict_proba(fresh)[:, 1], abs=2e-3)


def test_a_label_of_no_row_has_probability_zero_and_one_of_all_rows_nearly_one():
    vectors, sets = rows()
    p = sigmoid(OneVsRest().fit(vectors, sets, CLASSES, 10.0).logits(-vectors))
    assert (p[:, 1] == 0).all()
    assert p[:, 3] == pytest.approx(121 / 122)


def test_rows_without_a_label_are_rows():
    vectors, _ = rows()
    head = OneVsRest().fit(vectors, [()] * len(vectors), CLASSES, 10.0)
    assert (sigmoid(head.logits(vectors)) == 0).all()
    assert OneVsRest().fit(vectors[:0], [], CLASSES, 10.0) is None


def test_its_errors_name_what_is_wrong():
    vectors, sets = rows()
    with pytest.raises(LabelError, match="'snow'"):
        OneVsRest().fit(vectors[:1], [("snow",)], CLASSES, 10.0)
    with pytest.raises(UsageError, match="120 vectors came with 119"):
        OneVsRest().fit(vectors, sets[1:], CLASSES, 10.0)


def test_it_is_the_only_set_classifier_and_fits_alike_twice():
    assert registry.known("set_classifiers") == ["one_vs_rest"]
    made = registry.find("set_classifiers", "one_vs_rest")()
    vectors, sets = rows()
    one, two = (made.fit(vectors, sets, CLASSES, 3.0) for _ in range(2))
    assert (one.coef.tobytes(), one.intercept.tobytes()) == (
        two.coef.tobytes(),
        two.intercept.tobytes(),
    )


def test_a_saved_head_keeps_its_link(tmp_path):
    vectors, sets = rows()
    head = OneVsRest().fit(vectors, sets, CLASSES, 3.0)
    back = heads.load_head(tmp_path / "h.npz", heads.save_head(head, tmp_path / "h.npz"))
    assert back.link == "sigmoid"
    assert np.array_equal(back.logits(vectors), head.logits(vectors))


def test_a_single_label_head_is_the_file_that_it_always_was(tmp_path):
    vectors, _ = rows()
    head = Logistic().fit(vectors, ["a", "b"] * 60, ("a", "b"), 1.0)
    sha = heads.save_head(head, tmp_path / "h.npz")
    with np.load(tmp_path / "h.npz") as arrays:
        meta = arrays["meta"].tobytes()
    assert b"link" not in meta
    assert b'"format": 1' in meta
    assert heads.load_head(tmp_path / "h.npz", sha).link == "softmax"
    with pytest.raises(ModelFileError):
        heads.load_head(tmp_path / "h.npz", "0" * 64)


# -- calibration and C


def test_a_head_that_is_too_sure_is_cooled_and_one_too_unsure_is_warmed():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (2000, 4))
    truth = rng.random(logits.shape) < sigmoid(logits)
    assert fit_sets_temperature(sigmoid(3 * logits), truth) == pytest.approx(3, rel=0.1)
    assert fit_sets_temperature(sigmoid(logits / 2), truth) == pytest.approx(0.5, rel=0.1)
    assert fit_sets_temperature(sigmoid(3 * logits)[:29], truth[:29]) == 1.0


def test_no_temperature_turns_a_label_over():
    logits = np.array([[-np.inf, -0.1, 0.0, 0.1, 800.0]])
    for temperature in (0.1, 1.0, 10.0):
        p = sigmoid(logits, temperature)
        assert MULTI.best(p[0], CLASSES)[0] == ("wind", "always", "hail")
        assert p[0, 0] == 0
    with pytest.raises(UsageError):
        sigmoid(np.array([[np.nan]]))
    with pytest.raises(UsageError):
        sigmoid(logits, 0.0)


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_the_set_said_is_the_most_probable_of_all_sets(p):
    value, chance = MULTI.best(p, CLASSES)
    every = [
        np.prod([q if (code >> at) & 1 else 1 - q for at, q in enumerate(p)]) for code in range(32)
    ]
    assert chance == pytest.approx(max(every))
    said = sum(1 << CLASSES.index(name) for name in value)
    assert every[said] == pytest.approx(max(every))


def test_c_is_chosen_among_those_known_by_a_fixed_lot():
    vectors, sets = rows()
    chosen = MULTI.choose_c(vectors, sets, CLASSES, np.random.default_rng(0))
    assert chosen in CHOICES
    assert chosen == MULTI.choose_c(vectors, sets, CLASSES, np.random.default_rng(0))
    assert (
        MULTI.choose_c(vectors[:2], sets[:2], CLASSES, np.random.default_rng(0)) == MULTI.default_c
    )
    rng = np.random.default_rng(1)
    noise = [sets[i] for i in rng.permutation(len(sets))]
    assert MULTI.choose_c(vectors, noise, CLASSES, np.random.default_rng(0)) == min(CHOICES)


def test_micro_f1_counts_labels_over_all_records():
    pairs = [(("a", "b"), ("b", "c")), ((), ("a",)), (("c",), None), ((), ())]
    assert micro_f1(pairs) == pytest.approx(2 * 1 / (2 * 1 + 2 + 2))
    assert micro_f1([((), ())]) is None
    assert micro_f1([]) is None


# -- doubt and strategies


def test_doubt_by_its_formulas():
    p = np.array([[0.5, 0.0, 1.0], [0.9, 0.2, 0.1], [0.0, 1.0, 0.0]])
    assert MULTI.uncertainty["margin"].of(p) == pytest.approx([1, 0.4, 0])
    assert MULTI.uncertainty["least_confidence"].of(p) == pytest.approx(
        [0.5, 1 - 0.9 * 0.8 * 0.9, 0]
    )
    h = [-q * np.log(q) - (1 - q) * np.log(1 - q) for q in (0.9, 0.2, 0.1)]
    assert MULTI.uncertainty["entropy"].of(p) == pytest.approx([np.log(2), sum(h), 0])


@pytest.mark.parametrize("name", registry.known("strategies"))
@pytest.mark.parametrize(
    "parts", [{}, {"head": None, "probabilities": None}, {"sets": (), "head": None}]
)
def test_every_strategy_takes_sets(name, parts):
    strategy = registry.find("strategies", name)()
    given = pool(**parts)
    picks = strategy.query(given, 12, np.random.default_rng(0))
    assert len({pick.position for pick in picks}) == 12
    assert all(pick.reason for pick in picks)
    again = strategy.query(given, 12, np.random.default_rng(0))
    assert [pick.position for pick in again] == [pick.position for pick in picks]


@pytest.mark.parametrize("name", ["margin", "entropy", "least_confidence", "margin_kmeans"])
def test_those_that_ask_about_doubt_find_the_one_doubtful_record(name):
    given = pool()
    p = np.full_like(given.probabilities, 0.001)
    p[17, 2] = 0.5
    picks = registry.find("strategies", name)().query(
        pool(probabilities=p), 1, np.random.default_rng(0)
    )
    if name != "margin_kmeans":  # which takes the record nearest to the centre of ten
        assert [pick.position for pick in picks] == [17]
    else:
        assert "torn over whether a label applies" in picks[0].reason


def test_members_of_a_committee_vote_on_each_label():
    cast = list(votes(pool(), np.random.default_rng(0)))
    assert [codes.shape for codes in cast] == [(80, 5)] * 6
    assert not any(codes[:, 1].any() for codes in cast)  # nobody has met it
    assert all(codes[:, 3].all() for codes in cast)
    alone = list(votes(pool(head=None, probabilities=None), np.random.default_rng(0)))
    assert [codes.shape for codes in alone] == [(80, 4)] * 6  # the labels that rows have


def test_a_committee_is_divided_over_labels_by_itself():
    cast = np.array([[[1, 1], [0, 0], [1, 0]], [[0, 1], [0, 0], [0, 1]], [[1, 1], [0, 0], [0, 1]]])
    division = MULTI.vote_entropy(iter(cast))
    third = -np.log(1 / 3) / 3 - 2 * np.log(2 / 3) / 3
    assert division.entropy == pytest.approx([third / 2, 0, third])
    assert division.words(0) == "3 models are divided over 1 label"
    assert division.words(2) == "3 models are divided over 2 labels"


def test_gradients_of_sets_are_as_far_apart_as_when_they_are_built():
    given = pool(n=24)
    p, z = given.probabilities, given.vectors
    full = np.einsum("nk,nd->nkd", p - (p >= 0.5), z).reshape(len(z), -1)
    gradients = Gradients(z, MULTI.errors(p))
    assert gradients.squares == pytest.approx((full**2).sum(axis=1), abs=1e-6)
    far, _ = gradients.distances(7)
    assert far == pytest.approx(((full - full[7]) ** 2).sum(axis=1), abs=1e-5)


def test_the_rarest_label_of_a_set_is_hunted():
    picks = registry.find("strategies", "rare_class")().query(pool(), 8, np.random.default_rng(0))
    assert sum("may be 'hail'" in pick.reason for pick in picks) >= 6
    assert rarest_each([("a", "b"), ("a",), (), ("b", "c", "a")]) == ["b", "a", "", "c"]
