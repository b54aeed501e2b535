"""What is promised now, for the status and the report: sentences, evidence, what would buy more.

Nothing is written; the state is computed from the log at each look.
"""

from __future__ import annotations

from math import isfinite, log
from typing import Any

from tiebreak.assurance.audit_forecast import forecast_audits
from tiebreak.assurance.ladder import futile, target
from tiebreak.assurance.sentence import Claim, percent, promised
from tiebreak.project.context import ProjectContext
from tiebreak.promise.evidence import FileTrack
from tiebreak.promise.settle import all_file_tracks, labelling_policies
from tiebreak.promise.status_stream import SIMULATED, stream_statuses
from tiebreak.review.quality.checks import shared_error_bound


def certificate_statuses(context: ProjectContext) -> list[dict[str, Any]]:
    """Every tier of every policy as it stands now, by policy; then those of a stream
    (`stream_statuses`).

    Each: ``mode`` (``file``), ``policy``, ``version``, ``tier``, ``promise``, ``max_error``,
    ``confidence``, ``delta`` (the share of the failure probability that was spent here),
    ``frozen_at``, ``candidates``, ``in_force``, ``labels`` (out now, without a person), ``share``
    of the pool, ``audited``,
    ``wrong``, ``pending`` (of the outermost rung that was audited), ``rungs``, ``simulated``,
    ``sentence``, ``next`` (what more audits would buy) and ``why`` not more.
    """
    found = all_file_tracks(context)
    able = labelling_policies(context, found)
    people = shared_error_bound(context) if found else None
    errors = None if people is None else people.upper
    files = [_told(context, view, view.policy.number in able, errors) for view in found]
    return files + stream_statuses(context, errors)


def _told(
    context: ProjectContext, view: FileTrack, good: bool, errors: float | None
) -> dict[str, Any]:
    policy, tier = view.policy, view.tier
    labels = len(view.free()) if good else 0
    at = _shown(view)
    evidence = {"audited": 0, "wrong": 0, "pending": 0}
    if at is not None:
        evidence = {name: getattr(view.standing[at], name) for name in evidence}
    claim = Claim(
        eps=tier.eps,
        delta=1 - policy.confidence,
        promise=policy.promise,
        labels=labels,
        in_force=labels > 0,
        shared=None if view.simulated else errors,
        **evidence,
    )
    return {
        "mode": "file",
        "policy": policy.number,
        "version": policy.version,
        "tier": tier.name,
        "promise": policy.promise,
        "max_error": tier.eps,
        "confidence": policy.confidence,
        "delta": tier.delta,
        "frozen_at": policy.created_at,
        "candidates": len(view.members),
        "in_force": labels > 0,
        "labels": labels,
        "share": labels / max(len(context.table.pool), 1),
        **evidence,
        "simulated": view.simulated,
        "rungs": [_rung(view, j) for j in range(len(view.standing))],
        "sentence": _simulated(view) + promised(claim),
        "next": _next(context, view) if good else None,
        "why": _why(view, good),
    }


def _shown(view: FileTrack) -> int | None:
    """The rung whose evidence is told: the one in force, else the one that is audited."""
    return view.released if view.released is not None else target(view.standing)


def _simulated(view: FileTrack) -> str:
    return SIMULATED if view.simulated else ""


def _rung(view: FileTrack, j: int) -> dict[str, Any]:
    rung, at = view.ladder.rungs[j], view.standing[j]
    return {
        "threshold": rung.threshold,
        "size": rung.pool.size,
        "too_many": rung.pool.too_many,
        "cap": rung.pool.cap,
        "audited": at.audited,
        "wrong": at.wrong,
        "pending": at.pending,
        "seen": at.seen,
        "room": at.room,
        "log_e": at.log_e if isfinite(at.log_e) else str(at.log_e),  # JSON has no infinity
        "log_e_needed": _needed(view),
        "proven": at.proven,
        "in_force": at.in_force,
    }


def _needed(view: FileTrack) -> float:
    return -log(view.ladder.delta)


def _next(context: ProjectContext, view: FileTrack) -> dict[str, Any] | None:
    """``{audits, labels, share, text}``: about what the next certificate would take and free."""
    found = forecast_audits(view.ladder, view.standing)
    if found is None or not found.labels:
        return None
    share = found.labels / max(len(context.table.pool), 1)
    free = f"about {found.labels} labels (+{percent(share)} of the pool)"
    text = f"about {found.audits} more audits would free {free}, if errors go on as they came"
    if not found.audits:
        text = f"the audits that wait would free {free}, if they are right"
    return {"audits": found.audits, "labels": found.labels, "share": share, "text": text}


def _why(view: FileTrack, good: bool) -> str:
    """Why not more than this, in a sentence; empty where all candidates are out."""
    if not good:
        return "Another label schema, or another policy of the whole file, has taken its place."
    if not view.ladder.rungs:
        return (
            "Too few candidates for any proof: no number of right answers within the planned "
            "audits could certify them."
        )
    at = target(view.standing)
    if at is None:
        lapsed = view.released != len(view.standing) - 1
        return "People looked at more of its records than the claim allows." if lapsed else ""
    return _why_not_yet(view, at)


def _why_not_yet(view: FileTrack, at: int) -> str:
    """What keeps the rung that is audited from its certificate."""
    state = view.standing[at]
    if futile(view.ladder, view.standing, at):
        return (
            f"{state.wrong} of {state.audited} audits were wrong in the next part of the "
            "candidates: within the audits that its claim allows it cannot be proved any more."
        )
    if state.pending:
        return f"{state.pending} audits wait for an answer; until then each counts as wrong."
    if not view.next_audits(1):
        return (
            "People have looked at as many of the candidates as the claim allows, and that did not "
            "suffice for the next part."
        )
    return "More audits are needed."
