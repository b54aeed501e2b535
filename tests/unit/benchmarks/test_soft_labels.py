"""Training on people's labels and the agent's: against closed forms, and against its own harm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.promise.soft_labels import (
    MAX_TIMES,
    MIN_SHARE,
    WEIGHT,
    AgentLabels,
    Verified,
    fit_mixed,
    fusion_of,
    hold_mixed,
    soft_rows,
)
from tiebreak.learner.calibration import softmax
from tiebreak.learner.classifiers.logistic import Logistic
from tiebreak.learner.classifiers.semi_supervised import SemiSupervised
from tiebreak.learner.opinion.fusion import fit_fusion, fuse
from tiebreak.models.head_selection import TrainingData, baseline_wins

CLASSES = ("a", "b", "c")


class World:
    """Three clouds on a sphere; 9 labelled records and 21 or more of a control arm, 300 that the
    **simulated agent** labelled, 600 to be scored on."""

    def __init__(self, right: float, seed: int = 0, n: int = 30) -> None:
        rng = np.random.default_rng(seed)
        size = n + 900
        truth = rng.integers(0, 3, size)
        noise = rng.normal(scale=0.9, size=(size, 8))
        vectors = noise + np.eye(8)[truth] * 1.5
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        said = np.where(rng.random(size) < right, truth, (truth + rng.integers(1, 3, size)) % 3)
        self.test, self.truth = vectors[n + 300 :], truth[n + 300 :]
        control = np.arange(9, n)
        self.data = TrainingData(
            vectors=vectors[:n],
            labels=[CLASSES[y] for y in truth[:n]],
            classes=CLASSES,
            c=10.0,
            control=control,
            unlabelled=vectors[n : n + 170],
        )
        before = self.data.fit(Logistic(), np.arange(9))
        assert before is not None
        silent = np.full(size, np.nan)
        self.agent = AgentLabels(
            vectors=vectors[n : n + 300],
            said=said[n : n + 300],
            confidence=silent[n : n + 300],
            verified=Verified(
                rows=control,
                p=softmax(before.logits(vectors[control])),
                said=said[control],
                confidence=silent[control],
            ),
        )

    def accuracy(self, head) -> float:
        return float((head.logits(self.test).argmax(axis=1) == self.truth).mean())


def test_a_row_for_every_label_that_is_believed():
    q = np.array([[0.9, 0.1 - MIN_SHARE, MIN_SHARE], [0.0, 1.0, 0.0]])
    at, label, weight = soft_rows(q, people=10.0)
    assert at.tolist() == [0, 0, 1]
    assert label.tolist() == [0, 1, 1]
    assert weight == pytest.approx([WEIGHT * 0.9, WEIGHT * 0.08, WEIGHT])


def test_the_agent_weighs_at_most_twice_what_people_do():
    q = np.full((1000, 2), 0.5)
    *_, free = soft_rows(q, people=1000.0)
    *_, held = soft_rows(q, people=50.0)
    assert free.sum() == pytest.approx(WEIGHT * 1000)
    assert held.sum() == pytest.approx(MAX_TIMES * 50)
    assert np.ptp(held) == 0


def test_the_step_is_weighted_regression_on_duplicated_rows():
    """The same head by hand, from scikit-learn's objective on rows written out one by one."""
    world = World(0.8)
    data, agent = world.data, world.agent
    first = data.fit(Logistic())
    assert first is not None
    fusion = fusion_of(data, agent.verified, np.arange(30))
    q = fuse(fusion, softmax(first.logits(agent.vectors)), agent.said)
    vectors, labels, weights = list(data.vectors), list(data.labels), [1.0] * 30
    for row, vector in zip(q, agent.vectors, strict=True):
        for y, chance in enumerate(row):
            if chance > MIN_SHARE:
                vectors.append(vector)
                labels.append(CLASSES[y])
                weights.append(0.5 * chance)
    heavy = sum(weights[30:])
    weights[30:] = [w * min(1.0, 60.0 / heavy) for w in weights[30:]]
    by_hand = Logistic().fit(np.array(vectors), labels, CLASSES, 10.0, np.array(weights))
    mixed = fit_mixed(data, Logistic(), agent)
    assert by_hand is not None
    assert mixed is not None
    np.testing.assert_allclose(mixed.logits(world.test), by_hand.logits(world.test), atol=1e-9)
    assert heavy > 60  # so that the cap is in it, too


