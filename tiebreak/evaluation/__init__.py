"""What is known of a project: accuracy, curves, forecasts, metrics, label issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.evaluation.forecast import project_forecast as project_forecast
    from tiebreak.evaluation.label_issues import (
        SOURCES as SOURCES,
        Source as Source,
        list_label_issues as list_label_issues,
        queue_label_issues as queue_label_issues,
    )
    from tiebreak.evaluation.learning_curve import learning_curve_points as learning_curve_points
    from tiebreak.evaluation.metrics import model_metrics as model_metrics
    from tiebreak.evaluation.prevalence import label_prevalence as label_prevalence
    from tiebreak.evaluation.results import (
        LabelIssuesReport as LabelIssuesReport,
        LabelPrevalence as LabelPrevalence,
        LearningCurvePoint as LearningCurvePoint,
        LoggedMetrics as LoggedMetrics,
        MetricsRow as MetricsRow,
        ProjectForecast as ProjectForecast,
        QueuedLabelIssues as QueuedLabelIssues,
    )
    from tiebreak.evaluation.tracking import (
        log_to_mlflow as log_to_mlflow,
        write_metrics as write_metrics,
    )

__getattr__ = lazy_face(
    __name__,
    {
        "forecast": "project_forecast",
        "label_issues": "SOURCES Source list_label_issues queue_label_issues",
        "learning_curve": "learning_curve_points",
        "metrics": "model_metrics",
        "prevalence": "label_prevalence",
        "results": "LabelIssuesReport LabelPrevalence LearningCurvePoint LoggedMetrics "
        "MetricsRow ProjectForecast QueuedLabelIssues",
        "tracking": "log_to_mlflow write_metrics",
    },
)
