"""What people see of the queue and what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.review.annotate import simulate_answers, write_annotations
    from tiebreak.review.cards import Card, build_cards
    from tiebreak.review.protocol import read_sync_request
    from tiebreak.review.sync import ReviewSession, SyncReply
    from tiebreak.review.tasks import open_batch_tasks

__getattr__ = lazy_face(__name__)
