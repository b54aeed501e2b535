"""Audits in the review queue: drawn in coin order, blind, among the other blind cards."""

from __future__ import annotations

from collections.abc import Sequence

from tiebreak.domain.reviews import CONTROL_PRIORITY, ReviewTask, blind_answer
from tiebreak.project import PoolState, ProjectContext
from tiebreak.promise.file_track import FileTrack

MAX_TRIES = 2
"""Cards that a person gets of one audit: who sets it aside twice leaves it unanswered."""


def open_audits(
    context: ProjectContext, state: PoolState, tracks: Sequence[FileTrack], count: int
) -> int:
    """Draw audits of the newest policy until *count* wait, and see to it that each waits in the
    queue; how many do. 0: there is nothing (more) to audit, or no room for it.

    One transaction. A draw is written once for ever; what was drawn and lost its task (a skip, an
    answer that was not blind) gets a new one, but for an audit that was set aside `MAX_TRIES`
    times.
    """
    waiting = open_audit_ids(state, [i for track in tracks for i in track.pending()])
    with context.store.transaction():
        for track in tracks:
            fresh = track.next_audits(max(min(count, track.wanted()) - len(waiting), 0))
            context.store.promises.draw(track.policy.number, fresh)
            waiting += [i for i in fresh if blind_answer(state.histories.get(i, ())) is None]
        queue_audits(context, waiting)
    return len(waiting)


def open_audit_ids(state: PoolState, pending: Sequence[int]) -> list[int]:
    """Of audits without an answer, those that were not set aside `MAX_TRIES` times."""
    return [i for i in pending if len(state.histories.get(i, ())) < MAX_TRIES]


def queue_audits(context: ProjectContext, ids: Sequence[int]) -> None:
    """Into the queue as audits: blind cards like those of the control arm."""
    context.store.queue.open(
        [
            ReviewTask(record_id=i, reason="audit", priority=CONTROL_PRIORITY, blind=True)
            for i in ids
        ]
    )
