"""How certificates stand, as the status and the report tell it."""

from __future__ import annotations

from dataclasses import dataclass

from tiebreak.domain.promises import Mode, Promise


@dataclass(frozen=True, kw_only=True, slots=True)
class RungStatus:
    """A rung: the ``size`` candidates that score at least ``threshold``, of which ``too_many``
    wrong ones are too many and people may look at ``cap``; how its audits stand; and its evidence
    ``log_e`` against the ``log_e_needed``."""

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
class NextCertificate:
    """About what the next certificate would take in ``audits`` and free in ``labels``, a ``share``
    of the pool, if errors go on as they came."""

    audits: int
    labels: int
    share: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateStatus:
    """How a tier of a policy stands.

    Attributes:
        mode: ``file`` or ``stream``.
        policy: the number of the frozen policy.
        version: its hash.
        tier: of its labels.
        promise: ``label`` (of the labels nobody looked at), or ``dataset`` (of the whole file).
        max_error: the tolerated error.
        confidence: of the promise, for the project's whole life.
        delta: the share of the failure probability that was spent here.
        frozen_at: when, in ISO 8601.
        candidates: records that the policy may label.
        in_force: whether anything is promised now.
        labels: out now without a person.
        share: that, of the pool.
        audited: audits of the outermost rung that was audited, or of a stream's labels.
        wrong: of them, those that people found wrong.
        pending: of them, those that wait for an answer.
        simulated: whether no person answered the audits.
        rungs: parts of the candidates, the surest first.
        sentence: what is promised, in words.
        next: about what more audits would buy; None where there is nothing to offer.
        why: why it is not more, in words; empty where it is all.
    """

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
    rungs: tuple[RungStatus, ...]
    sentence: str
    next: NextCertificate | None
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamStatus(CertificateStatus):
    """How a tier of a stream stands.

    Attributes:
        uncaught: so many errors at most are among the labels decided for release (U - S).
        marked: labels out as not yet proven.
        back: labels kept back until they are proven.
        gate: the least score that is released now; None for none.
        stop: why nothing new goes out; empty where something may.
    """

    uncaught: int
    marked: int
    back: int
    gate: float | None
    stop: str
