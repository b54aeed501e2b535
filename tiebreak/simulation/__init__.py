"""The loop played on labelled data: strategies compared, and the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.simulation.data import LabelledData, from_file, from_project
    from tiebreak.simulation.demo import BATCH, run_demo
    from tiebreak.simulation.report import simulation_lines, write_simulation
    from tiebreak.simulation.results import DemoProof, DemoReport, LeftOut, RandomBaseline
    from tiebreak.simulation.simulate import SimulateOptions, compare_strategies

__getattr__ = lazy_face(__name__)
