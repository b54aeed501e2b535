"""The report as typed data: the page is rendered from it, and it is the JSON document.

Fields stand in the order of the document's keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tiebreak.annotators.alternative_annotator import AlternativeAnnotatorTest
from tiebreak.annotators.anchoring import Anchoring
from tiebreak.annotators.intervals import Interval
from tiebreak.annotators.shared_errors import SharedErrors
from tiebreak.annotators.unclear_labels import UnclearLabel
from tiebreak.domain.promises import FrozenTier, Mode, Promise

StatusPart = Mapping[str, Any]
"""A part as `tiebreak.report.status.project_status` has it; its keys are in ``docs/status.md``."""


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
class CertificateRung:
    """The evidence of one rung; ``log_e`` is infinite where its claim is sure or known false."""

    threshold: float
    size: int
    too_many: int
    cap: int
    audited: int
    wrong: int
    pending: int
    seen: int
    room: int
    log_e: float
    log_e_needed: float
    proven: bool
    in_force: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MoreAudits:
    """About what ``audits`` more would free: ``labels``, a ``share`` of the pool."""

    audits: int
    labels: int
    share: float
    text: str


@dataclass(frozen=True, kw_only=True)
class _CertificateState:
    mode: Mode
    policy: int
    version: str
    tier: str
    promise: Promise
    max_error: float
    confidence: float
    delta: float
    frozen_at: str
    candidates: int
    in_force: bool
    labels: int
    share: float
    audited: int
    wrong: int
    pending: int
    simulated: bool
    rungs: tuple[CertificateRung, ...]


@dataclass(frozen=True, kw_only=True)
class _StreamBound:
    uncaught: int
    marked: int
    back: int
    gate: float | None
    stop: str


@dataclass(frozen=True, kw_only=True)
class _CertificateWords:
    sentence: str
    next: MoreAudits | None
    why: str
    out: int


@dataclass(frozen=True, kw_only=True)
class FileCertificate(_CertificateWords, _CertificateState):
    """A tier of a policy, as `tiebreak.promise.status.certificate_statuses` describes it.

    ``out`` counts the labels that stand by it. More may be out than the ``labels`` that may be,
    until the next run takes them back.
    """


@dataclass(frozen=True, kw_only=True)
class StreamCertificate(_CertificateWords, _StreamBound, _CertificateState):
    """A tier of a stream, as `tiebreak.promise.status_stream.stream_statuses` describes it."""


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
class ReportSpend:
    """``money`` and its ``limit`` (None: there is none) in ``currency``."""

    money: float
    calls: int
    tokens: int
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
    prevalence: Sequence[Mapping[str, Any]]
    spend: ReportSpend
    control: StatusPart
    curve: Sequence[StatusPart]
    drift: StatusPart | None
    forecast: StatusPart | None
    heldout: StatusPart | None
    multiple: bool
    next: str
    queue: int
    queue_by_reason: Mapping[str, int]
    rounds: int
