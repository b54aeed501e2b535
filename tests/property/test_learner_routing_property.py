"""Routing for all evidence: total, monotone in confidence, ordered."""

from __future__ import annotations

from hypothesis import given, strategies as st

from tiebreak.config import RoutePart
from tiebreak.learner.opinion.routing import route

PROBABILITY = st.floats(0, 1)
MAYBE = st.none() | PROBABILITY
LABEL = st.sampled_from(["a", "b"])


def go(agent, agent_p, model, model_p, thresholds):
    return route(
        record_id=1,
        agent_labels=agent,
        agent_confidence=agent_p,
        model_labels=None if model is None else (model,),
        model_confidence=model_p,
        model_version=1,
        thresholds=thresholds,
    )


THRESHOLDS = st.builds(RoutePart, model_confidence=PROBABILITY, agent_confidence=PROBABILITY)
AGENT = st.none() | st.lists(LABEL, max_size=2, unique=True).map(tuple)


@given(AGENT, MAYBE, st.none() | LABEL, MAYBE, THRESHOLDS)
def test_every_evidence_has_one_outcome(agent, agent_p, model, model_p, thresholds):
    got = go(agent, agent_p, model, model_p, thresholds)
    assert (got.outcome == "proposed") == (got.reason == "agreement")
    assert 0 <= got.priority <= 1
    if got.outcome == "proposed":
        assert got.labels == agent == (model,)
        assert agent_p is not None
        assert agent_p >= thresholds.agent_confidence
        assert model_p >= thresholds.model_confidence
    else:
        assert got.labels is None


@given(AGENT, PROBABILITY, PROBABILITY, LABEL, PROBABILITY, PROBABILITY, THRESHOLDS)
def test_more_confidence_never_turns_a_proposal_into_review(
    agent, agent_low, agent_high, model, model_low, model_high, thresholds
):
    agent_low, agent_high = sorted((agent_low, agent_high))
    model_low, model_high = sorted((model_low, model_high))
    if go(agent, agent_low, model, model_low, thresholds).outcome == "proposed":
        for a in (agent_low, agent_high):
            for m in (model_low, model_high):
                assert go(agent, a, model, m, thresholds).outcome == "proposed"


@given(PROBABILITY, PROBABILITY, THRESHOLDS)
def test_disagreement_is_before_abstention_before_doubt(agent_p, model_p, thresholds):
    against = go(("b",), agent_p, "a", model_p, thresholds).priority
    silent = go(None, None, "a", model_p, thresholds).priority
    agreed = go(("a",), agent_p, "a", model_p, thresholds).priority
    assert against >= silent >= agreed
    if agent_p > 0.001 and 0.001 < model_p < 0.999:
        assert against > silent > agreed


@given(AGENT, MAYBE, LABEL, PROBABILITY, PROBABILITY, THRESHOLDS)
def test_a_surer_model_is_never_more_urgent(agent, agent_p, model, one, other, thresholds):
    low, high = sorted((one, other))
    surer = go(agent, agent_p, model, high, thresholds).priority
    assert surer <= go(agent, agent_p, model, low, thresholds).priority
