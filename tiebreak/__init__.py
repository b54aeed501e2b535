"""Tiebreak: an LLM agent and a fast model label your text data, and people break the ties.

The public face. Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiebreak.api import Project
    from tiebreak.domain.decisions import Decision
    from tiebreak.domain.evidence import Estimate, Suggestion
    from tiebreak.domain.labels import Label, LabelSchema
    from tiebreak.domain.records import Record
    from tiebreak.domain.reviews import Annotation, ReviewTask
    from tiebreak.drift import DriftReport
    from tiebreak.errors import TiebreakError
    from tiebreak.evaluation import (
        LabelIssuesReport,
        LabelPrevalence,
        LearningCurvePoint,
        MetricsRow,
        ProjectForecast,
    )
    from tiebreak.files import ImportOptions, ImportSummary
    from tiebreak.learner.label_space import AnswerScores
    from tiebreak.loop import IntegrityProblem, RunEstimate, RunOptions
    from tiebreak.promise.status import CertificateStatus
    from tiebreak.report import Report, RunResult, Status
    from tiebreak.results import to_json
    from tiebreak.review.cards import Card
    from tiebreak.review.quality.results import ConsensusReport, PeopleReport

__version__ = "0.1.0"

__all__ = [
    "Annotation",
    "AnswerScores",
    "Card",
    "CertificateStatus",
    "ConsensusReport",
    "Decision",
    "DriftReport",
    "Estimate",
    "ImportOptions",
    "ImportSummary",
    "IntegrityProblem",
    "Label",
    "LabelIssuesReport",
    "LabelPrevalence",
    "LabelSchema",
    "LearningCurvePoint",
    "MetricsRow",
    "PeopleReport",
    "Project",
    "ProjectForecast",
    "Record",
    "Report",
    "ReviewTask",
    "RunEstimate",
    "RunOptions",
    "RunResult",
    "Status",
    "Suggestion",
    "TiebreakError",
    "to_json",
]

_HOME = {
    "Annotation": "tiebreak.domain.reviews",
    "AnswerScores": "tiebreak.learner.label_space",
    "Card": "tiebreak.review.cards",
    "CertificateStatus": "tiebreak.promise.status",
    "ConsensusReport": "tiebreak.review.quality.results",
    "Decision": "tiebreak.domain.decisions",
    "DriftReport": "tiebreak.drift.results",
    "Estimate": "tiebreak.domain.evidence",
    "ImportOptions": "tiebreak.files",
    "ImportSummary": "tiebreak.files",
    "Label": "tiebreak.domain.labels",
    "LabelIssuesReport": "tiebreak.evaluation.results",
    "LabelPrevalence": "tiebreak.evaluation.results",
    "LabelSchema": "tiebreak.domain.labels",
    "LearningCurvePoint": "tiebreak.evaluation.results",
    "MetricsRow": "tiebreak.evaluation.results",
    "PeopleReport": "tiebreak.review.quality.results",
    "IntegrityProblem": "tiebreak.loop.results",
    "Project": "tiebreak.api.project",
    "ProjectForecast": "tiebreak.evaluation.results",
    "Record": "tiebreak.domain.records",
    "Report": "tiebreak.report.results",
    "ReviewTask": "tiebreak.domain.reviews",
    "RunEstimate": "tiebreak.loop.results",
    "RunOptions": "tiebreak.loop.running",
    "RunResult": "tiebreak.report.results",
    "Status": "tiebreak.report.results",
    "Suggestion": "tiebreak.domain.evidence",
    "TiebreakError": "tiebreak.errors",
    "to_json": "tiebreak.results",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'tiebreak' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
