"""Status: counts, honest accuracies, spend, and what to do next. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tiebreak.domain.decisions import BY
from tiebreak.domain.evidence import NANOS, Estimate, most_probable
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.reviews import Annotation, Outcome
from tiebreak.errors import StoreError
from tiebreak.learner.set_scores import micro_f1
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.control import control_report, exact
from tiebreak.workflow.curve import learning_curve
from tiebreak.workflow.forecast import forecast
from tiebreak.workflow.machine import Machine
from tiebreak.workflow.promise.held import autonomous
from tiebreak.workflow.promise.told import certificates
from tiebreak.workflow.routing import proposals
from tiebreak.workflow.watch import drift_state

LISTED = 20
"""Records named for each outcome that asks for a second look."""


def status(bench: Bench) -> dict[str, Any]:
    """What ``tiebreak status --json`` prints; an accuracy is {accuracy, low, high, n} or None."""
    store = bench.store
    standing = store.annotations.standing()
    outcomes = Counter(act.outcome for act in standing.values())
    labelled = {i: d for i, d in store.decisions.latest().items() if d.labels is not None}
    by = Counter(d.by for d in labelled.values())
    queue = store.queue.tasks()
    abstained = sum(
        s.labels is None
        for i, s in bench.suggested().items()
        if i not in standing and s.purpose in ("batch", "sweep")
    )
    spend = store.ledger.totals()
    pool = bench.table.pool
    card = store.notes.last_model()
    return {
        "records": len(bench.table.ids),
        "pool": len(pool),
        "multiple": bench.schema.multiple,
        "labelled": {kind: by.get(kind, 0) for kind in BY},
        "queue": len({t.record_id for t in queue}),
        "queue_by_reason": dict(sorted(Counter(t.reason for t in queue).items())),
        "proposed": len(proposals(bench)),
        "abstained": abstained,
        "skipped": outcomes.get("skip", 0),
        "none_fits": outcomes.get("none", 0),
        "none_records": _newest(bench, standing, "none"),
        "flagged": outcomes.get("flag", 0),
        "flagged_records": _newest(bench, standing, "flag"),
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
        "control": _plain(control_report(bench)),
        "heldout": _heldout(bench),
        "curve": learning_curve(bench),
        "forecast": forecast(bench),
        "drift": drift_state(bench),
        "spend": {
            "money": spend.nanos / NANOS,
            "calls": spend.calls,
            "tokens": spend.prompt_tokens + spend.completion_tokens,
        },
        "certificates": certificates(bench),
        "next": _next(len(pool), len(queue), len(standing.keys() | autonomous(bench))),
    }


def _newest(bench: Bench, standing: dict[int, Annotation], outcome: Outcome) -> list[str]:
    """External ids of the records where *outcome* stands, newest act first, at most `LISTED`."""
    acts = [act for act in standing.values() if act.outcome == outcome]
    acts.sort(key=lambda act: (act.created_at, act.record_id), reverse=True)
    records = bench.store.records.get([act.record_id for act in acts[:LISTED]])
    return [record.external_id for record in records]


def _next(pool: int, queue: int, answered: int) -> str:
    if pool == 0:
        return "import"
    if queue:
        return "review"
    return "run" if answered < pool else "done"


def _heldout(bench: Bench) -> dict[str, Any] | None:
    """Each held-out split alone: the newest head's accuracy, and the agent's where it was asked.

    An agent that abstained was not right. In a multi-label project right is the exact set, and
    ``micro_f1`` stands beside it.
    """
    ids = bench.table.ids[bench.table.heldout].tolist()
    gold = bench.store.gold.get(ids)
    if not gold:
        return None
    records = bench.records(gold)
    splits: dict[str, list[int]] = {}
    for i in sorted(gold):
        splits.setdefault(records[i].split or "", []).append(i)
    told = {i: s for i, s in bench.suggested().items() if s.purpose == "heldout"}
    machine = Machine.newest(bench)
    figures = {}
    for split, members in sorted(splits.items()):
        model = [(gold[i], value) for i, value in _model_says(bench, machine, members).items()]
        agent = [(gold[i], told[i].labels) for i in members if i in told]
        figures[split] = {
            "n": len(members),
            "model": _plain(exact(model)),
            "agent": _plain(exact(agent)),
        }
        if bench.schema.multiple:
            figures[split]["micro_f1"] = {"model": micro_f1(model), "agent": micro_f1(agent)}
    return figures


def _model_says(bench: Bench, machine: Machine | None, ids: Sequence[int]) -> dict[int, LabelValue]:
    if machine is None:
        return {}
    try:
        vectors = machine.rows(np.asarray(ids, dtype=np.int64))
    except StoreError:  # imported since the last run: not embedded yet
        return {}
    multiple = bench.schema.multiple
    return {
        i: most_probable(p, machine.classes, multiple=multiple)[0]
        for i, p in zip(ids, machine.probabilities(vectors), strict=True)
    }


def _plain(value: Any) -> Any:
    """Estimates as mappings, all the way down."""
    if isinstance(value, Estimate):
        return asdict(value)
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return value
