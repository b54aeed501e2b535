"""Tiebreak: an LLM agent and a fast model label your text data, and people break the ties.

The public face. Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiebreak.api.project import Project
    from tiebreak.domain.decisions import Decision
    from tiebreak.domain.evidence import Suggestion
    from tiebreak.domain.labels import Label, LabelSchema
    from tiebreak.domain.records import Record
    from tiebreak.domain.reviews import Annotation, ReviewTask
    from tiebreak.errors import TiebreakError
    from tiebreak.review.cards import Card

__version__ = "0.1.0"

__all__ = [
    "Annotation",
    "Card",
    "Decision",
    "Label",
    "LabelSchema",
    "Project",
    "Record",
    "ReviewTask",
    "Suggestion",
    "TiebreakError",
]

_HOME = {
    "Annotation": "tiebreak.domain.reviews",
    "Card": "tiebreak.review.cards",
    "Decision": "tiebreak.domain.decisions",
    "Label": "tiebreak.domain.labels",
    "LabelSchema": "tiebreak.domain.labels",
    "Project": "tiebreak.api.project",
    "Record": "tiebreak.domain.records",
    "ReviewTask": "tiebreak.domain.reviews",
    "Suggestion": "tiebreak.domain.evidence",
    "TiebreakError": "tiebreak.errors",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'tiebreak' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
