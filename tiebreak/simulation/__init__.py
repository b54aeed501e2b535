"""The loop played on labelled data: strategies compared, and the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.simulation.comparison import (
        SimulateOptions as SimulateOptions,
        simulate as simulate,
    )
    from tiebreak.simulation.data import (
        LabelledData as LabelledData,
        from_file as from_file,
        from_project as from_project,
    )
    from tiebreak.simulation.demo import BATCH as BATCH, run_demo as run_demo
    from tiebreak.simulation.report import (
        simulation_lines as simulation_lines,
        write_simulation as write_simulation,
    )
    from tiebreak.simulation.results import (
        DemoProof as DemoProof,
        DemoReport as DemoReport,
        LeftOut as LeftOut,
        RandomBaseline as RandomBaseline,
    )

__getattr__ = lazy_face(
    __name__,
    {
        "comparison": "SimulateOptions simulate",
        "data": "LabelledData from_file from_project",
        "demo": "BATCH run_demo",
        "report": "simulation_lines write_simulation",
        "results": "DemoProof DemoReport LeftOut RandomBaseline",
    },
)
