"""Decisions: the label in force, and the one rule of who may replace whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tiebreak.domain.labels import LabelValue

By = Literal["human", "simulated", "autonomous", "unproved"]
BY: tuple[By, ...] = ("human", "simulated", "autonomous", "unproved")
_RANK = {"human": 3, "simulated": 2, "autonomous": 1, "unproved": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The label in force for one record. Append-only; the highest ``seq`` of a record counts.

    ``labels`` None means that a label was withdrawn (a person undid it) or that none fits.
    """

    record_id: int
    by: By
    labels: LabelValue | None
    reasons: tuple[str, ...] = ()
    schema_version: int = 1
    policy_version: str = ""
    confidence: float | None = None
    created_at: str = ""
    seq: int = 0


def may_replace(current: Decision | None, new: Decision) -> bool:
    """Whether *new* may follow *current*: people first, then simulated people, then machines.

    A human decision, a withdrawn one included, is never replaced by anything but a human one.
    """
    if current is None:
        return True
    return _RANK[new.by] >= _RANK[current.by]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Where agent and model sent a record: *proposed* (they agree, both sure) or *review*.

    Append-only; the highest ``seq`` counts. A proposal is not a label: nothing is labelled by it.
    ``model_label`` is the model's label, in a multi-label project its set `in_words`.
    """

    record_id: int
    outcome: Literal["proposed", "review"]
    reason: str  # "agreement" | "disagreement" | "abstained" | "uncertain"
    labels: LabelValue | None
    agent_labels: LabelValue | None
    model_label: str | None
    agent_confidence: float | None
    model_confidence: float | None
    priority: float
    model_version: int
    created_at: str = ""
    seq: int = 0
