"""Status: counts, honest accuracies, spend, and what to do next. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tiebreak.domain.batches import ModelInfo
from tiebreak.domain.decisions import BY
from tiebreak.domain.evidence import NANOS
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.reviews import Annotation, Outcome
from tiebreak.drift import drift_state
from tiebreak.errors import StoreError
from tiebreak.evaluation import learning_curve_points, project_forecast
from tiebreak.learner import AnswerScores, learning_space
from tiebreak.loop import LoopRun, proposals
from tiebreak.models import Scorer, control_report
from tiebreak.project import ProjectContext
from tiebreak.promise import certificate_statuses
from tiebreak.report.results import (
    LabelsInForce,
    ModelSummary,
    RunResult,
    SpendSummary,
    SplitSummary,
    Status,
)
from tiebreak.results import copied

MAX_LISTED = 20
"""Records named for each outcome that asks for a second look."""


def project_status(context: ProjectContext) -> Status:
    """Counts, accuracies, spend and what to do next, as they stand now."""
    store, state = context.store, context.pool_state()
    standing = store.annotations.standing()
    outcomes = Counter(act.outcome for act in standing.values())
    decided_by = Counter(d.by for d in store.decisions.latest().values() if d.labels is not None)
    queue = store.queue.tasks()
    waiting = {task.record_id for task in queue}
    spend = store.ledger.totals()
    batch = store.batches.last()
    return Status(
        records=len(context.table.ids),
        pool=len(context.table.pool),
        multiple=context.schema.multiple,
        labelled=LabelsInForce(**{by: decided_by.get(by, 0) for by in BY}),
        queue=len(waiting),
        queue_by_reason=dict(sorted(Counter(task.reason for task in queue).items())),
        proposed=len(proposals(context)),
        abstained=sum(
            suggestion.labels is None
            for i, suggestion in context.suggested().items()
            if i not in standing and suggestion.purpose in ("batch", "sweep")
        ),
        skipped=outcomes.get("skip", 0),
        none_fits=outcomes.get("none", 0),
        none_records=_newest(context, standing, "none"),
        flagged=outcomes.get("flag", 0),
        flagged_records=_newest(context, standing, "flag"),
        duplicates=dict(sorted(Counter(x.kind for x in store.records.links()).items())),
        splits=tuple(
            SplitSummary(split=split, held_out=held_out, records=n)
            for (split, held_out), n in sorted(
                store.records.splits().items(), key=lambda x: (x[0][1], x[0][0] or "")
            )
        ),
        rounds=batch.round if batch else 0,
        model=_model(store.notes.last_model()),
        control=control_report(context),
        heldout=_heldout(context),
        curve=learning_curve_points(context),
        forecast=project_forecast(context),
        drift=drift_state(context),
        spend=SpendSummary(
            money=spend.nanos / NANOS,
            calls=spend.calls,
            tokens=spend.prompt_tokens + spend.completion_tokens,
        ),
        certificates=tuple(certificate_statuses(context)),
        next=_next(
            len(context.table.pool), len(queue), len(standing.keys() | state.released.keys())
        ),
    )


def run_result(run: LoopRun) -> RunResult:
    """Where the project stands after a run, and what the run did."""
    status = project_status(run.context)
    return copied(
        RunResult,
        status,
        next=run.stopped,
        message=run.message,
        unproved_now=run.unproved,
        unanswered_now=len(run.failures),
        seconds={step: round(s, 3) for step, s in run.seconds.items()},
    )


def _model(info: ModelInfo | None) -> ModelSummary | None:
    if info is None:
        return None
    return ModelSummary(
        version=info.version,
        c=info.c,
        temperature=info.temperature,
        trained_on=dict(info.trained_on),
    )


def _newest(
    context: ProjectContext, standing: dict[int, Annotation], outcome: Outcome
) -> tuple[str, ...]:
    """External ids of records where *outcome* stands, newest act first, at most `MAX_LISTED`."""
    acts = [act for act in standing.values() if act.outcome == outcome]
    acts.sort(key=lambda act: (act.created_at, act.record_id), reverse=True)
    records = context.store.records.get([act.record_id for act in acts[:MAX_LISTED]])
    return tuple(record.external_id for record in records)


def _next(pool: int, queue: int, answered: int) -> str:
    if pool == 0:
        return "import"
    if queue:
        return "review"
    return "run" if answered < pool else "done"


def _heldout(context: ProjectContext) -> dict[str, AnswerScores] | None:
    """Each held-out split alone: the newest head's scores, and the agent's where it was asked."""
    ids = context.table.ids[context.table.heldout].tolist()
    gold = context.store.gold.get(ids)
    if not gold:
        return None
    records = context.records(gold)
    splits: dict[str, list[int]] = {}
    for i in sorted(gold):
        splits.setdefault(records[i].split or "", []).append(i)
    answers = {i: s.labels for i, s in context.suggested().items() if s.purpose == "heldout"}
    scorer, space = Scorer.newest(context), learning_space(context.schema)
    scores = {}
    for split, members in sorted(splits.items()):
        predicted = _predicted(context, scorer, members)
        model = [(gold[i], value) for i, value in predicted.items()]
        agent = [(gold[i], answers[i]) for i in members if i in answers]
        scores[split] = space.score(len(members), model=model, agent=agent)
    return scores


def _predicted(
    context: ProjectContext, scorer: Scorer | None, ids: Sequence[int]
) -> dict[int, LabelValue]:
    """The newest head's label values; nothing before there is one."""
    if scorer is None:
        return {}
    try:
        vectors = scorer.rows(np.asarray(ids, dtype=np.int64))
    except StoreError:  # imported since the last run: not embedded yet
        return {}
    space = learning_space(context.schema)
    return {
        i: space.best(p, scorer.classes)[0]
        for i, p in zip(ids, scorer.probabilities(vectors), strict=True)
    }
