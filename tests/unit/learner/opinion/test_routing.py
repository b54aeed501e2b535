"""Every way that a record can go."""

from __future__ import annotations

import math

import pytest

from tiebreak.config import RoutePart
from tiebreak.errors import UsageError
from tiebreak.learner.opinion.routing import route


def go(agent=("a",), agent_p=0.95, model="a", model_p=0.95, **thresholds):
    return route(
        record_id=7,
        agent_labels=agent,
        agent_confidence=agent_p,
        model_labels=None if model is None else (model,),
        model_confidence=model_p,
        model_version=3,
        thresholds=RoutePart(**thresholds),
    )


@pytest.mark.parametrize(
    ("evidence", "outcome", "reason"),
    [
        ({}, "proposed", "agreement"),
        ({"agent_p": 0.9, "model_p": 0.9}, "proposed", "agreement"),  # "at least"
        ({"agent_p": 0.899}, "review", "uncertain"),
        ({"model_p": 0.899}, "review", "uncertain"),
        ({"agent_p": None}, "review", "uncertain"),
        ({"model_p": None}, "review", "uncertain"),
        ({"agent": ("b",)}, "review", "disagreement"),
        ({"agent": ("a", "b")}, "review", "disagreement"),
        ({"agent": ()}, "review", "disagreement"),
        ({"agent": None, "agent_p": None}, "review", "abstained"),
        ({"model": None, "model_p": None}, "review", "uncertain"),
        ({"agent": None, "agent_p": None, "model": None, "model_p": None}, "review", "abstained"),
        ({"agent_p": 0.1, "agent_confidence": 0.1}, "proposed", "agreement"),
    ],
)
def test_where_it_goes(evidence, outcome, reason):
    got = go(**evidence)
    assert (got.outcome, got.reason) == (outcome, reason)
    assert got.labels == (("a",) if outcome == "proposed" else None)


def test_agreement_without_confidence_passes_at_no_threshold():
    got = go(agent_p=None, agent_confidence=0.0, model_confidence=0.0)
    assert got.reason == "uncertain"


def test_the_evidence_is_kept():
    got = go(agent=("b",), agent_p=0.4)
    assert (got.record_id, got.model_version) == (7, 3)
    assert (got.agent_labels, got.agent_confidence) == (("b",), 0.4)
    assert (got.model_label, got.model_confidence) == ("a", 0.95)


def test_priorities_by_hand():
    assert go(agent=("b",), agent_p=0.8, model_p=0.7).priority == pytest.approx(1 - 0.7 * 0.2)
    assert go(agent=None, agent_p=None, model_p=0.7).priority == pytest.approx(0.3)
    assert go(agent_p=0.8, model_p=0.7).priority == pytest.approx(0.06)
    assert go(agent_p=None, model_p=0.7).priority == pytest.approx(0.15)


@pytest.mark.parametrize("bad", [math.nan, -0.01, 1.01, math.inf])
@pytest.mark.parametrize("whose", ["agent_p", "model_p"])
def test_what_is_no_probability_is_refused(whose, bad):
    with pytest.raises(UsageError, match="is no probability"):
        go(**{whose: bad})
