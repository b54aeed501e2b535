"""The steps of the loop, from a file to an export, and the run that plays them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.loop.call_estimate import (
        duration as duration,
        seconds_a_call as seconds_a_call,
        sweep_estimate as sweep_estimate,
    )
    from tiebreak.loop.estimate import (
        estimate_run as estimate_run,
        seconds_of as seconds_of,
        seconds_to_embed as seconds_to_embed,
    )
    from tiebreak.loop.export import export_labels as export_labels
    from tiebreak.loop.ingest import import_file as import_file
    from tiebreak.loop.prelabel import sweep_targets as sweep_targets
    from tiebreak.loop.results import (
        IntegrityProblem as IntegrityProblem,
        RunEstimate as RunEstimate,
    )
    from tiebreak.loop.routing import proposals as proposals
    from tiebreak.loop.run import run_loop as run_loop
    from tiebreak.loop.running import LoopRun as LoopRun, RunOptions as RunOptions
    from tiebreak.loop.verify import project_hash as project_hash, verify_project as verify_project

__getattr__ = lazy_face(
    __name__,
    {
        "call_estimate": "duration seconds_a_call sweep_estimate",
        "estimate": "estimate_run seconds_of seconds_to_embed",
        "export": "export_labels",
        "ingest": "import_file",
        "prelabel": "sweep_targets",
        "results": "IntegrityProblem RunEstimate",
        "routing": "proposals",
        "run": "run_loop",
        "running": "LoopRun RunOptions",
        "verify": "project_hash verify_project",
    },
)
