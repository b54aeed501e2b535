"""What is known of a project: accuracy, curves, forecasts, metrics, label issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.evaluation.forecast import project_forecast
    from tiebreak.evaluation.label_issues import (
        SOURCES,
        Source,
        list_label_issues,
        queue_label_issues,
    )
    from tiebreak.evaluation.learning_curve import learning_curve_points
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

__getattr__ = lazy_face(__name__)
