"""The labelling agent: prompts, parsing, confidence, and the money it may spend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.agents.backends.embedded import find_model
    from tiebreak.agents.backends.factory import agent_id, open_agent
    from tiebreak.agents.calling.calls import CallEstimate, Failure, estimate_calls
    from tiebreak.agents.calling.money import require_price
    from tiebreak.agents.labeller import Labeller, LabelTask

__getattr__ = lazy_face(__name__)
