"""What is known of a project: accuracy, curves, forecasts, metrics, label issues."""

from tiebreak.evaluation.forecast import project_forecast
from tiebreak.evaluation.metrics import model_metrics
from tiebreak.evaluation.prevalence import label_prevalence
from tiebreak.evaluation.results import (
    LabelIssuesReport,
    LabelPrevalence,
    LearningCurvePoint,
    LoggedMetrics,
    MetricsRow,
    ProjectForecast,
    QueuedLabelIssues,
)
from tiebreak.evaluation.tracking import log_to_mlflow, write_metrics

__all__ = [
    "LabelIssuesReport",
    "LabelPrevalence",
    "LearningCurvePoint",
    "LoggedMetrics",
    "MetricsRow",
    "ProjectForecast",
    "QueuedLabelIssues",
    "label_prevalence",
    "log_to_mlflow",
    "model_metrics",
    "project_forecast",
    "write_metrics",
]
