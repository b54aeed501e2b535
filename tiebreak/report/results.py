"""Where a project stands, and what is reported of it, typed.

The fields are the keys of the JSON documents. The report's page is rendered from `Report`.

An accuracy is a `tiebreak.domain.evidence.Estimate`, with an exact 95 % interval (Clopper-Pearson).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tiebreak.annotators import (
    AlternativeAnnotatorTest,
    Anchoring,
    Interval,
    SharedErrors,
    UnclearLabel,
)
from tiebreak.domain.promises import FrozenTier, Mode, Promise
from tiebreak.drift import DriftState
from tiebreak.evaluation import LabelPrevalence, LearningCurvePoint, ProjectForecast
from tiebreak.learner import AnswerScores
from tiebreak.promise import CertificateStatus, StreamStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelsInForce:
    """Labels in force by who decided; never added up.

    ``autonomous`` ones are given without a person under a certificate, ``unproved`` ones without a
    proof, too: one of these goes when its record is no longer proposed.
    """

    human: int
    simulated: int
    autonomous: int
    unproved: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitSummary:
    """Records of one split of the imported files, None for those without one, and whether it is
    held out, so that it only measures."""

    split: str | None
    held_out: bool
    records: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSummary:
    """The newest classifier head: the inverse strength ``c`` of its regularisation, the
    ``temperature`` of its calibration, and the labels that it learnt from, by who gave them."""

    version: int
    c: float
    temperature: float
    trained_on: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class SpendSummary:
    """What the agent's calls took, ``money`` in the settings' currency. Lost calls of a killed run
    are in it at their worst case."""

    money: float
    calls: int
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Status:
    """Where a project stands: what ``Project.status()`` returns.

    Attributes:
        records: all records.
        pool: those that may be labelled; the rest is held out.
        multiple: whether any number of labels may apply to a record
            (``docs/guides/several-labels.md``): each accuracy is then of exact sets, and
            ``micro_f1`` stands beside ``model`` and ``agent``.
        labelled: labels in force, by who decided.
        queue: records that wait for a person.
        queue_by_reason: tasks by reason.
        proposed: agent and model agree and both are sure; nobody labelled them yet.
        abstained: unanswered records for which the agent gave no valid label.
        skipped: people said "not now". Like the next two, never trained on.
        none_fits: people said "no label fits".
        none_records: external ids of the newest 20 of these.
        flagged: people said "look at this again".
        flagged_records: external ids of the newest 20 of these.
        duplicates: linked duplicates by kind: ``exact``, ``near``.
        splits: records by the file's split.
        rounds: batches so far.
        model: the newest head; null before one was trained.
        control: the labelled control records, and how often model and agent had them right.
        heldout: the same of each held-out split, by its name; the agent only where
            ``run --score-heldout N`` asked it. Null without sealed labels.
        curve: the model's accuracy by labels; see
            ``docs/guides/curve-and-forecast.md``.
        forecast: what more labels will bring and take, and whether to stop; null before a control
            record was scored and labelled.
        drift: what the sensors saw last; null before they looked, and after somebody acknowledged
            it. See ``docs/guides/drift-and-label-errors.md``.
        spend: what the agent's calls took.
        certificates: what is promised now, one for each tier of each frozen policy. See
            ``docs/guides/the-promise.md``.
        next: what to do: ``import``, ``review``, ``run`` or ``done``; from a run also ``budget``
            and ``short`` (the labels asked for do not suffice for the promise).
    """

    records: int
    pool: int
    multiple: bool
    labelled: LabelsInForce
    queue: int
    queue_by_reason: Mapping[str, int]
    proposed: int
    abstained: int
    skipped: int
    none_fits: int
    none_records: tuple[str, ...]
    flagged: int
    flagged_records: tuple[str, ...]
    duplicates: Mapping[str, int]
    splits: tuple[SplitSummary, ...]
    rounds: int
    model: ModelSummary | None
    control: AnswerScores
    heldout: Mapping[str, AnswerScores] | None
    curve: tuple[LearningCurvePoint, ...]
    forecast: ProjectForecast | None
    drift: DriftState | None
    spend: SpendSummary
    certificates: tuple[CertificateStatus | StreamStatus, ...]
    next: str


@dataclass(frozen=True, kw_only=True)
class RunResult(Status):
    """Where a project stands after a run, and what the run did: what ``Project.run()`` returns.

    Attributes:
        message: why it ended, in a sentence.
        unproved_now: labels that it took over without a person and without a proof.
        unanswered_now: records that the agent's server failed at.
        seconds: by step.
    """

    message: str
    unproved_now: int
    unanswered_now: int
    seconds: Mapping[str, float]


# -- the report


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportProject:
    """``labels``: how many there are to choose from; ``tiebreak``: the version; ``at``: now."""

    name: str
    task: str
    labels: int
    tiebreak: str
    at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PromiseInForce:
    """What is promised by a certificate in force, in a sentence."""

    mode: Mode
    policy: int
    tier: str
    sentence: str
    simulated: bool
    labels: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NothingPromised:
    """Why nothing is promised, and what a promise would take; sentences."""

    why: tuple[str, ...]
    takes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelCounts:
    """Records of the pool by who labelled them; kinds that are never added up.

    ``autonomous`` went out under a certificate that people's audits earned,
    ``autonomous_simulated`` under one that a simulation did; of both, ``stale`` are more than the
    certificates now allow. ``none``: without a label.
    """

    pool: int
    human: int
    simulated: int
    autonomous: int
    autonomous_simulated: int
    unproved: int
    none: int
    stale: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FileCertificate(CertificateStatus):
    """How a tier of a policy stands. ``out`` counts the labels that stand by it: more may be out
    than the ``labels`` that may be, until the next run takes them back."""

    out: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamCertificate(StreamStatus):
    """How a tier of a stream stands. ``out`` counts its labels: once out, they stay out."""

    out: int


ReportedCertificate = FileCertificate | StreamCertificate


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedPolicy:
    """A `tiebreak.domain.promises.Policy` without its secret, from which everybody could tell which
    records are audited."""

    number: int
    version: str
    promise: Promise
    max_error: float
    confidence: float
    tiers: tuple[FrozenTier, ...]
    parts: Mapping[str, Any]
    simulated: bool
    schema_version: int
    known: int
    candidates: int
    digest: str
    upto: int
    audit_rate: float | None
    created_at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementTogether:
    """How far people agree: over ``records`` that several answered blind."""

    records: int
    alpha: Interval | None
    unclear: tuple[UnclearLabel, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PeopleTogether:
    """What `tiebreak.review.quality.report.people_report` says of all people together: a report is
    no place for names."""

    agreement: AgreementTogether
    anchoring: Anchoring
    shared_errors: SharedErrors | None
    alternative: AlternativeAnnotatorTest | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportSpend(SpendSummary):
    """SpendSummary and its ``limit`` (None: there is none), in ``currency``."""

    limit: float | None
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What is promised and what is known; every number of the page is in it.

    ``nothing`` is None where something is promised. ``certificates``: those in force first.
    ``people``: None before a person answered. ``prevalence``: the share of each label in the pool
    (`tiebreak.evaluation.prevalence.label_prevalence`).
    """

    project: ReportProject
    promised: tuple[PromiseInForce, ...]
    nothing: NothingPromised | None
    labels: LabelCounts
    certificates: tuple[ReportedCertificate, ...]
    policies: tuple[PublishedPolicy, ...]
    people: PeopleTogether | None
    prevalence: tuple[LabelPrevalence, ...]
    spend: ReportSpend
    control: AnswerScores
    curve: tuple[LearningCurvePoint, ...]
    drift: DriftState | None
    forecast: ProjectForecast | None
    heldout: Mapping[str, AnswerScores] | None
    multiple: bool
    next: str
    queue: int
    queue_by_reason: Mapping[str, int]
    rounds: int
