"""The public face: `Project`, and what it returns."""

from tiebreak.api.project import Project

__all__ = [
    "Project",
]
