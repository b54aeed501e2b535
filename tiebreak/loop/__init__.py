"""The steps of the loop, from a file to an export, and the run that plays them."""

from tiebreak.loop.estimate import estimate_run
from tiebreak.loop.export import export_labels
from tiebreak.loop.ingest import import_file
from tiebreak.loop.results import IntegrityProblem, RunEstimate
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import LoopRun, RunOptions
from tiebreak.loop.verify import project_hash, verify_project

__all__ = [
    "IntegrityProblem",
    "LoopRun",
    "RunEstimate",
    "RunOptions",
    "estimate_run",
    "export_labels",
    "import_file",
    "project_hash",
    "run_loop",
    "verify_project",
]