@pytest.mark.parametrize("classifier", [Logistic(), SemiSupervised()])
def test_without_an_answer_it_is_peoples_head_to_the_bit(classifier):
    world = World(0.8)
    silent = replace(world.agent, said=np.full(300, -1))
    mixed = fit_mixed(world.data, classifier, silent)
    people = world.data.fit(classifier)
    assert mixed is not None
    assert people is not None
    assert (mixed.logits(world.test) == people.logits(world.test)).all()


@pytest.mark.parametrize("classifier", [Logistic(), SemiSupervised()])
def test_equal_input_gives_an_equal_head(classifier):
    one, two = (fit_mixed(World(0.8).data, classifier, World(0.8).agent) for _ in range(2))
    assert one is not None
    assert two is not None
    assert (one.logits(World(0.8).test) == two.logits(World(0.8).test)).all()


def test_abstentions_take_no_part():
    world = World(0.8)
    agent = world.agent
    half = replace(agent, said=np.where(np.arange(300) < 150, agent.said, -1))
    cut = replace(
        agent,
        vectors=agent.vectors[:150],
        said=agent.said[:150],
        confidence=agent.confidence[:150],
    )
    one, two = (fit_mixed(world.data, Logistic(), told) for told in (half, cut))
    assert one is not None
    assert two is not None
    assert (one.logits(world.test) == two.logits(world.test)).all()


def test_the_fusion_knows_only_the_rows_it_may():
    world = World(0.8)
    verified = world.agent.verified
    some = verified.rows[:12]
    truth = np.array([CLASSES.index(world.data.labels[i]) for i in some])
    expected = fit_fusion(verified.p[:12], verified.said[:12], truth)
    assert fusion_of(world.data, verified, np.append(np.arange(9), some)) == expected
    assert expected.n == 12


def test_a_good_agent_helps_where_labels_are_few():
    gains = []
    for seed in range(5):
        world = World(0.9, seed)
        mixed = fit_mixed(world.data, Logistic(), world.agent)
        people = world.data.fit(Logistic())
        gains.append(world.accuracy(mixed) - world.accuracy(people))
    assert np.mean(gains) > 0.02


def test_a_useless_agent_does_little_harm_and_a_naive_mix_much():
    harms, naive = [], []
    for seed in range(5):
        world = World(0.2, seed)
        people = world.accuracy(world.data.fit(Logistic()))
        harms.append(people - world.accuracy(fit_mixed(world.data, Logistic(), world.agent)))
        data = replace(
            world.data,
            vectors=np.concatenate([world.data.vectors, world.agent.vectors]),
            labels=[*world.data.labels, *(CLASSES[y] for y in world.agent.said)],
        )
        naive.append(people - world.accuracy(data.fit(Logistic())))
    assert np.mean(harms) < 0.02
    assert np.mean(naive) > 0.1


def test_the_trial_is_over_control_rows_and_drops_what_loses():
    """The answers here are of an agent that is not the verified one: the mixed head must yield."""
    world = World(0.95, n=99)
    lying = replace(world.agent, said=(world.agent.said + 1) % 3)
    rng = np.random.default_rng
    lost = hold_mixed(world.data, Logistic(), lying, rng(0))
    assert lost.n == 90
    assert lost.lost > lost.won
    assert baseline_wins(lost)
    held = hold_mixed(world.data, Logistic(), world.agent, rng(0))
    assert not baseline_wins(held)
    assert held == hold_mixed(world.data, Logistic(), world.agent, rng(0))
