"""Route every record that the agent answered: proposed, or into the review queue."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from tiebreak.domain.decisions import Decision, Route
from tiebreak.domain.evidence import Predictions
from tiebreak.domain.label_space import label_space
from tiebreak.domain.reviews import ReviewTask
from tiebreak.learner.opinion import route
from tiebreak.models import predict_records
from tiebreak.project import NOT_PROVEN, ProjectContext, is_blind_sample, withheld_records

MACHINE_REASONS = ("disagreement", "abstained", "uncertain")


def route_all(context: ProjectContext) -> dict[str, int]:
    """Route every unanswered pool record with a suggestion, under the newest head.

    Nothing is labelled by it. A changed outcome is appended; a record that is proposed now leaves
    the queue, one that is not enters it. Batch records are routed too, for the record of who
    disagreed; their own review task stands whatever comes out.
    """
    answered = context.pool_state().standing
    waiting = {
        i: s
        for i, s in context.suggested().items()
        if i not in answered and s.purpose in ("batch", "sweep")
    }
    ids = sorted(waiting)
    if not ids:
        return {}
    predictions = predict_records(context, ids)
    if predictions is not None and _knows_one(predictions):
        predictions = None  # a head that has seen one label is sure of it whatever the text
    routes: list[Route] = []
    for row, record_id in enumerate(ids):
        suggestion = waiting[record_id]
        labels, confidence = None, None
        if predictions is not None:
            p = predictions.probabilities[row]
            labels, confidence = label_space(predictions).best(p, predictions.classes)
        routes.append(
            route(
                record_id=record_id,
                agent_labels=suggestion.labels,
                agent_confidence=suggestion.confidence,
                model_labels=labels,
                model_confidence=confidence,
                model_version=predictions.model_version if predictions else 0,
                thresholds=context.settings.route,
            )
        )
    with context.store.transaction():
        context.store.routes.append(routes)
        _withdraw(context, routes)
        _queue(context, routes)
    return dict(sorted(Counter(r.reason for r in routes).items()))


def _knows_one(predictions: Predictions) -> bool:
    """Whether its head never saw two records answered differently."""
    seen = int(np.count_nonzero(predictions.probabilities[0]))
    return seen < (1 if predictions.multiple else 2)


def _withdraw(context: ProjectContext, routes: list[Route]) -> None:
    """Take back each unproved label that its record is no longer proposed for."""
    current = context.pool_state().decisions
    gone = []
    for r in routes:
        decision = current.get(r.record_id)
        if decision is None or decision.by != "unproved" or decision.labels is None:
            continue
        if decision.reasons[:1] == (NOT_PROVEN,):  # a stream's, which takes back its own
            continue
        if r.outcome == "review" or r.labels != decision.labels:
            gone.append(
                replace(
                    decision, labels=None, reasons=("no-longer-proposed",), created_at="", seq=0
                )
            )
    context.store.decisions.append(gone)


def _queue(context: ProjectContext, routes: list[Route]) -> None:
    """Bring the queue in line with the routes: one machine reason open per record, or none."""
    open_tasks = context.store.queue.tasks()
    other = {t.record_id for t in open_tasks if t.reason not in MACHINE_REASONS}
    other |= withheld_records(context, open_tasks)
    wanted = {r.record_id: r for r in routes if r.outcome == "review" and r.record_id not in other}
    stale: dict[str, list[int]] = {reason: [] for reason in MACHINE_REASONS}
    for task in open_tasks:
        if task.reason in stale:
            now = wanted.get(task.record_id)
            if now is None or now.reason != task.reason:
                stale[task.reason].append(task.record_id)
    for reason, ids in stale.items():
        context.store.queue.close(ids, cancel=(reason,))
    context.store.queue.open(
        [
            ReviewTask(
                record_id=i,
                reason=r.reason,  # type: ignore[arg-type]
                priority=r.priority,
                blind=is_blind_sample(context, i),
            )
            for i, r in wanted.items()
        ]
    )


def accept_unproved(context: ProjectContext) -> int:
    """Write every proposal as a decision by ``unproved``. Never counted as a person's label."""
    proposed = proposals(context)
    return len(
        context.store.decisions.append(
            [
                Decision(
                    record_id=r.record_id,
                    by="unproved",
                    labels=r.labels,
                    reasons=("agreement", "unproved"),
                    schema_version=context.schema.version,
                    policy_version=f"model-{r.model_version}",
                    confidence=r.model_confidence,
                )
                for r in proposed
            ]
        )
    )


def proposals(context: ProjectContext) -> list[Route]:
    """Routes of unanswered records that are proposed now and wait for nobody."""
    answered, tasks = context.pool_state().standing, context.store.queue.tasks()
    queued = {t.record_id for t in tasks} | withheld_records(context, tasks)
    return [
        r
        for i, r in sorted(context.store.routes.latest().items())
        if r.outcome == "proposed" and i not in answered and i not in queued
    ]
