"""The drift sensors at work: they look at each run, what they saw is kept, and a pause holds.

The reference is what was in the pool at the first run, until somebody looks and moves the mark. A
pause stops the one step that gives labels without a person (`accept_unproved`), and nothing else:
people go on, the model goes on learning. No state here proves or certifies anything.
"""

from __future__ import annotations

from typing import Any

from tiebreak.errors import UsageError
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.drift import LEAST_REFERENCE, WINDOW, drift_report
from tiebreak.workflow.embed import NEAR

SEEN, LOOKED = "drift", "drift-looked"
"""Steps of the log: what the sensors saw; that somebody looked, and up to which record."""
MOST_NEW = 100_000
"""More new records than this are looked at when asked for, not at each run: that takes minutes."""
MOST_WINDOWS = 20

DO = {
    "pause": "No label is taken over without a person until somebody has looked: "
    "`tiebreak drift DIR`, then `tiebreak drift DIR --looked`.",
    "flag": "Look at `tiebreak drift DIR`: a label may be missing.",
    "ok": "",
}


def mark(bench: Bench) -> int | None:
    """The id of the reference's last record; None before the first run.

    The pool as the first run found it, or as it was when somebody looked last.
    """
    first: int | None = None
    for step, _, told in bench.store.notes.reports():
        if step == LOOKED or (step == NEAR and first is None):
            first = int(told["up_to"])
    return first


def drift_state(bench: Bench) -> dict[str, Any] | None:
    """What the sensors saw last: {state, reason, new, after, up_to, groups, do}.

    None before they looked, and after somebody did. ``new`` counts the records after the reference;
    ``groups`` are the sizes of groups of far texts that are alike; ``do`` says what to do.
    """
    seen: dict[str, Any] | None = None
    for step, _, told in bench.store.notes.reports():
        if step in (SEEN, LOOKED):
            seen = {**told, "do": DO[told["state"]]} if step == SEEN else None
    return seen


def watch(bench: Bench) -> dict[str, Any] | None:
    """Look at the records since the mark, if any came in since the last look, and keep what is
    seen; returns `drift_state`. A pause is kept as it is. Every record needs its vector."""
    seen, after = drift_state(bench), mark(bench)
    pool = bench.table.pool
    new = pool[pool > after] if after is not None else pool[:0]
    if after is None or not len(new) or (seen and seen["state"] == "pause"):
        return seen
    if seen is not None and seen["up_to"] == int(new[-1]):
        return seen
    if len(pool) - len(new) < LEAST_REFERENCE:
        return seen
    if len(new) > MOST_NEW:
        bench.progress.note(
            f"{len(new)} new records are many to look for drift in at each run: tiebreak drift DIR"
        )
        return seen
    before = seen["new"] if seen else 0  # their windows were tested; two of them still count
    windows = len(new) // WINDOW - before // WINDOW + 2
    bench.progress.start("drift sensors", None)
    try:
        report = drift_report(bench, after=after, last_windows=min(windows, MOST_WINDOWS))
    finally:
        bench.progress.done()
    keep(bench, report, after)
    return drift_state(bench)


def look(bench: Bench, *, after: int | None = None, window: int | None = None) -> dict[str, Any]:
    """`drift_report` since *after* (None: since the mark), with ``after`` and ``do`` in it.

    With neither argument what it says is kept, as at a run; a pause that holds stays until
    `looked`.

    Raises:
        UsageError: there was no run yet, or fewer than 100 records are before the mark.
    """
    start = mark(bench) if after is None else after
    if start is None:
        raise UsageError(
            "There is nothing to compare new records with: no run was made yet.",
            mend="Run: tiebreak run DIR",
        )
    report = drift_report(bench, after=start, window=window or WINDOW)
    if (after, window) == (None, None) and not paused(bench):
        keep(bench, report, start)
    held = paused(bench) if after is None else ""
    if held:  # what paused may have been in windows that are not tested any more
        report = {**report, "state": "pause", "reason": held}
    return {"after": start, **report, "do": DO[report["state"]]}


def keep(bench: Bench, report: dict[str, Any], after: int) -> None:
    """Write down what a report with this mark says."""
    pool = bench.table.pool
    bench.store.notes.report(
        SEEN,
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


def looked(bench: Bench) -> int:
    """Somebody looked: every record so far joins the reference, and a pause ends, as does an alarm
    of a stream's monitor. Returns the mark.

    This says that a person wants to go on, not that all is well.
    """
    pool = bench.table.pool
    up_to = int(pool[-1]) if len(pool) else 0
    bench.store.notes.report(LOOKED, 0, {"up_to": up_to})
    return up_to


def paused(bench: Bench) -> str:
    """Why labels are not taken over without a person now; empty if they may be."""
    seen = drift_state(bench)
    return seen["reason"] if seen is not None and seen["state"] == "pause" else ""
