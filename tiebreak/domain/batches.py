"""Query batches: which records were chosen, why, and what the machines said before the label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tiebreak.domain.labels import LabelValue

Phase = Literal["selected", "prelabelled", "answered", "routed", "closed"]
PHASES: tuple[Phase, ...] = ("selected", "prelabelled", "answered", "routed", "closed")


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchItem:
    """One chosen record.

    ``arm``: ``control`` (drawn uniformly; ``probability`` is its inclusion probability, shown
    blind) or ``active``. ``utilities`` are the strategy's numbers for it, ``reason`` says in words
    why it is here. The answers are written once, before any label of the record is known:
    ``model_probabilities`` float per schema label, ``agent_labels`` None for "abstained or absent"
    (``()`` is a multi-label agent's answer that none applies).
    """

    record_id: int
    position: int
    arm: Literal["control", "active"]
    reason: str
    probability: float | None = None
    utilities: Mapping[str, float] = field(default_factory=dict)
    model_version: int | None = None
    model_probabilities: tuple[float, ...] | None = None
    agent: str | None = None
    agent_labels: LabelValue | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryBatch:
    """A batch of chosen records; reproducible from strategy, seed and what was known then."""

    round: int
    strategy: str
    seed: int
    schema_version: int
    model_version: int | None
    items: tuple[BatchItem, ...]
    phase: Phase = "selected"
    created_at: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadComparison:
    """A head against logistic regression on ``n`` control records that neither learnt from.

    ``won`` are those that this head alone had right, ``lost`` those that the other alone had.
    """

    n: int
    won: int
    lost: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelInfo:
    """A trained head: what it learnt from and how it was calibrated. Its weights are on disk.

    ``head`` names the classifier; ``trial`` is what the last comparison that chose it found, None
    without one. ``trained_on`` counts labelled records by who decided them; ``labels_hash`` names
    exactly which labels those were; ``sha256`` is of the weights file.
    """

    version: int
    round: int
    classes: tuple[str, ...]
    c: float
    c_chosen_at: int
    temperature: float
    calibrated_on: int
    trained_on: Mapping[str, int]
    labels_hash: str
    embedder: str
    schema_version: int
    sha256: str
    head: str = "logistic"
    trial: HeadComparison | None = None
    created_at: str = ""
