"""The steps of the loop, from a file to an export, and the run that plays them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.loop.call_estimate import duration, seconds_a_call, sweep_estimate
    from tiebreak.loop.estimate import estimate_run, seconds_of, seconds_to_embed
    from tiebreak.loop.export import export_labels
    from tiebreak.loop.ingest import import_file
    from tiebreak.loop.prelabel import sweep_targets
    from tiebreak.loop.results import IntegrityProblem, RunEstimate
    from tiebreak.loop.routing import proposals
    from tiebreak.loop.run import run_loop
    from tiebreak.loop.running import LoopRun, RunOptions
    from tiebreak.loop.verify import project_hash, verify_project

__getattr__ = lazy_face(__name__)
