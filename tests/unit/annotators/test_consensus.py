"""Consensus by three methods, on simulated people."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tiebreak.annotators.consensus import crowdlab, dawid_skene, majority
from tiebreak.errors import LabelError, MissingPackage, UsageError

CLASSES = ("angry", "calm", "glad")


def simulated_crowd(n=240, seed=0):
    """**Simulated**: two experts (95 %) and three people who answer by lot, three for a record."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    skill = {"e1": 0.95, "e2": 0.95, "l1": 0.0, "l2": 0.0, "l3": 0.0}
    units = []
    for t in truth:
        chosen = rng.choice(list(skill), 4, replace=False)
        units.append(
            {
                str(who): CLASSES[t if rng.random() < skill[who] else rng.integers(3)]
                for who in chosen
            }
        )
    p = np.full((n, 3), 0.2)
    p[np.arange(n), np.where(rng.random(n) < 0.8, truth, rng.integers(0, 3, n))] = 0.6
    return units, p, [CLASSES[t] for t in truth]


def right(labels, truth):
    return np.mean([a == b for a, b in zip(labels, truth, strict=True)])


def test_both_methods_beat_the_majority_and_know_who_is_good():
    pytest.importorskip("crowdkit")
    units, p, truth = simulated_crowd()
    by_votes, skene, lab = majority(units), dawid_skene(units), crowdlab(units, p, CLASSES)
    assert right(skene.labels, truth) > right(by_votes.labels, truth) + 0.05
    assert right(lab.labels, truth) > right(by_votes.labels, truth)
    for found in (skene, lab):
        assert min(found.people["e1"], found.people["e2"]) > max(
            found.people[x] for x in ("l1", "l2", "l3")
        )
        assert found.confidence.shape == (240,)
        assert set(found.labels) <= set(CLASSES)


def test_majority_breaks_ties_by_frequency_then_name():
    units = [{"a": "x", "b": "y"}, {"a": "y"}, {"a": "q", "b": "p"}]
    found = majority(units)
    assert found.labels == ("y", "y", "p")
    assert found.confidence.tolist() == [0.5, 1.0, 0.5]
    assert found.people == {"a": 1 / 3, "b": 1.0}


def test_a_label_that_nobody_gave():
    units = [{"a": x, "b": x} for x in ("angry", "glad") * 10]
    p = np.full((20, 3), 1 / 3)
    assert crowdlab(units, p, CLASSES).labels == ("angry", "glad") * 10
    alone = [{"a": "calm"}] * 3
    assert crowdlab(alone, p[:3], CLASSES).labels == ("calm",) * 3


def test_what_is_refused():
    with pytest.raises(UsageError, match="Record 1 has no answer"):
        majority([{"a": "x"}, {}])
    with pytest.raises(UsageError, match=r"shape \(1, 2\)"):
        crowdlab([{"a": "calm"}], np.ones((1, 2)), CLASSES)
    with pytest.raises(LabelError, match="'sad'"):
        crowdlab([{"a": "sad"}, {"a": "calm"}], np.full((2, 3), 1 / 3), CLASSES)


def test_without_crowd_kit_the_mend_is_named(monkeypatch):
    for name in [x for x in sys.modules if x.split(".")[0] == "crowdkit"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "crowdkit", None)
    with pytest.raises(MissingPackage, match=r"tiebreak\[people\]"):
        dawid_skene([{"a": "x"}])
