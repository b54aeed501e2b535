"""What agent and model say together: fusion, confidence, routing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.learner.opinion.fusion import (
        Fusion as Fusion,
        fit_fusion as fit_fusion,
        fuse as fuse,
    )
    from tiebreak.learner.opinion.routing import route as route

__getattr__ = lazy_face(
    __name__,
    {
        "fusion": "Fusion fit_fusion fuse",
        "routing": "route",
    },
)
