"""What is promised of a stream now, for the status and the report: an entry for each tier."""

from __future__ import annotations

from math import ceil
from typing import Any

from tiebreak.assurance import stream as bounds
from tiebreak.assurance.rates import labels_for
from tiebreak.assurance.sentence import Claim, percent, promised, promised_stream
from tiebreak.domain.decisions import Decision
from tiebreak.project.context import ProjectContext
from tiebreak.promise.stream import StreamTrack, bound_holds, stream_tracks

SIMULATED = "SIMULATED (no person answered these audits): "


def stream_statuses(context: ProjectContext, shared: float | None) -> list[dict[str, Any]]:
    """Every tier of the stream that anything arrived in: what `told.certificates` tells of a
    file's, with ``mode`` ``stream`` and without ``rungs``, and

    ``uncaught`` (U - S: so many errors at most are among the labels decided for release),
    ``marked`` (labels out as not yet proven), ``back`` (labels held back until they are proven),
    ``gate`` (the least score that is released now, or None), ``stop`` (why nothing new goes out).
    *shared*: see `Claim`.
    """
    return [_told(context, flow, shared) for flow in stream_tracks(context) if flow.members]


def _told(context: ProjectContext, flow: StreamTrack, shared: float | None) -> dict[str, Any]:
    out = _out(context, flow)
    labels = sum(d.by == "autonomous" for d in out)
    confidence = min(
        p.confidence for p in context.store.promises.policies() if p.audit_rate is not None
    )
    audited, wrong, pending = flow.counts()
    uncaught = bounds.uncaught(flow.lanes)
    claim = Claim(
        eps=flow.terms.eps,
        delta=1 - confidence,
        promise="label",
        labels=len(out),
        audited=audited,
        wrong=wrong,
        pending=pending,
        shared=shared,
        in_force=bound_holds(flow.lanes, len(out), flow.terms.eps),
    )
    said = promised_stream(claim, uncaught) if out else promised(claim)
    return {
        "mode": "stream",
        "policy": flow.policy.number,
        "version": flow.policy.version,
        "tier": flow.terms.name,
        "promise": "label",
        "max_error": flow.terms.eps,
        "confidence": confidence,
        "delta": sum(lane.delta for lane in flow.lanes),
        "frozen_at": flow.policy.created_at,
        "candidates": len(flow.members),
        "in_force": claim.in_force and labels > 0,
        "labels": labels,
        "share": labels / max(len(context.table.pool), 1),
        "audited": audited,
        "wrong": wrong,
        "pending": pending,
        "simulated": flow.simulated,
        "rungs": [],
        "uncaught": uncaught,
        "marked": len(out) - labels,
        "back": len(flow.open()) - len(out),
        "gate": flow.gate(),
        "stop": flow.stop,
        "sentence": (SIMULATED if flow.simulated else "") + said,
        "next": _next(context, flow, uncaught),
        "why": _why(flow, uncaught),
    }


def _out(context: ProjectContext, flow: StreamTrack) -> list[Decision]:
    """Labels of the tier's arrivals that are out now, proven or marked."""
    latest = context.store.decisions.latest([c.record_id for c in flow.members])
    found = [latest.get(c.record_id) for c in flow.open()]
    return [d for d in found if d is not None and d.labels is not None]


def _next(context: ProjectContext, flow: StreamTrack, uncaught: int) -> dict[str, Any] | None:
    """What it takes until the bound is in force, if no further error is caught."""
    more = labels_for(flow.terms.eps, uncaught) - len(flow.open())
    if flow.gate() is None or more <= 0:
        return None
    rate = flow.policy.audit_rate or 0.0
    labels = len(flow.open()) + more
    audits = ceil(more * rate / (1 - rate))
    share = labels / max(len(context.table.pool) + more + audits, 1)
    return {
        "audits": audits,
        "labels": labels,
        "share": share,
        "text": f"about {more + audits} more such arrivals, {audits} of them audited and right, "
        f"would prove {labels} labels ({percent(share)} of the pool)",
    }


def _why(flow: StreamTrack, uncaught: int) -> str:
    """Why not more goes out, in a sentence; empty where all that was decided for release is."""
    audited, _, pending = flow.counts()
    if flow.stop:
        return f"No further label goes out: {flow.stop}."
    if pending:
        return f"{pending} of {audited} audits wait for an answer; until then each counts as wrong."
    if flow.gate() is None:
        return _closed(flow)
    if not flow.decided.any():
        return "Audits allow it since now: what arrives next may be released."
    if not flow.in_force:
        return (
            f"Up to {uncaught} errors may be among {len(flow.open())} labels that nobody looked "
            "at, which is more than is tolerated: further labels must come first."
        )
    return ""


def _closed(flow: StreamTrack) -> str:
    if not flow.terms.rungs:
        return "Its policy has no part of the candidates that audits could ever prove."
    n, wrong = flow.rungs()[0]
    needed = bounds.audits_to_open(flow.terms.eps, wrong, flow.terms.delta / len(flow.terms.rungs))
    return (
        f"Arrivals are not released yet: {wrong} of {n} audits among the surest were wrong or "
        f"wait for an answer, and with as many wrong ones {needed} audits are needed."
    )
