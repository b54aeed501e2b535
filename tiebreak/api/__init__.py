"""The public face: `Project`, and what it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.api.project import Project as Project

__getattr__ = lazy_face(
    __name__,
    {
        "project": "Project",
    },
)
