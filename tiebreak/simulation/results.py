"""What the demo did, and what a simulation measured, typed.

The fields are the keys of the JSON documents; report.json, its lines and its plot are made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tiebreak.domain.evidence import Estimate
from tiebreak.promise import CertificateStatus
from tiebreak.report import LabelsInForce, RunResult


@dataclass(frozen=True, kw_only=True, slots=True)
class RandomBaseline:
    """What ``labels`` drawn at random would have brought: the median of some draws.

    ``heldout`` is the newest head's kind on them, ``plain`` logistic regression. ``needed``: random
    labels that the latter needs to be as accurate as the project's head (None: more than ``most``);
    ``saved``: the share of them that the project did without."""

    labels: int
    draws: int
    heldout: Estimate
    plain: Estimate
    most: int
    needed: int | None
    saved: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ties:
    """Records where agent and model disagreed before the label, and who the label bore out."""

    sent_to_review: int
    agent_wrong: int
    model_wrong: int
    both_wrong: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """What the agent was not asked about, and what all of it would take."""

    records: int
    tokens: int
    money: float
    minutes: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedLabels:
    """Labels of ``n`` records that went out, of which ``wrong`` are wrong by the sealed ones."""

    n: int
    wrong: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoProof:
    """A certificate earned for labels of the fast model alone, for a tolerated error in all labels
    of the file: how many ``audits`` it took, how many ``labels`` went out without a person, and
    how many of these are wrong (``checked``), which only a demo can know."""

    max_error: float
    audits: int
    labels: int
    checked: CheckedLabels
    certificates: tuple[CertificateStatus, ...]
    labelled: LabelsInForce
    seconds: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoImport:
    """Rows of the shipped file that were ``taken``, and problems with others, by kind."""

    taken: int
    problems: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoReport:
    """What `tiebreak demo` did and measured.

    ``human_labels_used`` are those that the newest head learnt from, of a simulated person;
    ``left_out`` is what the agent was not asked about, None without one. ``seconds`` by step."""

    data: str
    reviewer: str
    agent: str
    notes: tuple[str, ...]
    imported: DemoImport
    status: RunResult
    human_labels_used: int
    random: RandomBaseline
    ties: Ties
    left_out: LeftOut | None
    seconds: Mapping[str, float]
    proof: DemoProof
    seconds_total: float


# -- a simulation


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
