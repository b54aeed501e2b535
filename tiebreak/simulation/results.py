"""What the demo did and measured, typed. The fields are the keys of the JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tiebreak.domain.evidence import Estimate
from tiebreak.promise.status import CertificateStatus
from tiebreak.report.results import LabelledCounts, RunResult


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
    labelled: LabelledCounts
    seconds: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoReport:
    """What `tiebreak demo` did and measured.

    Attributes:
        data: the shipped records, in words.
        reviewer: who answered, in words.
        agent: its id, or ``none``.
        notes: for people.
        imported: ``taken`` and ``problems`` of the import.
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
    imported: Mapping[str, Any]
    status: RunResult
    human_labels_used: int
    random: RandomBaseline
    ties: Ties
    left_out: LeftOut | None
    seconds: Mapping[str, float]
    proof: DemoProof
    seconds_total: float
