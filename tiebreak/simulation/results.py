"""What the demo did, and what a simulation measured, typed.

The fields are the keys of the JSON documents; report.json, its lines and its plot are made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tiebreak.domain.evidence import Estimate
from tiebreak.promise.status import CertificateStatus
from tiebreak.report import LabelsInForce, RunResult


@dataclass(frozen=True, kw_only=True, slots=True)
class RandomBaseline:
    """What labels drawn at random would have brought: the median of some draws.

    Attributes:
        labels: as many as the project used.
        draws: how many draws there were.
        heldout: the newest head's kind on them, on the held-out records.
        plain: logistic regression on them, likewise.
        most: the most random labels that were tried.
        needed: random labels that logistic regression needs to be as accurate as the project's
            head; None: more than ``most``.
        saved: the share of them that the project did without; None likewise.
    """

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
    """A certificate earned for labels of the fast model alone.

    Attributes:
        max_error: the tolerated error, of all labels of the file.
        audits: answers that the proof took.
        labels: how many went out without a person.
        checked: how many of them are wrong, which only a demo can know.
        certificates: what is promised.
        labelled: labels in force, by who decided.
        seconds: by step.
    """

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

    Attributes:
        data: the shipped records, in words.
        reviewer: who answered, in words.
        agent: its id, or ``none``.
        notes: for people.
        imported: the import of the shipped file.
        status: of the run.
        human_labels_used: that the newest head learnt from (of a simulated person).
        random: what random labels would have brought.
        ties: where agent and model disagreed.
        left_out: what the agent was not asked about; None without one.
        seconds: by step.
        proof: the certificate that was earned.
        seconds_total: of everything.
    """

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
