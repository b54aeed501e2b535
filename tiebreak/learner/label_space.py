"""How answers are scored where one label applies to a record, and where any number may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tiebreak.domain.evidence import Estimate
from tiebreak.results import JSON_OPTIONAL


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerScores:
    """How often model and agent have a record's whole label value right.

    An agent that abstained was not right; one that was not asked is not counted.

    Attributes:
        n: records with a known label.
        model: the model's accuracy; None where it answered none.
        agent: the agent's; None likewise.
        micro_f1: theirs by name (``model``, ``agent``), where any number of labels may apply.
    """

    n: int
    model: Estimate | None
    agent: Estimate | None
    micro_f1: Mapping[str, float | None] | None = field(default=None, metadata=JSON_OPTIONAL)
