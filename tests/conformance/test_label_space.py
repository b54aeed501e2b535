"""What every `LabelSpace` and `LearningSpace` must do: both kinds of label values, one suite."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import get_args

import numpy as np
import pytest
from blobs import blobs
from hypothesis import given, strategies as st

from tiebreak.domain import label_space as domain
from tiebreak.domain.label_space import agrees, head_space
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.uncertainty import MeasureName
from tiebreak.errors import LabelError
from tiebreak.learner.choose_c import CHOICES
from tiebreak.learner.heads import LinearHead
from tiebreak.learner.label_space import MULTI, SINGLE, learning_space

CLASSES = ("a", "b", "c")
SINGLES = [(name,) for name in CLASSES]
SETS = [value for n in range(4) for value in combinations(CLASSES, n)]
SPACES = [pytest.param(SINGLE, SINGLES, id="single"), pytest.param(MULTI, SETS, id="multi")]
SHARES = st.lists(st.floats(1e-6, 1 - 1e-6), min_size=3, max_size=3)
ROWS = st.lists(SHARES, min_size=1, max_size=8)


def probabilities(space, rows):
    """Rows as probabilities of the space: of one label of all they sum to 1."""
    p = np.array(rows)
    return p / p.sum(axis=1, keepdims=True) if space is SINGLE else p


@dataclass
class Kind:
    multiple: bool


def test_a_schema_a_pool_and_a_head_lead_to_the_same_space():
    labels = tuple(Label(name=name) for name in CLASSES)
    for space, pure, multiple in ((SINGLE, domain.SINGLE, False), (MULTI, domain.MULTI, True)):
        schema = LabelSchema(labels=labels, multiple=multiple)
        assert learning_space(schema) is learning_space(Kind(multiple)) is space
        assert domain.label_space(schema) is domain.label_space(Kind(multiple)) is pure
        assert isinstance(space, type(pure))
        head = LinearHead(
            classes=CLASSES, c=1.0, coef=np.eye(3), intercept=np.zeros(3), link=space.link
        )
        assert head_space(head) is pure


@pytest.mark.parametrize(("space", "values"), SPACES)
def test_values_are_equal_where_their_codes_agree(space, values):
    codes = space.encode(values, CLASSES)
    assert codes.dtype == np.int64
    assert codes.ndim == 2
    for at, value in enumerate(values):
        same = agrees(codes, np.tile(codes[at], (len(codes), 1)))
        assert same.tolist() == [other == value for other in values]
    with pytest.raises(LabelError, match="'z'"):
        space.encode([("z",)], CLASSES)
    assert space.encode([], CLASSES).shape == (0, codes.shape[1])


@pytest.mark.parametrize(("space", "values"), SPACES)
@given(ROWS)
def test_the_best_value_is_what_is_decided_and_no_other_is_likelier(space, values, rows):
    p = probabilities(space, rows)
    best = [space.best(row, CLASSES) for row in p]
    assert all(value in values for value, _ in best)
    assert agrees(space.decide(p), space.encode([value for value, _ in best], CLASSES)).all()
    assert space.confidence(p).tolist() == [chance for _, chance in best]
    for row, (_, chance) in zip(p, best, strict=True):
        assert chance == pytest.approx(max(likelihood(space, row, value) for value in values))


def likelihood(space, row, value):
    """Of a value under the probabilities of a row, labels of a set by themselves."""
    on = np.isin(CLASSES, value)
    return float(row[on][0]) if space is SINGLE else float(np.where(on, row, 1 - row).prod())


@pytest.mark.parametrize(("space", "values"), SPACES)
@given(st.lists(st.lists(st.floats(-9, 9), min_size=3, max_size=3), min_size=1, max_size=8))
def test_no_temperature_decides_otherwise_than_the_logits(space, values, logits):
    z = np.array(logits).round(3)
    for temperature in (0.3, 1.0, 4.0):
        p = space.probabilities(z, temperature)
        assert ((p >= 0) & (p <= 1)).all()
        assert (space.decide(p) == space.decide_logits(z)).all()


@pytest.mark.parametrize(("space", "values"), SPACES)
@pytest.mark.parametrize("name", get_args(MeasureName))
@given(ROWS)
def test_certain_rows_leave_no_doubt_and_even_ones_the_most(space, values, name, rows):
    measure = space.uncertainty[name]
    certain = space.probabilities(np.where(np.eye(3) > 0, 800.0, -800.0))
    assert measure.of(certain) == pytest.approx([0, 0, 0])
    even = probabilities(space, [[0.5, 0.5, 0.5]])
    doubt = measure.of(probabilities(space, rows))
    assert ((doubt >= 0) & (doubt <= measure.of(even)[0] + 1e-9)).all()
    assert measure.words(float(doubt[0])).startswith("the model ")


@pytest.mark.parametrize(("space", "values"), SPACES)
def test_both_have_measures_of_the_same_names(space, values):
    assert tuple(space.uncertainty) == get_args(MeasureName)
    names = [measure.name for measure in space.uncertainty.values()]
    assert names == ["margin_utility", "least_confidence", "entropy"]


@pytest.mark.parametrize(("space", "values"), SPACES)
@given(ROWS)
def test_errors_of_a_guess_multiply_as_if_they_were_built(space, values, rows):
    p = probabilities(space, rows)
    codes = space.decide(p)
    guess = np.eye(3)[codes[:, 0]] if space is SINGLE else codes
    errors = space.errors(p)
    assert errors.squares == pytest.approx(((p - guess) ** 2).sum(axis=1), abs=1e-9)
    assert errors.products(0) == pytest.approx((p - guess) @ (p - guess)[0], abs=1e-9)


def learnable(values, n=40):
    """Vectors in as many clouds as there are values, and each cloud's value."""
    vectors, of = blobs(np.random.default_rng(0), [n] * len(values), noise=0.1)
    return vectors, [values[i] for i in of]


