"""What is promised now, for the status and the report: sentences, evidence, what would buy more.

Nothing is written; the state is computed from the log at each look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, log
from typing import Any

from tiebreak.assurance import (
    Claim,
    forecast_audits,
    futile,
    labels_for,
    percent,
    promised,
    promised_stream,
    stream as bounds,
    target,
)
from tiebreak.domain.decisions import Decision
from tiebreak.domain.promises import Mode, Promise
from tiebreak.project import PoolState, ProjectContext
from tiebreak.promise.file_track import FileTrack, file_tracks, labelling_policies
from tiebreak.promise.stream_track import StreamTrack, bound_holds, stream_tracks
from tiebreak.promise.track import Track
from tiebreak.review.quality import shared_error_bound

SIMULATED = "SIMULATED (no person answered these audits): "


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


def certificate_statuses(context: ProjectContext) -> list[CertificateStatus]:
    """Every tier of every policy as it stands now, by policy; then those of a stream that anything
    arrived in."""
    state = context.pool_state()
    tracks = file_tracks(context, state)
    labelling = labelling_policies(state.schema.version, tracks)
    people = shared_error_bound(context) if tracks else None
    shared = None if people is None else people.upper
    files = [_of_file(state, t, t.policy.number in labelling, shared) for t in tracks]
    streams = [
        _of_stream(state, track, shared)
        for track in stream_tracks(context, state)
        if track.members.items
    ]
    return [*files, *streams]


def _common(state: PoolState, track: Track, labels: int) -> Mapping[str, Any]:
    """The fields that both kinds fill alike."""
    return {
        "policy": track.policy.number,
        "version": track.policy.version,
        "tier": track.tier.name,
        "max_error": track.tier.eps,
        "frozen_at": track.policy.created_at,
        "candidates": len(track.members.items),
        "labels": labels,
        "share": labels / max(len(state.pool), 1),
        "simulated": track.simulated,
    }


def _mark(track: Track) -> str:
    return SIMULATED if track.simulated else ""


# -- a file's


def _of_file(
    state: PoolState, track: FileTrack, valid: bool, shared: float | None
) -> CertificateStatus:
    policy, tier = track.policy, track.tier
    labels = len(track.free()) if valid else 0
    at = track.released if track.released is not None else target(track.standing)
    shown = None if at is None else track.standing[at]
    audited, wrong, pending = (shown.audited, shown.wrong, shown.pending) if shown else (0, 0, 0)
    claim = Claim(
        eps=tier.eps,
        delta=1 - policy.confidence,
        promise=policy.promise,
        labels=labels,
        audited=audited,
        wrong=wrong,
        pending=pending,
        in_force=labels > 0,
        shared=None if track.simulated else shared,
    )
    return CertificateStatus(
        **_common(state, track, labels),
        mode="file",
        promise=policy.promise,
        confidence=policy.confidence,
        delta=tier.delta,
        in_force=labels > 0,
        audited=audited,
        wrong=wrong,
        pending=pending,
        rungs=tuple(_rung(track, j) for j in range(len(track.standing))),
        sentence=_mark(track) + promised(claim),
        next=_next_of_file(state, track) if valid else None,
        why=_why_file(track, valid),
    )


def _rung(track: FileTrack, j: int) -> RungStatus:
    rung, at = track.ladder.rungs[j], track.standing[j]
    return RungStatus(
        threshold=rung.threshold,
        size=rung.pool.size,
        too_many=rung.pool.too_many,
        cap=rung.pool.cap,
        audited=at.audited,
        wrong=at.wrong,
        pending=at.pending,
        seen=at.seen,
        room=at.room,
        log_e=at.log_e,
        log_e_needed=-log(track.ladder.delta),
        proven=at.proven,
        in_force=at.in_force,
    )


def _next_of_file(state: PoolState, track: FileTrack) -> NextCertificate | None:
    offered = forecast_audits(track.ladder, track.standing)
    if offered is None or not offered.labels:
        return None
    share = offered.labels / max(len(state.pool), 1)
    free = f"about {offered.labels} labels (+{percent(share)} of the pool)"
    text = f"about {offered.audits} more audits would free {free}, if errors go on as they came"
    if not offered.audits:
        text = f"the audits that wait would free {free}, if they are right"
    return NextCertificate(audits=offered.audits, labels=offered.labels, share=share, text=text)


def _why_file(track: FileTrack, valid: bool) -> str:
    """Why not more than this, in a sentence; empty where all candidates are out."""
    if not valid:
        return "Another label schema, or another policy of the whole file, has taken its place."
    if not track.ladder.rungs:
        return (
            "Too few candidates for any proof: no number of right answers within the planned "
            "audits could certify them."
        )
    at = target(track.standing)
    if at is None:
        lapsed = track.released != len(track.standing) - 1
        return "People looked at more of its records than the claim allows." if lapsed else ""
    return _why_not_yet(track, at)


def _why_not_yet(track: FileTrack, at: int) -> str:
    """What keeps the rung that is audited from its certificate."""
    now = track.standing[at]
    if futile(track.ladder, track.standing, at):
        return (
            f"{now.wrong} of {now.audited} audits were wrong in the next part of the "
            "candidates: within the audits that its claim allows it cannot be proved any more."
        )
    if now.pending:
        return f"{now.pending} audits wait for an answer; until then each counts as wrong."
    if not track.next_audits(1):
        return (
            "People have looked at as many of the candidates as the claim allows, and that did not "
            "suffice for the next part."
        )
    return "More audits are needed."


# -- a stream's


def _of_stream(state: PoolState, track: StreamTrack, shared: float | None) -> StreamStatus:
    out = _labels_out(state, track)
    labels = sum(d.by == "autonomous" for d in out)
    confidence = min(p.confidence for p in state.policies if p.audit_rate is not None)
    audited, wrong, pending = track.counts()
    uncaught = bounds.uncaught(track.lanes)
    claim = Claim(
        eps=track.tier.eps,
        delta=1 - confidence,
        promise="label",
        labels=len(out),
        audited=audited,
        wrong=wrong,
        pending=pending,
        shared=shared,
        in_force=bound_holds(track.lanes, len(out), track.tier.eps),
    )
    return StreamStatus(
        **_common(state, track, labels),
        mode="stream",
        promise="label",
        confidence=confidence,
        delta=sum(lane.delta for lane in track.lanes),
        in_force=claim.in_force and labels > 0,
        audited=audited,
        wrong=wrong,
        pending=pending,
        rungs=(),
        uncaught=uncaught,
        marked=len(out) - labels,
        back=len(track.open()) - len(out),
        gate=track.gate(),
        stop=track.stop,
        sentence=_mark(track) + (promised_stream(claim, uncaught) if out else promised(claim)),
        next=_next_of_stream(state, track, uncaught),
        why=_why_stream(track, uncaught),
    )


def _labels_out(state: PoolState, track: StreamTrack) -> list[Decision]:
    """Labels of the tier's arrivals that are out now, proven or marked."""
    decisions = [state.decisions.get(c.record_id) for c in track.open()]
    return [d for d in decisions if d is not None and d.labels is not None]


