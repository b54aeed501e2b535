"""Where a record goes once agent and model have spoken: *proposed*, or to people and how urgently.

A pure function. Nothing is labelled by it: a proposal waits for a person, or for a proof.
"""

from __future__ import annotations

from typing import Literal

from tiebreak.config import RoutePart
from tiebreak.domain.decisions import Route
from tiebreak.domain.labels import LabelValue, in_words
from tiebreak.errors import UsageError

Verdict = Literal["agreement", "disagreement", "abstained", "uncertain"]


def route(
    *,
    record_id: int,
    agent_labels: LabelValue | None,
    agent_confidence: float | None,
    model_labels: LabelValue | None,
    model_confidence: float | None,
    model_version: int,
    thresholds: RoutePart,
) -> Route:
    """Proposed if agent and model agree and both are sure enough; else review, with the reason.

    Args:
        record_id: the record, for the result.
        agent_labels: the agent's label value, None if it abstained.
        agent_confidence: probability of its label among the codes, None where it gives none;
            agreement without it never passes.
        model_labels: the model's label value, None before there is a model.
        model_confidence: its calibrated probability.
        model_version: version of that model, for the result.
        thresholds: what each confidence must reach.

    Raises:
        UsageError: a confidence that is NaN or outside [0, 1].
    """
    agent = _checked("agent", agent_confidence)
    model = _checked("model", model_confidence)
    reason = _verdict(agent_labels, agent, model_labels, model, thresholds)
    return Route(
        record_id=record_id,
        outcome="proposed" if reason == "agreement" else "review",
        reason=reason,
        labels=agent_labels if reason == "agreement" else None,
        agent_labels=agent_labels,
        model_label=None if model_labels is None else in_words(model_labels),
        agent_confidence=agent,
        model_confidence=model,
        priority=_expected_loss(reason, agent, model),
        model_version=model_version,
    )


def _verdict(
    agent_labels: LabelValue | None,
    agent: float | None,
    model_labels: LabelValue | None,
    model: float | None,
    thresholds: RoutePart,
) -> Verdict:
    if agent_labels is None:
        return "abstained"
    if model_labels is None:
        return "uncertain"
    if agent_labels != model_labels:
        return "disagreement"
    if agent is None or model is None:
        return "uncertain"
    sure = agent >= thresholds.agent_confidence and model >= thresholds.model_confidence
    return "agreement" if sure else "uncertain"


def _expected_loss(reason: Verdict, agent: float | None, model: float | None) -> float:
    """The chance that the model's label is wrong, in [0, 1]: higher is more urgent.

    With m the model's confidence, a the agent's (.5 where it gives none), and their errors taken
    as independent: 1 - m(1 - a) in a disagreement (the model is right only if the agent is wrong),
    1 - m where the agent abstained, (1 - m)(1 - a) where they agree. At equal confidences a
    disagreement so comes before an abstention, and that before a doubt. Errors are *not*
    independent in truth: this orders a queue, and is never shown as a chance.
    """
    m = 0.0 if model is None else model
    a = 0.5 if agent is None else agent
    if reason == "disagreement":
        return 1 - m * (1 - a)
    if reason == "abstained":
        return 1 - m
    return (1 - m) * (1 - a)


def _checked(whose: str, confidence: float | None) -> float | None:
    if confidence is not None and not 0 <= confidence <= 1:  # NaN fails the comparison too
        raise UsageError(
            f"The {whose}'s confidence is {confidence!r}, which is no probability.",
            mend="Give a number from 0 to 1, or None.",
        )
    return confidence
