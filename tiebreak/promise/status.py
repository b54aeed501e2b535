"""What is promised now, for the status and the report: sentences, evidence, what would buy more.

Nothing is written; the state is computed from the log at each look.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    target,
)
from tiebreak.assurance import (
    stream as bounds,
)
from tiebreak.domain.decisions import Decision
from tiebreak.project import PoolState, ProjectContext
from tiebreak.promise.file_track import FileTrack, file_tracks, labelling_policies
from tiebreak.promise.results import CertificateStatus, NextCertificate, RungStatus, StreamStatus
from tiebreak.promise.stream_track import StreamTrack, bound_holds, stream_tracks
from tiebreak.promise.track import Track
from tiebreak.review.quality import shared_error_bound

SIMULATED = "SIMULATED (no person answered these audits): "


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
