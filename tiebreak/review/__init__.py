"""What people see of the queue and what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.review.annotation import (
        annotate as annotate,
        simulate_answers as simulate_answers,
    )
    from tiebreak.review.cards import Card as Card, build_cards as build_cards
    from tiebreak.review.protocol import read_sync_request as read_sync_request
    from tiebreak.review.sync import ReviewSession as ReviewSession, SyncReply as SyncReply
    from tiebreak.review.tasks import open_batch_tasks as open_batch_tasks

__getattr__ = lazy_face(
    __name__,
    {
        "annotation": "annotate simulate_answers",
        "cards": "Card build_cards",
        "protocol": "read_sync_request",
        "sync": "ReviewSession SyncReply",
        "tasks": "open_batch_tasks",
    },
)
