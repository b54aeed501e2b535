"""Strategies that take turns: the hunt for rare labels, and the switch from cold to warm."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from blobs import blobs
from unit_vectors import unit_rows

from tiebreak.domain.ports import Pool
from tiebreak.errors import UsageError
from tiebreak.learner.calibration import softmax
from tiebreak.learner.classifiers.logistic import Logistic
from tiebreak.learner.strategies import _diverse, rare_class, switching
from tiebreak.learner.strategies.herding import Herding
from tiebreak.learner.strategies.margin_kmeans import MarginKMeans
from tiebreak.learner.strategies.random_uniform import RandomUniform
from tiebreak.learner.strategies.rare_class import RareClass, rarest
from tiebreak.learner.strategies.uncertainty import UncertaintySampling


def rng(seed=0):
    return np.random.default_rng(seed)


def hunted(noise=0.15):
    """900 common, 30 and 20 rare records; of each some labelled."""
    vectors, of = blobs(rng(), [450, 450, 30, 20], noise=noise)
    rows = np.concatenate([np.arange(20), 450 + np.arange(20), [900, 901], [930]])
    rest = np.setdiff1d(np.arange(950), rows)
    pool = Pool(
        vectors=vectors[rest],
        labelled=vectors[rows],
        probabilities=None,
        n_classes=4,
        labels=tuple(f"label-{i}" for i in of[rows]),
    )
    return pool, of[rest]


def test_the_rarest_labels_come_first():
    labels = (
        ("a",) * 9 + ("b",) * 2 + ("c",) * 5 + ("d",) * 2 + ("e",) + ("f",) * 9 + ("g", "h") * 9
    )
    assert rarest(labels, rng())[0] == "e"
    assert len(rarest(labels, rng())) == 2
    assert {rarest(labels, rng(seed))[1] for seed in range(20)} == {"b", "d"}
    assert rarest(("a", "b", "b"), rng()) == ["a"]


@pytest.mark.parametrize("head", [True, False])
def test_rare_labels_are_found(monkeypatch, head):
    monkeypatch.setattr(rare_class, "SHARE", 0.5)
    monkeypatch.setattr(_diverse, "_ENTRIES", 300)
    pool, of = hunted()
    if head:
        classes = tuple(f"label-{i}" for i in range(4))
        made = Logistic().fit(pool.labelled, pool.labels, classes, 30.0)
        pool = replace(pool, head=made, probabilities=softmax(made.logits(pool.vectors)))
    picks = RareClass().query(pool, 20, rng())
    hunts = [pick for pick in picks if pick.utilities]
    assert len(hunts) == 16
    assert [p.position for p in picks if not p.utilities] == [p.position for p in picks[4::5]]
    assert Counter(of[[pick.position for pick in hunts]]) == {2: 8, 3: 8}
    # in turn, the rarest first
    assert [int(of[pick.position]) for pick in hunts[:4]] == [3, 2, 3, 2]
    measure = "probability" if head else "cosine"
    assert f"'label-3', which only 1 labelled record has ({measure} " in hunts[0].reason
    assert "drawn by lot" in picks[4].reason


def test_neighbours_are_exact_whatever_the_chunks(monkeypatch):
    vectors, anchors = unit_rows(rng(), 500, 8), unit_rows(rng(1), 3, 8)
    nearest = np.argsort(-(vectors @ anchors.T), axis=0)[:100]
    wanted = np.unique(nearest)
    for entries in (10**6, 450):
        monkeypatch.setattr(_diverse, "_ENTRIES", entries)
        rows, cosines = rare_class._neighbours(vectors, anchors)
        assert rows.tolist() == wanted.tolist()
        mine = np.where(
            (nearest[:, None, :] == rows[:, None]).any(axis=0), vectors[rows] @ anchors.T, -1
        )
        assert cosines == pytest.approx(mine.max(axis=1), abs=1e-6)


def pool_with(labels, n_classes=3, labelled=8):
    vectors = unit_rows(rng(), 60, 8)
    return Pool(
        vectors=vectors,
        labelled=unit_rows(rng(1), labelled, 8),
        probabilities=softmax(rng().normal(size=(60, 3))),
        n_classes=n_classes,
        labels=tuple("ab"[i % 2] for i in range(labels)),
    )


@pytest.mark.parametrize(("labels", "warm"), [(11, False), (12, True), (13, True)])
def test_the_switch_is_at_four_labels_a_class(labels, warm):
    pool = pool_with(labels, labelled=20)
    picks = switching.create().query(pool, 5, rng())
    strategy = MarginKMeans() if warm else Herding(weighted=True)
    assert [p.position for p in picks] == [p.position for p in strategy.query(pool, 5, rng())]
    assert f"{labels / 3:.1f} labels a class" in picks[0].reason
    assert strategy.name in picks[0].reason
    assert picks[0].utilities["labels_per_class"] == labels / 3


def test_without_labels_chosen_records_are_counted():
    assert switching.labels_per_class(pool_with(0, labelled=12)) == 4.0


def test_any_two_strategies_can_take_turns():
    made = switching.create(cold=RandomUniform(), warm=UncertaintySampling("margin"), until=2)
    assert "drawn by lot" in made.query(pool_with(5), 1, rng())[0].reason
    assert "torn between" in made.query(pool_with(6), 1, rng())[0].reason
    with pytest.raises(UsageError, match="at 0 labels"):
        switching.create(until=0)
