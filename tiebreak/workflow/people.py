"""What people do, real or simulated: annotations, undo, and the decisions that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tiebreak.domain.decisions import Decision
from tiebreak.domain.labels import LabelSchema
from tiebreak.domain.ports import Gold, Store
from tiebreak.domain.reviews import Annotation, ReviewTask, decision_of
from tiebreak.errors import UsageError


def annotate(store: Store, schema: LabelSchema, acts: Sequence[Annotation]) -> list[Annotation]:
    """Write annotations, the decisions that follow and the tasks that they close; all or nothing.

    Acts whose ``key`` is stored already are dropped, so a repeated call changes nothing.

    Raises:
        LabelError: a label that the schema does not have.
        UsageError: a record that is held out.
    """
    checked = [_check(act, schema) for act in acts]
    with store.transaction():
        _refuse_heldout(store, [a.record_id for a in checked])
        written = store.annotations.append(checked)
        _follow(store, sorted({a.record_id for a in written}))
    return written


def _check(act: Annotation, schema: LabelSchema) -> Annotation:
    if act.outcome == "label":
        labels = schema.check(act.labels or ())
        return replace(act, labels=labels, schema_version=schema.version)
    return replace(act, labels=None, schema_version=schema.version)


def _refuse_heldout(store: Store, ids: Sequence[int]) -> None:
    for record in store.records.get(sorted(set(ids))):
        if record.heldout:
            raise UsageError(
                f"Record {record.external_id!r} is held out (split {record.split!r}): "
                "it only measures.",
                mend="Label records of the pool.",
            )


def _follow(store: Store, ids: Sequence[int]) -> None:
    standing = store.annotations.standing(ids)
    current = store.decisions.latest(ids)
    decided: list[Decision] = []
    closed: list[int] = []
    reopened: list[int] = []
    for record_id in ids:
        act = standing.get(record_id)
        before = current.get(record_id)
        if act is not None:
            closed.append(record_id)
        else:
            reopened.append(record_id)
        if act is not None and act.outcome in ("label", "none"):
            decided.append(decision_of(act))
        elif before is not None and before.by in ("human", "simulated"):
            decided.append(replace(before, labels=None, reasons=("withdrawn",), seq=0))
    store.decisions.append(decided)
    store.queue.close(closed)
    store.queue.reopen(reopened)


def simulate_answers(
    store: Store, gold: Gold, schema: LabelSchema, tasks: Sequence[ReviewTask], *, limit: int | None
) -> int:
    """Answer open tasks from sealed labels, as a simulated reviewer; returns how many records.

    A record without a gold label of the schema is skipped (outcome ``skip``). Every act is
    marked ``simulated``. All are one transaction: a killed run answers all of them again or none,
    so that the next head learns from the same labels either way.
    """
    ids = list(dict.fromkeys(task.record_id for task in tasks))[:limit]
    known = gold.get(ids)
    acts: list[Annotation] = []
    for record_id in ids:
        labels = known.get(record_id)
        fits = labels is not None and all(name in schema.names for name in labels)
        acts.append(
            Annotation(
                record_id=record_id,
                who="gold labels",
                source="simulated",
                outcome="label" if fits else "skip",
                labels=labels if fits else None,
                shown="nothing",
            )
        )
    return len(annotate(store, schema, acts))
