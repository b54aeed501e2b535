"""Tiebreak: an LLM agent and a fast model label your text data, and people break the ties.

The public face. Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

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

__getattr__ = lazy_face(__name__)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
