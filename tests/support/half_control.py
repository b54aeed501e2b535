"""A project whose batches of twenty are half control arm, played by a simulated reviewer."""

from __future__ import annotations

from pathlib import Path

from contexts import make_context, slice_rows

from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.project.context import ProjectContext

HALF = {"select": {"control_share": 0.5, "batch": 20}}


def played(folder: Path, rounds: int) -> ProjectContext:
    """300 records of the shipped slice and 20 held out, after so many rounds."""
    context = make_context(folder, slice_rows(300, 20), settings=HALF)
    run_loop(context, RunOptions(rounds=rounds, reviewer="labels"))
    return context
