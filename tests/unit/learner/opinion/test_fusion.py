"""Agent and model as one opinion: numbers worked out by hand, and what its parts were fitted on."""

from __future__ import annotations

import numpy as np
import pytest

from tiebreak.errors import UsageError
from tiebreak.learner.calibration import FLOOR, fit_temperature
from tiebreak.learner.opinion.confidence import ConfidenceCurve
from tiebreak.learner.opinion.fusion import OWN_ROW, Fusion, fit_fusion, fuse

P = np.array([[0.6, 0.4]])


def places(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def verified(rng, n, k, right):
    """Probabilities, an agent's answers and labels; the agent is right with that chance."""
    p = rng.dirichlet(np.ones(k), n)
    truth = np.array([rng.choice(k, p=row) for row in p])
    wrong = (truth + rng.integers(1, k, n)) % k
    return p, np.where(rng.random(n) < right, truth, wrong), truth


@pytest.mark.parametrize(("said", "q"), [(0, 0.54 / 0.58), (1, 0.06 / 0.42), (-1, 0.6)])
def test_two_labels_by_hand(said, q):
    found = fuse(Fusion(right=0.9), P, places(said))
    assert found[0, 0] == pytest.approx(q)
    assert found[0, 0] == pytest.approx({0: 0.931034, 1: 0.142857, -1: 0.6}[said], abs=1e-6)


@pytest.mark.parametrize("said", [0, 1, 2])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_an_agent_at_chance_changes_nothing(said, temperature):
    p = np.array([[0.5, 0.3, 0.2]])
    tempered = p ** (1 / temperature)
    fusion = Fusion(right=1 / 3, temperature=temperature)
    assert fuse(fusion, p, places(said)) == pytest.approx(tempered / tempered.sum())


@pytest.mark.parametrize("p", [[[0.999, 0.001, 0.0]], [[0.2, 0.2, 0.6]], [[1.0, 0.0, 0.0]]])
def test_an_agent_that_never_errs_decides_alone(p):
    assert fuse(Fusion(right=1.0), np.array(p), places(2)).tolist() == [[0, 0, 1]]


def test_silence_leaves_the_models_opinion_and_its_zeros():
    p = np.array([[0.81, 0.19, 0.0]])
    q = fuse(Fusion(right=0.9, temperature=2.0), p, places(-1))
    root = np.sqrt(p)
    assert q == pytest.approx(root / root.sum())
    assert q[0, 2] == 0


def test_a_label_that_the_head_never_saw_can_be_named_by_the_agent():
    p = np.array([[0.7, 0.3, 0.0]])
    q = fuse(Fusion(right=0.8), p, places(2))
    parts = np.array([0.7 * 0.1, 0.3 * 0.1, FLOOR * 0.8])
    assert q[0] == pytest.approx(parts / parts.sum())
    assert fuse(Fusion(right=0.8), p, places(1))[0, 2] == 0


def test_one_label_alone_is_certain():
    assert fuse(fit_fusion(np.ones((3, 1)), places(0, 0, 0), places(0, 0, 0)), P[:, :1], places(0))


def test_no_rows_give_no_rows():
    assert fuse(Fusion(), np.empty((0, 4)), places()).shape == (0, 4)


def test_before_anything_is_verified_the_prior_stands():
    fusion = fit_fusion(np.empty((0, 5)), places(), places())
    assert fusion == Fusion(temperature=1.0, right=0.8, weight=0.5, rows=(), curve=None, n=0)


def test_hits_are_counted_among_answers_and_silence_is_none():
    p = np.full((6, 3), 1 / 3)
    fusion = fit_fusion(p, places(0, 1, 2, -1, -1, 0), places(0, 1, 0, 0, 1, 0))
    assert fusion.n == 4
    assert fusion.right == pytest.approx((3 + 4) / (4 + 5))


def test_the_temperature_is_that_of_the_calibration():
    p, said, truth = verified(np.random.default_rng(0), 300, 4, 0.8)
    sharp = p**3 / (p**3).sum(axis=1, keepdims=True)
    fusion = fit_fusion(sharp, said, truth)
    assert fusion.temperature == pytest.approx(fit_temperature(np.log(sharp), truth))
    assert fusion.temperature > 2


def test_a_class_gets_a_row_of_its_own_with_twenty_records():
    truth = np.array([0] * OWN_ROW + [1] * (OWN_ROW - 1))
    said = np.array([0] * 15 + [2] * 5 + [1] * (OWN_ROW - 1))
    fusion = fit_fusion(np.full((39, 3), 1 / 3), said, truth)
    a = (34 + 4) / (39 + 5)
    ((place, row),) = fusion.rows
    assert place == 0
    common = [a, (1 - a) / 2, (1 - a) / 2]
    assert row == pytest.approx(
        [(c + 10 * x) / 30 for c, x in zip((15, 0, 5), common, strict=True)]
    )
    assert sum(row) == pytest.approx(1)
    table = fusion.confusion(3)
    assert table[0] == pytest.approx(row)
    assert table[1] == pytest.approx([(1 - a) / 2, a, (1 - a) / 2])


def test_an_own_row_says_which_confusion_to_expect():
    """The agent calls half of class 0 by the name of class 1: its "1" is no proof against 0."""
    truth = np.array([0] * 100 + [1] * 100 + [2] * 100)
    said = np.array([0] * 50 + [1] * 50 + [1] * 100 + [2] * 100)
    fusion = fit_fusion(np.full((300, 3), 1 / 3), said, truth)
    q = fuse(fusion, np.array([[0.6, 0.2, 0.2]]), places(1))
    assert q[0].argmax() == 0
    assert fuse(Fusion(right=fusion.right), np.array([[0.6, 0.2, 0.2]]), places(1))[0].argmax() == 1


# -- weight


def test_half_a_weight_is_the_root_of_the_odds():
    q = fuse(Fusion(right=0.9, weight=0.5), P, places(1))[0]
    assert q[1] / q[0] == pytest.approx(0.4 / 0.6 * 3)  # 9 to 1 at weight 1


@pytest.mark.parametrize("right", [0.9, 1.0])
def test_no_weight_leaves_the_model_alone(right):
    assert fuse(Fusion(right=right, weight=0.0), P, places(1)) == pytest.approx(P)


def test_independent_errors_get_their_full_weight():
    p, said, truth = verified(np.random.default_rng(3), 3000, 3, 0.8)
    assert fit_fusion(p, said, truth).weight > 0.9


def test_an_agent_that_repeats_the_model_gets_none():
    """It is right as often as the model, and says nothing that the model did not say."""
    p, _, truth = verified(np.random.default_rng(4), 2000, 3, 0.8)
    said = p.argmax(axis=1)
    fusion = fit_fusion(p, said, truth)
    assert fusion.right > 0.6
    assert fusion.weight < 0.1


def test_the_weight_waits_for_thirty_answers():
    p, said, truth = verified(np.random.default_rng(5), 60, 3, 0.9)
    said[29:] = -1
    assert fit_fusion(p, said, truth).weight == 0.5
    said[29] = truth[29]
    assert fit_fusion(p, said, truth).weight != 0.5


@pytest.mark.parametrize("weight", [-0.1, 1.1, np.nan])
def test_a_weight_that_is_none_is_refused(weight):
    with pytest.raises(UsageError, match="weight"):
        Fusion(weight=weight)


# -- confidence

CURVE = ConfidenceCurve(intercept=0.0, slope=1.0, n=99)


def test_a_calibrated_confidence_stands_for_the_overall_accuracy():
    fusion = Fusion(right=0.7, curve=CURVE)
    sure = fuse(fusion, P, places(1), np.array([0.9]))
    assert sure == pytest.approx(fuse(Fusion(right=0.9), P, places(1)))
    silent = fuse(fusion, P, places(1), np.array([np.nan]))
    assert silent == pytest.approx(fuse(Fusion(right=0.7), P, places(1)))
    assert fuse(fusion, P, places(-1), np.array([0.9])) == pytest.approx(P)


def test_an_uncalibrated_confidence_is_not_used():
    plain = Fusion(right=0.7)
    assert fuse(plain, P, places(1), np.array([0.99])) == pytest.approx(fuse(plain, P, places(1)))


def test_confidence_leaves_the_proportions_of_errors():
    row = (0.5, 0.4, 0.1)
    fusion = Fusion(right=0.8, rows=((0, row),), curve=CURVE)
    p = np.full((1, 3), 1 / 3)
    q = fuse(fusion, p, places(1), np.array([0.9]))[0]
    parts = np.array([0.4 / 0.5 * 0.1, 0.9, 0.05])  # C[y, 1] with each row's errors now 1 - .9
    assert q == pytest.approx(parts / parts.sum())


def test_fitting_with_confidence_draws_the_curve():
    rng = np.random.default_rng(1)
    n = 400
    sure = rng.random(n)
    truth = rng.integers(0, 3, n)
    said = np.where(rng.random(n) < sure, truth, (truth + 1) % 3)
    p = np.full((n, 3), 1 / 3)
    fusion = fit_fusion(p, said, truth, sure)
    assert fusion.curve is not None
    assert fusion.curve.n == n
    assert fusion.curve(np.array([0.2, 0.8])) == pytest.approx([0.2, 0.8], abs=0.07)
    assert fit_fusion(p, said, truth).curve is None


# -- as a part of a policy


def test_parameters_name_what_decides_and_nothing_else():
    p, said, truth = verified(np.random.default_rng(2), 200, 3, 0.8)
    fusion = fit_fusion(p, said, truth)
    told = dict(fusion.parameters())
    assert {"temperature", "right", "weight", "C[0,0]", "C[2,1]"} <= set(told)
    assert told["C[1,2]"] == fusion.confusion(3)[1, 2]
    assert list(told) == sorted(told)
    assert fusion.parameters() == fit_fusion(p, said, truth).parameters()
    assert Fusion(n=3).parameters() == Fusion(n=4).parameters()
    assert Fusion(right=0.5).parameters() != Fusion(right=0.6).parameters()
    assert Fusion(curve=CURVE).parameters() != Fusion().parameters()


@pytest.mark.parametrize("right", [0.0, -0.1, 1.1, np.nan])
def test_a_chance_that_is_none_is_refused(right):
    with pytest.raises(UsageError, match="right with chance"):
        Fusion(right=right)


@pytest.mark.parametrize(
    ("said", "wording"),
    [(places(2), "Position 2"), (places(-2), "Position -2"), (places(0, 1), "2 answers")],
)
def test_answers_that_are_no_labels_are_refused(said, wording):
    with pytest.raises(UsageError, match=wording):
        fuse(Fusion(), P, said)


def test_a_verified_record_has_a_label():
    with pytest.raises(UsageError, match="Position -1"):
        fit_fusion(P, places(0), places(-1))


def test_a_fusion_of_other_labels_is_refused():
    with pytest.raises(UsageError, match="3 labels"):
        fuse(Fusion(rows=((0, (0.8, 0.1, 0.1)),)), P, places(0))
