"""Random shares of the records, each record drawn for itself."""

from __future__ import annotations

import hashlib

from tiebreak.assurance import coin
from tiebreak.project.context import ProjectContext


def is_sampled(context: ProjectContext, record_id: int, purpose: str, share: float) -> bool:
    """Whether a record falls into a *share* drawn for a purpose; always the same for both.

    Keyed by the project's seed: unlike with an audit's coin nothing is proved with it.
    """
    key = hashlib.sha256(f"{context.settings.project.seed}/people".encode()).digest()
    return share >= 1 or (share > 0 and coin(key, record_id, purpose).falls(share))


def is_blind_sample(context: ProjectContext, record_id: int) -> bool:
    """Whether a record's card hides the machines' answers, at random, whatever it is for.

    Cards left open are measured against hidden ones: the anchoring meter.
    """
    return is_sampled(context, record_id, "hide", context.settings.review.blind_share)
