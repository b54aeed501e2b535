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
    from tiebreak.learner import AnswerScores
    from tiebreak.loop import IntegrityProblem, RunEstimate, RunOptions
    from tiebreak.promise import CertificateStatus
    from tiebreak.report import Report, RunResult, Status
    from tiebreak.results import to_json
    from tiebreak.review import Card
    from tiebreak.review.quality import ConsensusReport, PeopleReport

__version__ = "0.1.0"

__all__ = [
    "Annotation", "AnswerScores", "Card", "CertificateStatus", "ConsensusReport", "Decision",
    "DriftReport", "Estimate", "ImportOptions", "ImportSummary", "IntegrityProblem", "Label",
    "LabelIssuesReport", "LabelPrevalence", "LabelSchema", "LearningCurvePoint", "MetricsRow",
    "PeopleReport", "Project", "ProjectForecast", "Record", "Report", "ReviewTask",
    "RunEstimate", "RunOptions", "RunResult", "Status", "Suggestion", "TiebreakError",
    "to_json",
]  # fmt: skip

_NAMES = {
    "tiebreak.api": "Project",
    "tiebreak.domain.decisions": "Decision",
    "tiebreak.domain.evidence": "Estimate Suggestion",
    "tiebreak.domain.labels": "Label LabelSchema",
    "tiebreak.domain.records": "Record",
    "tiebreak.domain.reviews": "Annotation ReviewTask",
    "tiebreak.drift": "DriftReport",
    "tiebreak.errors": "TiebreakError",
    "tiebreak.evaluation": "LabelIssuesReport LabelPrevalence LearningCurvePoint "
    "MetricsRow ProjectForecast",
    "tiebreak.files": "ImportOptions ImportSummary",
    "tiebreak.learner.label_space": "AnswerScores",
    "tiebreak.loop": "IntegrityProblem RunEstimate RunOptions",
    "tiebreak.promise.status": "CertificateStatus",
    "tiebreak.report": "Report RunResult Status",
    "tiebreak.results": "to_json",
    "tiebreak.review.cards": "Card",
    "tiebreak.review.quality.results": "ConsensusReport PeopleReport",
}
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'tiebreak' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
