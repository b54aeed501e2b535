"""Visits for desk tests: events by word, and a project context whose queue holds a batch."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from contexts import make_context, slice_rows

from tiebreak.domain.ports import Store
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.project.context import ProjectContext
from tiebreak.review.protocol import ReviewEvent, SyncRequest

_keys = itertools.count(1)
ADA, BOB = "client-of-ada", "client-of-bob"


def learned_bench(folder: Path, *, rounds: int = 2, store: Store | None = None) -> ProjectContext:
    """A project context with a head, whose next batch waits for people. The labels so far are
    simulated."""
    context = make_context(folder, slice_rows(160, 20), store=store)
    run_loop(context, RunOptions(batch=24, rounds=rounds, reviewer="labels"))
    run_loop(context, RunOptions(batch=24))
    return context


def event(record: int, what: str = "", *, seq: int = 1, **more: Any) -> ReviewEvent:
    """An event with a key of its own: *what* is a label, or skip, flag, none or undo."""
    outcome = what if what in ("skip", "flag", "none", "undo") else "label"
    told = {
        "key": f"event-{next(_keys):06d}",
        "seq": seq,
        "record": record,
        "outcome": outcome,
        "label": what if outcome == "label" else None,
        "shown": "evidence",
        **more,
    }
    return ReviewEvent.model_validate(told)


def visit(client: str = ADA, *events: ReviewEvent, **more: Any) -> SyncRequest:
    """A visit of *client* with these events."""
    return SyncRequest.model_validate({"client": client, "events": events, **more})
