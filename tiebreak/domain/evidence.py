"""Evidence about a record: the agent's suggestion, the model's prediction, its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tiebreak.domain.arrays import Floats64, Ids
from tiebreak.domain.labels import LabelValue

NANOS = 1_000_000_000
"""Money is counted in whole billionths of the currency's unit, so that sums are exact."""

Purpose = Literal["batch", "sweep", "heldout", "predict"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens of one call, as the server counted them. ``cached`` is a part of ``prompt``."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """A similar record with its human label; never the record itself or a held-out one."""

    record_id: int
    similarity: float
    text: str
    labels: LabelValue


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """The agent's pre-label for one record. Append-only; ``seq`` counts per record from 1.

    ``labels`` is None when the agent abstained; ``abstain`` then says why. ``confidence`` is the
    probability of the label's code among the codes (score mode), else None. ``rationale_by`` says
    whose words the rationale is: the model's, or drawn up by us from the neighbours it was shown.
    ``neighbours`` are the record ids of the demonstrations, ``cut`` what had to be left out.
    """

    record_id: int
    purpose: Purpose
    agent: str
    mode: Literal["score", "generate"]
    prompt: str
    request_hash: str
    schema_version: int
    labels: LabelValue | None
    abstain: str | None = None
    confidence: float | None = None
    rationale: str = ""
    rationale_by: Literal["model", "neighbours", "none"] = "none"
    neighbours: tuple[int, ...] = ()
    cut: str = ""
    usage: Usage = Usage()
    cost_nanos: int = 0
    created_at: str = ""
    seq: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Predictions:
    """The classifier's calibrated probabilities. Recomputable from the model and the vectors.

    ``ids`` int64[n]; ``probabilities`` float64[n, k] of the k label names ``classes``: rows sum to
    1, or with ``multiple`` each is the probability that its label applies.
    """

    ids: Ids
    probabilities: Floats64
    classes: tuple[str, ...]
    model_version: int
    multiple: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """An accuracy with its 95 % interval (Clopper-Pearson) and the count that it rests on."""

    accuracy: float
    low: float
    high: float
    n: int
