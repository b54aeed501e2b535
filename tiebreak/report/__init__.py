"""The status and the report: what a project says of itself, in words and charts."""

from tiebreak.report.data import project_report
from tiebreak.report.html import report_html
from tiebreak.report.results import LabelsInForce, Report, RunResult, Status
from tiebreak.report.status import project_status, run_result

__all__ = [
    "LabelsInForce",
    "Report",
    "RunResult",
    "Status",
    "project_report",
    "project_status",
    "report_html",
    "run_result",
]