@pytest.mark.parametrize(("space", "values"), SPACES)
def test_a_head_learns_the_values_and_links_as_the_space_does(space, values):
    vectors, truth = learnable(values)
    head = space.fit(vectors, truth, CLASSES, 100.0)
    assert head.link == space.link
    codes = space.decide_logits(head.logits(vectors))
    assert agrees(codes, space.encode(truth, CLASSES)).mean() > 0.95
    assert space.fit(vectors[:0], [], CLASSES, 1.0) is None


@pytest.mark.parametrize(("space", "values"), SPACES)
def test_c_is_one_of_the_choices_and_the_default_without_a_split(space, values):
    vectors, truth = learnable(values)
    chosen = [space.choose_c(vectors, truth, CLASSES, np.random.default_rng(3)) for _ in range(2)]
    assert chosen[0] == chosen[1] == max(CHOICES)  # clear labels need no penalty
    few = space.choose_c(vectors[:2], truth[:2], CLASSES, np.random.default_rng(3))
    assert few == space.default_c
    assert space.default_c in CHOICES
    noise = [truth[i] for i in np.random.default_rng(1).permutation(len(truth))]
    assert space.choose_c(vectors, noise, CLASSES, np.random.default_rng(3)) == min(CHOICES)


@pytest.mark.parametrize(("space", "values"), SPACES)
def test_a_temperature_undoes_what_made_the_model_too_sure(space, values):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (3000, 3))
    p = space.probabilities(logits)
    if space is SINGLE:
        truth = (p.cumsum(axis=1) > rng.random((3000, 1))).argmax(axis=1)[:, None]
    else:
        truth = (rng.random(p.shape) < p).astype(np.int64)
    assert space.fit_temperature(space.probabilities(3 * logits), truth) == pytest.approx(
        3, rel=0.1
    )
    assert space.fit_temperature(p, truth) == pytest.approx(1, rel=0.1)
    assert space.fit_temperature(p[:29], truth[:29]) == 1.0


@pytest.mark.parametrize(("space", "values"), SPACES)
def test_scores_count_whole_values_and_an_abstention_is_wrong(space, values):
    right = [(value, value) for value in values]
    missed = [(values[-1], None)]
    scores = space.score(9, model=right, agent=right + missed)
    assert (scores.n, scores.model.accuracy) == (9, 1.0)
    assert scores.agent.accuracy == len(values) / (len(values) + 1)
    assert space.score(0, model=[], agent=[]).model is None
    assert (scores.micro_f1 is None) == (space is SINGLE)


@pytest.mark.parametrize(("space", "values"), SPACES)
def test_voters_of_one_mind_carry_the_vote_and_are_not_divided(space, values):
    codes = space.encode(values, CLASSES)
    alike = np.repeat(codes[:, None], 4, axis=1)
    weight = np.full((len(codes), 4), 0.5, dtype=np.float32)
    assert (space.weighted_vote(alike, weight, 3) == codes).all()
    alone = alike.copy()
    alone[:, 0] = codes[::-1]
    heavy = np.tile(np.array([9, 1, 1, 1], dtype=np.float32), (len(codes), 1))
    assert (space.weighted_vote(alone, heavy, 3) == codes[::-1]).all()
    assert space.vote_entropy([codes, codes]).entropy == pytest.approx(0)
    division = space.vote_entropy(iter([codes, codes, codes[::-1]]))
    same = agrees(codes, codes[::-1])
    assert (division.entropy[same] == 0).all()
    assert (division.entropy[~same] > 0).all()
    assert "3 models" in division.words(0)
