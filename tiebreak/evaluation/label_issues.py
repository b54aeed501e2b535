"""Labels of a project that are probably wrong, by source, and tasks to look at them again.

No source is judged by what learnt it: people's labels by a classifier of the other people's
labels, the agent's by a classifier of people's, the model's (which learnt from people) by a
classifier of the agent's.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from tiebreak.domain.reviews import ReviewTask
from tiebreak.errors import UsageError
from tiebreak.evaluation.results import (
    LabelIssuesLeftOut,
    LabelIssuesReport,
    QueuedLabelIssues,
    SuspectLabel,
)
from tiebreak.learner import DEFAULT_C, Judgement, LabelIssues, find_label_issues, judge_labels
from tiebreak.models import Scorer
from tiebreak.project import ProjectContext

Source = Literal["people", "agent", "model"]
SOURCES: tuple[Source, ...] = get_args(Source)
RELABEL_PRIORITY = 1.5
"""After a batch, which the next one waits for, and before the ties."""

EXCERPT = 200
"""Characters of a text in the list of suspects."""

Labels = dict[int, str]
"""Label by record id; single-label."""


def list_label_issues(
    context: ProjectContext, source: Source = "people", *, limit: int = 100
) -> LabelIssuesReport:
    """Rank a source's labels, worst first; reads only. ``suspects`` holds the first *limit*.

    Raises:
        UsageError: a source that is none of people, agent, model; a multi-label project.
        StoreError: a record has no vector yet.
    """
    ids, issues = _find(context, source)
    suspects = [(int(ids[s.position]), s) for s in issues.suspects[:limit]]
    records = context.records(record_id for record_id, _ in suspects)
    control = _control(context)
    return LabelIssuesReport(
        source=source,
        judged=len(issues.suspects),
        unjudged=len(issues.unjudged),
        flagged=sum(s.flagged for s in issues.suspects),
        suspects=tuple(
            SuspectLabel(
                record_id=i,
                id=records[i].external_id,
                given=s.given,
                better=s.better,
                quality=s.quality,
                confidence=s.confidence,
                flagged=s.flagged,
                control=i in control,
                excerpt=records[i].text[:EXCERPT],
            )
            for i, s in suspects
        ),
    )


def queue_label_issues(
    context: ProjectContext, source: Source = "people", *, most: int | None = None
) -> QueuedLabelIssues:
    """Open a blind review task (reason ``relabel``) for a source's worst labels.

    For *most* of them, worst first; None takes those that are flagged. Blind, because the suspicion
    is a machine's, and a person who saw its label would tend to agree with it.

    Left out are records that wait in the queue, or were answered anew before; for agent and model
    also those that people answered, whose label counts; and the control arm: to correct its labels
    only where the model disagrees would make the model look better than it is.

    Raises:
        UsageError: as of `list_label_issues`.
        StoreError: as of `list_label_issues`.
    """
    ids, issues = _find(context, source)
    worst = (
        issues.suspects[:most] if most is not None else [s for s in issues.suspects if s.flagged]
    )
    chosen = [int(ids[s.position]) for s in worst]
    with context.store.transaction():
        left_out = _left_out(context, source)
        barred = set().union(*left_out.values())
        fresh = [i for i in chosen if i not in barred]
        opened = context.store.queue.open(
            [
                ReviewTask(
                    record_id=i,
                    reason="relabel",
                    priority=RELABEL_PRIORITY - place / (2 * len(fresh)),
                    blind=True,
                )
                for place, i in enumerate(fresh)
            ]
        )
    counts = {why: len(out.intersection(chosen)) for why, out in left_out.items()}
    return QueuedLabelIssues(source=source, opened=opened, left_out=LabelIssuesLeftOut(**counts))


def _left_out(context: ProjectContext, source: Source) -> dict[str, set[int]]:
    """Records that get no task, by why; one may be there for more than one reason."""
    tasks = context.store.queue.tasks(status=None)
    return {
        "control": _control(context),
        "queued": {t.record_id for t in tasks if t.status == "open"},
        "looked_at": {t.record_id for t in tasks if t.status == "done" and t.reason == "relabel"},
        "answered": set() if source == "people" else set(context.pool_state().standing),
    }


def _control(context: ProjectContext) -> set[int]:
    return {
        item.record_id
        for batch in context.pool_state().batches
        for item in batch.items
        if item.arm == "control"
    }


def _find(context: ProjectContext, source: Source) -> tuple[npt.NDArray[np.int64], LabelIssues]:
    """The source's record ids, ascending, and what the judge of it says of their labels."""
    if context.schema.multiple:
        raise UsageError(
            "Doubtful labels are found where a record has one label; here it may have any number.",
            mend="Look at the records where agent and model disagree: they are in the queue.",
        )
    people = {i: labels[0] for i, (_, labels) in context.pool_state().labelled.items()}
    pool = set(context.table.pool.tolist())
    agent = {i: s.labels[0] for i, s in context.suggested().items() if s.labels and i in pool}
    if source == "people":
        given, teachers = people, people
    elif source == "agent":
        given, teachers = agent, people
    elif source == "model":
        # what the model says of records that nobody answered and the agent was asked about
        given, teachers = _model_labels(context, sorted(agent.keys() - people.keys())), agent
    else:
        raise UsageError(f"There is no source of labels {source!r}.", mend=f"One of {SOURCES}.")
    ids = np.array(sorted(given), dtype=np.int64)
    judgement = _judge(context, ids, teachers, source)
    return ids, find_label_issues([given[i] for i in ids.tolist()], judgement, context.schema.names)


def _model_labels(context: ProjectContext, ids: list[int]) -> Labels:
    scorer = Scorer.newest(context)
    if scorer is None or not ids:
        return {}
    p = scorer.probabilities(scorer.rows(np.array(ids, dtype=np.int64)))
    best = p.argmax(axis=1).tolist()
    return {i: scorer.classes[at] for i, at in zip(ids, best, strict=True)}


def _judge(
    context: ProjectContext, ids: npt.NDArray[np.int64], teachers: Labels, source: Source
) -> Judgement:
    names = context.schema.names
    learnt = np.array(sorted(teachers), dtype=np.int64)
    if not len(ids) or not len(learnt):
        return Judgement(
            probabilities=np.zeros((len(ids), len(names))), known=np.zeros(len(names), np.bool_)
        )
    place = {i: at for at, i in enumerate(learnt.tolist())}
    model = context.store.notes.last_model()
    context.progress.start("judge labels", None)
    try:
        return judge_labels(
            context.rows(learnt),
            [teachers[i] for i in learnt.tolist()],
            names,
            model.c if model else DEFAULT_C,
            context.rng("label-errors", source),
            queries=context.rows(ids),
            positions=np.array([place.get(i, -1) for i in ids.tolist()], dtype=np.int64),
        )
    finally:
        context.progress.done()