def _next_of_stream(state: PoolState, track: StreamTrack, uncaught: int) -> NextCertificate | None:
    """What it takes until the bound is in force, if no further error is caught."""
    more = labels_for(track.tier.eps, uncaught) - len(track.open())
    if track.gate() is None or more <= 0:
        return None
    rate = track.policy.audit_rate or 0.0
    labels = len(track.open()) + more
    audits = ceil(more * rate / (1 - rate))
    share = labels / max(len(state.pool) + more + audits, 1)
    return NextCertificate(
        audits=audits,
        labels=labels,
        share=share,
        text=f"about {more + audits} more such arrivals, {audits} of them audited and right, "
        f"would prove {labels} labels ({percent(share)} of the pool)",
    )


def _why_stream(track: StreamTrack, uncaught: int) -> str:
    """Why not more goes out, in a sentence; empty where all that was decided for release is."""
    audited, _, pending = track.counts()
    if track.stop:
        return f"No further label goes out: {track.stop}."
    if pending:
        return f"{pending} of {audited} audits wait for an answer; until then each counts as wrong."
    if track.gate() is None:
        return _why_closed(track)
    if not track.decided.any():
        return "Audits allow it since now: what arrives next may be released."
    if not track.in_force:
        return (
            f"Up to {uncaught} errors may be among {len(track.open())} labels that nobody looked "
            "at, which is more than is tolerated: further labels must come first."
        )
    return ""


def _why_closed(track: StreamTrack) -> str:
    if not track.tier.rungs:
        return "Its policy has no part of the candidates that audits could ever prove."
    n, wrong = track.rungs()[0]
    needed = bounds.audits_to_open(track.tier.eps, wrong, track.tier.delta / len(track.tier.rungs))
    return (
        f"Arrivals are not released yet: {wrong} of {n} audits among the surest were wrong or "
        f"wait for an answer, and with as many wrong ones {needed} audits are needed."
    )
