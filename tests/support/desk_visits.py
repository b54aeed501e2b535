"""Visits for desk tests: events by word, and a bench whose queue holds a batch."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from benches import make_bench, slice_rows

from tiebreak.domain.ports import Store
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.loop import run
from tiebreak.workflow.running import RunOptions
from tiebreak.workflow.visits import Event, Visit

_keys = itertools.count(1)
ADA, BOB = "client-of-ada", "client-of-bob"


def learned_bench(folder: Path, *, rounds: int = 2, store: Store | None = None) -> Bench:
    """A bench with a head, whose next batch waits for people. The labels so far are simulated."""
    bench = make_bench(folder, slice_rows(160, 20), store=store)
    run(bench, RunOptions(batch=24, rounds=rounds, reviewer="labels"))
    run(bench, RunOptions(batch=24))
    return bench


def event(record: int, what: str = "", *, seq: int = 1, **more: Any) -> Event:
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
    return Event.model_validate(told)


def visit(client: str = ADA, *events: Event, **more: Any) -> Visit:
    """A visit of *client* with these events."""
    return Visit.model_validate({"client": client, "events": events, **more})
