"""The status and the report: what a project says of itself, in words and charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.report.charts import (
        Curve as Curve,
        control_curves as control_curves,
        curves_svg as curves_svg,
    )
    from tiebreak.report.data import project_report as project_report
    from tiebreak.report.html import report_html as report_html
    from tiebreak.report.rendering import label_span as label_span
    from tiebreak.report.results import (
        LabelsInForce as LabelsInForce,
        Report as Report,
        RunResult as RunResult,
        Status as Status,
    )
    from tiebreak.report.status import project_status as project_status, run_result as run_result

__getattr__ = lazy_face(
    __name__,
    {
        "charts": "Curve control_curves curves_svg",
        "data": "project_report",
        "html": "report_html",
        "rendering": "label_span",
        "results": "LabelsInForce Report RunResult Status",
        "status": "project_status run_result",
    },
)
