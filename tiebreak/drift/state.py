"""The drift sensors at work: they look at each run, what they saw is kept, and a pause holds.

The reference is what was in the pool at the first run, until somebody looks and moves the mark. A
pause stops the one step that gives labels without a person (`accept_unproved`), and nothing else:
people go on, the model goes on learning. No state here proves or certifies anything.
"""

from __future__ import annotations

from typing import Any

from tiebreak.drift.report import MIN_REFERENCE, WINDOW, drift_report
from tiebreak.errors import UsageError
from tiebreak.models.embed import NEAR
from tiebreak.project.context import ProjectContext
from tiebreak.project.pool import ACKNOWLEDGED_STEP

DRIFT_STEP = "drift"
"""Step of the log: what the sensors saw."""
MAX_NEW = 100_000
"""More new records than this are looked at when asked for, not at each run: that takes minutes."""
MAX_WINDOWS = 20

ADVICE = {
    "pause": "No label is taken over without a person until somebody has looked: "
    "`tiebreak drift DIR`, then `tiebreak drift DIR --looked`.",
    "flag": "Look at `tiebreak drift DIR`: a label may be missing.",
    "ok": "",
}


def reference_mark(context: ProjectContext) -> int | None:
    """The id of the reference's last record; None before the first run.

    The pool as the first run found it, or as it was when somebody looked last.
    """
    first: int | None = None
    for step, _, told in context.store.notes.reports():
        if step == ACKNOWLEDGED_STEP or (step == NEAR and first is None):
            first = int(told["up_to"])
    return first


def drift_state(context: ProjectContext) -> dict[str, Any] | None:
    """What the sensors saw last: {state, reason, new, after, up_to, groups, do}.

    None before they looked, and after somebody did. ``new`` counts the records after the reference;
    ``groups`` are the sizes of groups of far texts that are alike; ``do`` says what to do.
    """
    seen: dict[str, Any] | None = None
    for step, _, told in context.store.notes.reports():
        if step in (DRIFT_STEP, ACKNOWLEDGED_STEP):
            seen = {**told, "do": ADVICE[told["state"]]} if step == DRIFT_STEP else None
    return seen


def watch_drift(context: ProjectContext) -> dict[str, Any] | None:
    """Look at the records since the mark, if any came in since the last look, and keep what is
    seen; returns `drift_state`. A pause is kept as it is. Every record needs its vector."""
    seen, after = drift_state(context), reference_mark(context)
    pool = context.table.pool
    new = pool[pool > after] if after is not None else pool[:0]
    if after is None or not len(new) or (seen and seen["state"] == "pause"):
        return seen
    if seen is not None and seen["up_to"] == int(new[-1]):
        return seen
    if len(pool) - len(new) < MIN_REFERENCE:
        return seen
    if len(new) > MAX_NEW:
        context.progress.note(
            f"{len(new)} new records are many to look for drift in at each run: tiebreak drift DIR"
        )
        return seen
    before = seen["new"] if seen else 0  # their windows were tested; two of them still count
    windows = len(new) // WINDOW - before // WINDOW + 2
    context.progress.start("drift sensors", None)
    try:
        report = drift_report(context, after=after, last_windows=min(windows, MAX_WINDOWS))
    finally:
        context.progress.done()
    store_drift(context, report, after)
    return drift_state(context)


def drift_now(
    context: ProjectContext, *, after: int | None = None, window: int | None = None
) -> dict[str, Any]:
    """`drift_report` since *after* (None: since the mark), with ``after`` and ``do`` in it.

    With neither argument what it says is kept, as at a run; a pause that holds stays until
    `acknowledge_drift`.

    Raises:
        UsageError: there was no run yet, or fewer than 100 records are before the mark.
    """
    start = reference_mark(context) if after is None else after
    if start is None:
        raise UsageError(
            "There is nothing to compare new records with: no run was made yet.",
            mend="Run: tiebreak run DIR",
        )
    report = drift_report(context, after=start, window=window or WINDOW)
    if (after, window) == (None, None) and not pause_reason(context):
        store_drift(context, report, start)
    held = pause_reason(context) if after is None else ""
    if held:  # what paused may have been in windows that are not tested any more
        report = {**report, "state": "pause", "reason": held}
    return {"after": start, **report, "do": ADVICE[report["state"]]}


def store_drift(context: ProjectContext, report: dict[str, Any], after: int) -> None:
    """Write down what a report with this mark says."""
    pool = context.table.pool
    context.store.notes.report(
        DRIFT_STEP,
        0,
        {
            "state": report["state"],
            "reason": report["reason"],
            "new": report["new"],
            "after": after,
            "up_to": int(pool[-1]),
            "groups": [group["size"] for group in report["groups"]],
        },
    )


def acknowledge_drift(context: ProjectContext) -> int:
    """Somebody looked: every record so far joins the reference, and a pause ends, as does an alarm
    of a stream's monitor. Returns the mark.

    This says that a person wants to go on, not that all is well.
    """
    pool = context.table.pool
    up_to = int(pool[-1]) if len(pool) else 0
    context.store.notes.report(ACKNOWLEDGED_STEP, 0, {"up_to": up_to})
    return up_to


def pause_reason(context: ProjectContext) -> str:
    """Why labels are not taken over without a person now; empty if they may be."""
    seen = drift_state(context)
    return seen["reason"] if seen is not None and seen["state"] == "pause" else ""
