"""What a simulation found, as typed data: report.json, and the lines and the plot made of it.

Fields stand in the order of the document's keys, which docs/guides/simulate.md describes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class MajorityLabel:
    """The commonest label of the test part, and how often it alone would be right."""

    label: str
    accuracy: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedData:
    """What was played: ``records`` to choose from, ``test`` records, ``split`` in words."""

    name: str
    labels: tuple[str, ...]
    records: int
    test: int
    split: str
    majority: MajorityLabel
    embedder: str
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulationProtocol:
    """How it was played; ``pool`` counts a seed's records, ``labels`` those given in all."""

    reviewer: str
    seeds: tuple[int, ...]
    pool: int
    pool_share: float
    batch: int
    labels: int
    batches: int
    control_share: float
    cold_strategy: str
    interval: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SeedMean:
    """A mean over seeds with its interval; None at both ends for one seed."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelsSaved:
    """Labels saved against random choice at its final accuracy, in percent, and the verdict."""

    percent: float
    low: float
    high: float
    at_accuracy: float
    verdict: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetReached:
    """Mean labels over seeds to a target; None unless every one of the ``seeds`` reached it."""

    target: float
    seeds: int
    reached: int
    labels: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyResult:
    """A strategy's mean curve by label counts with its interval (None for one seed), each seed's
    curve, the mean along the way, what it saved (None for the baseline) and its targets."""

    labels: tuple[int, ...]
    accuracy: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    by_seed: tuple[tuple[float, ...], ...]
    area: SeedMean
    saved: LabelsSaved | None
    to_target: tuple[TargetReached, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulationReport:
    """The whole of it; ``strategies`` by name, ``baseline`` among them."""

    data: SimulatedData
    protocol: SimulationProtocol
    targets: tuple[float, ...]
    baseline: str
    strategies: Mapping[str, StrategyResult]
