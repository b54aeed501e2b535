"""Every metric by labels: one row a head, read back from the log, for a table or a tracker.

Nothing is stored for it, so that it works on a project of any age. What a row says of *people* is
of the labels that this head learnt from and the one before did not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import get_args

import numpy as np

from tiebreak.domain.batches import ModelInfo
from tiebreak.domain.evidence import NANOS, Estimate
from tiebreak.domain.reviews import DECIDING, Annotation, Reason, ReviewTask
from tiebreak.evaluation.batch_scores import BatchScores, batch_scores
from tiebreak.evaluation.forecast import agreement, opinions
from tiebreak.evaluation.learning_curve import weight_from
from tiebreak.evaluation.results import MetricsAccuracy, MetricsRow
from tiebreak.learner.estimation import ControlSample, assisted, share_right
from tiebreak.project import ProjectContext

REASONS: tuple[str, ...] = get_args(Reason)


def model_metrics(context: ProjectContext) -> tuple[MetricsRow, ...]:
    """One row a head, oldest first; empty before the first."""
    cards = context.pool_state().models
    if not cards:
        return ()
    log = _Log.read(context)
    by_head: dict[int, list[BatchScores]] = {}
    for batch in batch_scores(context):
        by_head.setdefault(batch.head, []).append(batch)
    rows = []
    earlier: list[ControlSample] = []
    before: ModelInfo | None = None
    for card in cards:
        scored = by_head.get(card.version, [])
        sample = ControlSample.joined([batch.control for batch in scored])
        weight = weight_from(earlier)
        earlier.append(sample)
        seconds, rate = log.pace(before.created_at if before else "", card.created_at)
        counts = log.counts_at(card.created_at, context.schema.names)
        rows.append(
            MetricsRow(
                head=card.version,
                round=card.round,
                at=card.created_at,
                labels=sum(card.trained_on.values()),
                labels_human=card.trained_on.get("human", 0),
                labels_simulated=card.trained_on.get("simulated", 0),
                control=_accuracy(assisted(sample, weight)),
                control_so_far=_accuracy(_so_far(earlier)),
                naive=_accuracy(share_right([r for batch in scored for r in batch.selected])),
                agent=_accuracy(share_right(log.agent_until(card.created_at))),
                kappa=_kappa(context, before, card),
                spend=log.spent_until(card.created_at),
                seconds_a_label=seconds,
                labels_an_hour=rate,
                queue=log.queue_at(card.created_at),
                classes_seen=sum(n > 0 for n in counts.values()),
                counts=counts,
            )
        )
        before = card
    return tuple(rows)


def _so_far(samples: Sequence[ControlSample]) -> Estimate | None:
    loss = ControlSample.joined(samples).loss
    return share_right((loss == 0).tolist())


def _accuracy(value: Estimate | None) -> MetricsAccuracy:
    return MetricsAccuracy() if value is None else MetricsAccuracy(**asdict(value))


def _kappa(context: ProjectContext, before: ModelInfo | None, card: ModelInfo) -> float | None:
    if before is None:
        return None
    first, second = opinions(context, before), opinions(context, card)
    return None if first is None or second is None else agreement(first, second)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Log:
    """What the rows need of the log, each with its time, oldest first."""

    acts: list[Annotation]
    labelled: list[tuple[str, int, tuple[str, ...] | None]]
    answers: list[tuple[str, float]]
    agent: list[tuple[str, bool]]
    tasks: list[ReviewTask]

    @classmethod
    def read(cls, context: ProjectContext) -> _Log:
        store = context.store
        acts = sorted(store.annotations.scan(), key=lambda a: (a.created_at, a.record_id, a.seq))
        labelled = [
            (d.created_at, d.record_id, d.labels if d.by in ("human", "simulated") else None)
            for d in store.decisions.scan()
        ]
        return cls(
            acts=acts,
            labelled=sorted(labelled, key=lambda x: (x[0], x[1])),
            answers=sorted((s.created_at, s.cost_nanos / NANOS) for s in store.suggestions.scan()),
            agent=_agent_right(context),
            tasks=[t for t in store.queue.tasks(status=None) if t.status != "cancelled"],
        )

    def agent_until(self, at: str) -> list[bool]:
        """Whether the agent had each control record right that was labelled by then."""
        return [right for stamp, right in self.agent if stamp <= at]

    def spent_until(self, at: str) -> float:
        """Money for the answers that came in by then."""
        return sum((m for _, m in self.answers[: bisect_right(self.answers, (at, np.inf))]), 0.0)

    def pace(self, after: str, until: str) -> tuple[float | None, float | None]:
        """People's median seconds a label, and labels an hour by the clock, between two times."""
        acts = [
            a
            for a in self.acts
            if a.source == "person" and a.outcome in DECIDING and after < a.created_at <= until
        ]
        seconds = [a.seconds for a in acts if a.seconds]
        rate = None
        if len(acts) > 1:
            first, last = (datetime.fromisoformat(acts[i].created_at) for i in (0, -1))
            hours = (last - first).total_seconds() / 3600
            rate = round((len(acts) - 1) / hours, 1) if hours else None
        return float(np.median(seconds)) if seconds else None, rate

    def queue_at(self, at: str) -> dict[str, int]:
        """Tasks by reason that were open then: made by then, and done by a later act or not yet."""
        acts: dict[int, list[str]] = {}
        for act in self.acts:
            acts.setdefault(act.record_id, []).append(act.created_at)
        waited: Counter[str] = Counter(
            task.reason
            for task in self.tasks
            if task.created_at <= at
            and not any(task.created_at < t <= at for t in acts.get(task.record_id, ()))
        )
        return {reason: waited[reason] for reason in REASONS}

    def counts_at(self, at: str, names: tuple[str, ...]) -> dict[str, int]:
        """Labels in force by people then, by name."""
        stood: dict[int, tuple[str, ...] | None] = {}
        for stamp, record_id, labels in self.labelled:
            if stamp <= at:
                stood[record_id] = labels
        counts = Counter(name for labels in stood.values() for name in labels or ())
        return {name: counts[name] for name in names}


def _agent_right(context: ProjectContext) -> list[tuple[str, bool]]:
    """(time of the label, whether the agent had it right) of control records that it was asked."""
    standing = context.pool_state().standing
    return sorted(
        (act.created_at, item.agent_labels == act.labels)
        for batch in context.pool_state().batches
        for item in batch.items
        if item.arm == "control" and item.agent is not None
        for act in [standing.get(item.record_id)]
        if act is not None and act.outcome == "label"
    )
