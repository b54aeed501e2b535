"""Status: counts, honest accuracies, spend, and what to do next. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tiebreak.domain.decisions import BY
from tiebreak.domain.evidence import NANOS
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.reviews import Annotation, Outcome
from tiebreak.drift.state import drift_state
from tiebreak.errors import StoreError
from tiebreak.evaluation.forecast import project_forecast
from tiebreak.evaluation.learning_curve import learning_curve
from tiebreak.learner.label_space import AnswerScores, learning_space
from tiebreak.loop.routing import proposals
from tiebreak.models.control_arm import control_report
from tiebreak.models.scorer import Scorer
from tiebreak.project.context import ProjectContext
from tiebreak.promise.status import certificate_statuses
from tiebreak.results import to_json

LISTED = 20
"""Records named for each outcome that asks for a second look."""


def project_status(context: ProjectContext) -> dict[str, Any]:
    """What ``tiebreak status --json`` prints; an accuracy is {accuracy, low, high, n} or None."""
    store = context.store
    standing = store.annotations.standing()
    outcomes = Counter(act.outcome for act in standing.values())
    labelled = {i: d for i, d in store.decisions.latest().items() if d.labels is not None}
    by = Counter(d.by for d in labelled.values())
    queue = store.queue.tasks()
    abstained = sum(
        s.labels is None
        for i, s in context.suggested().items()
        if i not in standing and s.purpose in ("batch", "sweep")
    )
    spend = store.ledger.totals()
    pool = context.table.pool
    card = store.notes.last_model()
    return {
        "records": len(context.table.ids),
        "pool": len(pool),
        "multiple": context.schema.multiple,
        "labelled": {kind: by.get(kind, 0) for kind in BY},
        "queue": len({t.record_id for t in queue}),
        "queue_by_reason": dict(sorted(Counter(t.reason for t in queue).items())),
        "proposed": len(proposals(context)),
        "abstained": abstained,
        "skipped": outcomes.get("skip", 0),
        "none_fits": outcomes.get("none", 0),
        "none_records": _newest(context, standing, "none"),
        "flagged": outcomes.get("flag", 0),
        "flagged_records": _newest(context, standing, "flag"),
        "duplicates": dict(sorted(Counter(x.kind for x in store.records.links()).items())),
        "splits": [
            {"split": split, "held_out": held, "records": n}
            for (split, held), n in sorted(
                store.records.splits().items(), key=lambda x: (x[0][1], x[0][0] or "")
            )
        ],
        "rounds": batch.round if (batch := store.batches.last()) else 0,
        "model": None
        if card is None
        else {
            "version": card.version,
            "c": card.c,
            "temperature": card.temperature,
            "trained_on": dict(card.trained_on),
        },
        "control": _scores(control_report(context)),
        "heldout": _heldout(context),
        "curve": learning_curve(context),
        "forecast": project_forecast(context),
        "drift": to_json(drift_state(context)),
        "spend": {
            "money": spend.nanos / NANOS,
            "calls": spend.calls,
            "tokens": spend.prompt_tokens + spend.completion_tokens,
        },
        "certificates": to_json(certificate_statuses(context)),
        "next": _next(len(pool), len(queue), len(standing.keys() | context.pool_state().released)),
    }


def _newest(
    context: ProjectContext, standing: dict[int, Annotation], outcome: Outcome
) -> list[str]:
    """External ids of the records where *outcome* stands, newest act first, at most `LISTED`."""
    acts = [act for act in standing.values() if act.outcome == outcome]
    acts.sort(key=lambda act: (act.created_at, act.record_id), reverse=True)
    records = context.store.records.get([act.record_id for act in acts[:LISTED]])
    return [record.external_id for record in records]


def _next(pool: int, queue: int, answered: int) -> str:
    if pool == 0:
        return "import"
    if queue:
        return "review"
    return "run" if answered < pool else "done"


def _heldout(context: ProjectContext) -> dict[str, Any] | None:
    """Each held-out split alone: the newest head's accuracy, and the agent's where it was asked.

    An agent that abstained was not right. In a multi-label project right is the exact set, and
    ``micro_f1`` stands beside it.
    """
    ids = context.table.ids[context.table.heldout].tolist()
    gold = context.store.gold.get(ids)
    if not gold:
        return None
    records = context.records(gold)
    splits: dict[str, list[int]] = {}
    for i in sorted(gold):
        splits.setdefault(records[i].split or "", []).append(i)
    told = {i: s for i, s in context.suggested().items() if s.purpose == "heldout"}
    machine, space = Scorer.newest(context), learning_space(context.schema)
    figures = {}
    for split, members in sorted(splits.items()):
        model = [(gold[i], value) for i, value in _model_says(context, machine, members).items()]
        agent = [(gold[i], told[i].labels) for i in members if i in told]
        figures[split] = _scores(space.score(len(members), model=model, agent=agent))
    return figures


def _model_says(
    context: ProjectContext, machine: Scorer | None, ids: Sequence[int]
) -> dict[int, LabelValue]:
    if machine is None:
        return {}
    try:
        vectors = machine.rows(np.asarray(ids, dtype=np.int64))
    except StoreError:  # imported since the last run: not embedded yet
        return {}
    space = learning_space(context.schema)
    return {
        i: space.best(p, machine.classes)[0]
        for i, p in zip(ids, machine.probabilities(vectors), strict=True)
    }


def _scores(scores: AnswerScores) -> dict[str, Any]:
    """{n, model, agent}, and ``micro_f1`` in a multi-label project."""
    return {key: value for key, value in asdict(scores).items() if key != "micro_f1" or value}
