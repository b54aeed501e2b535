"""The review app: a desk at which people review the agent's pre-labels, and a status page.

The card at the desk is a client-side component that owns its queue and outbox; the routes beside
Streamlit's take its events. Everything else is ordinary Streamlit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.ui.background import LearnerOptions as LearnerOptions
    from tiebreak.ui.server.app import (
        LOOPBACK as LOOPBACK,
        ReviewOptions as ReviewOptions,
        serve_project as serve_project,
    )

__getattr__ = lazy_face(
    __name__,
    {
        "background": "LearnerOptions",
        "server.app": "LOOPBACK ReviewOptions serve_project",
    },
)
