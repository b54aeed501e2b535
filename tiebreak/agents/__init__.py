"""The labelling agent: prompts, parsing, confidence, and the money it may spend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.agents.backends.embedded import find_model as find_model
    from tiebreak.agents.backends.factory import agent_id as agent_id, open_agent as open_agent
    from tiebreak.agents.calling.calls import (
        CallEstimate as CallEstimate,
        Failure as Failure,
        estimate_calls as estimate_calls,
    )
    from tiebreak.agents.calling.money import require_price as require_price
    from tiebreak.agents.labeller import Labeller as Labeller, LabelTask as LabelTask

__getattr__ = lazy_face(
    __name__,
    {
        "backends.embedded": "find_model",
        "backends.factory": "agent_id open_agent",
        "calling.calls": "CallEstimate Failure estimate_calls",
        "calling.money": "require_price",
        "labeller": "LabelTask Labeller",
    },
)
