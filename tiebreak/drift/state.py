"""The drift sensors at work: they look at each run, what they saw is kept, and a pause holds.

The reference is what was in the pool at the first run, until somebody acknowledges the drift and
moves the mark. A pause stops the steps that give labels without a person, and nothing else: people
go on, the model goes on learning. No state here proves or certifies anything.
"""

from __future__ import annotations

from dataclasses import replace

from tiebreak.domain.monitoring import DriftMark, DriftReading, MarkKind
from tiebreak.drift.report import MIN_REFERENCE, WINDOW, drift_report
from tiebreak.drift.results import ADVICE, DriftReport, DriftState
from tiebreak.errors import UsageError
from tiebreak.project import ProjectContext

MAX_NEW = 100_000
"""More new records than this are looked at when asked for, not at each run: that takes minutes."""
MAX_WINDOWS = 20


def drift_state(context: ProjectContext) -> DriftState | None:
    """None before the sensors looked, and after somebody acknowledged what they saw."""
    reading = _standing_reading(context)
    if reading is None:
        return None
    return DriftState(
        state=reading.state,
        reason=reading.reason,
        new=reading.new,
        after=reading.after,
        up_to=reading.up_to,
        groups=reading.groups,
        do=ADVICE[reading.state],
    )


def _standing_reading(context: ProjectContext) -> DriftReading | None:
    reading, mark = context.store.monitoring.last_reading(), context.store.monitoring.last_mark()
    if reading is None or (mark is not None and mark.id > reading.id):
        return None
    return reading


def pause_reason(context: ProjectContext) -> str:
    """Why labels are not taken over without a person now; empty if they may be."""
    reading = _standing_reading(context)
    return reading.reason if reading is not None and reading.state == "pause" else ""


def last_acknowledged(context: ProjectContext) -> int:
    """The number of the last acknowledgement among marks, readings and alarms; 0 for none."""
    mark = context.store.monitoring.last_mark()
    return mark.id if mark is not None and mark.kind == "acknowledged" else 0


def watch_drift(context: ProjectContext) -> None:
    """Look at the records since the mark, if any came in since the last look, and keep what is
    seen. The first run sets the mark. A pause is kept as it is. Every record needs its vector."""
    mark, pool = context.store.monitoring.last_mark(), context.table.pool
    if mark is None and len(pool):
        _put_mark(context, "first_run")
    if mark is None:
        return
    seen, new = _standing_reading(context), pool[pool > mark.up_to]
    if not len(new) or (seen is not None and (seen.state == "pause" or seen.up_to == int(new[-1]))):
        return
    if len(pool) - len(new) < MIN_REFERENCE:
        return
    if len(new) > MAX_NEW:
        context.progress.note(
            f"{len(new)} new records are many to look for drift in at each run: tiebreak drift DIR"
        )
        return
    before = seen.new if seen else 0  # their windows were tested; two of them still count
    windows = len(new) // WINDOW - before // WINDOW + 2
    context.progress.start("drift sensors", None)
    try:
        report = drift_report(context, after=mark.up_to, last_windows=min(windows, MAX_WINDOWS))
    finally:
        context.progress.done()
    _store_reading(context, report)


def drift_now(
    context: ProjectContext, *, after: int | None = None, window: int | None = None
) -> DriftReport:
    """`drift_report` since *after* (None: since the mark).

    With neither argument what it says is kept, as at a run; a pause that holds stays until it is
    acknowledged.

    Raises:
        UsageError: there was no run yet, or fewer than 100 records are before the mark.
    """
    mark = context.store.monitoring.last_mark()
    if mark is None and after is None:
        raise UsageError(
            "There is nothing to compare new records with: no run was made yet.",
            mend="Run: tiebreak run DIR",
        )
    start = after if mark is None or after is not None else mark.up_to
    report = drift_report(context, after=start or 0, window=window or WINDOW)
    pause = pause_reason(context)
    if (after, window) == (None, None) and not pause:
        _store_reading(context, report)
        pause = pause_reason(context)
    if pause and after is None:  # what paused may have been in windows that are not tested any more
        return replace(report, state="pause", reason=pause, do=ADVICE["pause"])
    return report


def acknowledge_drift(context: ProjectContext) -> int:
    """Somebody looked: every record so far joins the reference, and a pause ends, as does an alarm
    of a stream's monitor. Returns the mark.

    This says that a person wants to go on, not that all is well.
    """
    return _put_mark(context, "acknowledged").up_to


def _put_mark(context: ProjectContext, kind: MarkKind) -> DriftMark:
    pool = context.table.pool
    up_to = int(pool[-1]) if len(pool) else 0
    return context.store.monitoring.put_mark(DriftMark(kind=kind, up_to=up_to))


def _store_reading(context: ProjectContext, report: DriftReport) -> None:
    context.store.monitoring.put_reading(
        DriftReading(
            state=report.state,
            reason=report.reason,
            new=report.new,
            after=report.after,
            up_to=int(context.table.pool[-1]),
            groups=tuple(group.size for group in report.groups),
        )
    )
