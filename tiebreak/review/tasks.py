"""Review tasks of a batch: every selected record goes to people, the control arm and a
random few of the others blind."""

from __future__ import annotations

from tiebreak.domain.batches import QueryBatch
from tiebreak.domain.reviews import CONTROL_PRIORITY, ReviewTask
from tiebreak.project import ProjectContext, is_blind_sample

SELECTED_PRIORITY = 2.0


def open_batch_tasks(context: ProjectContext, batch: QueryBatch) -> None:
    """Open one task per chosen record that nobody answered meanwhile.

    The control arm comes first and the batch before the ties (whose priority is at most 1),
    because the next batch waits for this one.
    """
    answered = context.store.annotations.standing([item.record_id for item in batch.items])
    context.store.queue.open(
        [
            ReviewTask(
                record_id=item.record_id,
                reason="control" if item.arm == "control" else "selected",
                priority=CONTROL_PRIORITY if item.arm == "control" else SELECTED_PRIORITY,
                blind=item.arm == "control" or is_blind_sample(context, item.record_id),
                batch=batch.round,
            )
            for item in batch.items
            if item.record_id not in answered
        ]
    )
