"""The status and the report: what a project says of itself, in words and charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.report.charts import Curve, control_curves, curves_svg
    from tiebreak.report.data import project_report
    from tiebreak.report.html import report_html
    from tiebreak.report.rendering import label_span
    from tiebreak.report.results import LabelsInForce, Report, RunResult, Status
    from tiebreak.report.status import project_status, run_result

__getattr__ = lazy_face(__name__)
