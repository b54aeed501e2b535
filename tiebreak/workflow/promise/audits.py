"""Audits in the review queue: drawn in coin order, blind, among the other blind cards."""

from __future__ import annotations

from collections.abc import Sequence

from tiebreak.domain.reviews import ReviewTask, blind_answer
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.promise.evidence import View
from tiebreak.workflow.tasks import CONTROL_PRIORITY

TRIES = 2
"""Cards that a person gets of one audit: who sets it aside twice leaves it unanswered."""


def open_audits(bench: Bench, found: list[View], count: int) -> int:
    """Draw audits of the newest policy until *count* wait, and see to it that each waits in the
    queue; how many do. 0: there is nothing (more) to audit, or no room for it.

    One transaction. A draw is written once for ever; what was drawn and lost its task (a skip, an
    answer that was not blind) gets a new one, but for an audit that was set aside `TRIES` times.
    """
    with bench.store.transaction():
        waiting = [i for view in found for i in view.pending()]
        waiting = still_asked(bench, waiting)
        for view in found:
            fresh = view.next_audits(max(min(count, view.wanted()) - len(waiting), 0))
            bench.store.promises.draw(view.policy.number, fresh)
            answered = bench.store.annotations.histories(fresh)
            waiting += [i for i in fresh if blind_answer(answered.get(i, ())) is None]
        put(bench, waiting)
    return len(waiting)


def still_asked(bench: Bench, pending: Sequence[int]) -> list[int]:
    """Of audits without an answer, those that were not set aside `TRIES` times."""
    acts = bench.store.annotations.histories(pending)
    return [i for i in pending if len(acts.get(i, ())) < TRIES]


def put(bench: Bench, ids: Sequence[int]) -> None:
    """Into the queue as audits: blind cards like those of the control arm."""
    bench.store.queue.open(
        [
            ReviewTask(record_id=i, reason="audit", priority=CONTROL_PRIORITY, blind=True)
            for i in ids
        ]
    )
