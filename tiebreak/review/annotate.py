"""What people do, real or simulated: annotations, undo, and the decisions that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tiebreak.domain.decisions import Decision, may_replace
from tiebreak.domain.labels import LabelSchema
from tiebreak.domain.ports import Gold, Store
from tiebreak.domain.reviews import (
    CHECK_PRIORITY,
    CHECKS,
    DECIDING,
    Annotation,
    ReviewTask,
    decision_of,
)
from tiebreak.errors import LabelError, UsageError


def write_annotations(
    store: Store, schema: LabelSchema, acts: Sequence[Annotation]
) -> list[Annotation]:
    """Write annotations, the decisions that follow and the tasks that they close; all or nothing.

    Acts whose ``key`` is stored already are dropped, so a repeated call changes nothing. In a
    multi-label project the outcome ``none`` is the label value ``()``, and is written as that.

    Raises:
        LabelError: a label that the schema does not have.
        UsageError: a record that is held out; an undo of what its author did not do, or that does
            not stand; evidence named for a blind card.
    """
    checked = [_check(act, schema) for act in acts]
    with store.transaction():
        _refuse_heldout(store, [a.record_id for a in checked])
        written = store.annotations.append(checked)
        _follow(store, written)
    return written


def _check(act: Annotation, schema: LabelSchema) -> Annotation:
    if act.shown == "blind" and (act.suggestion, act.model_version) != (None, None):
        raise UsageError(
            f"Record {act.record_id} was shown blind, but suggestion {act.suggestion!r} and model "
            f"{act.model_version!r} are named as seen.",
            mend="Name no evidence with shown='blind'.",
        )
    if act.outcome == "none" and schema.multiple:  # no label applies: a set like any other
        act = replace(act, outcome="label", labels=())
    if act.outcome == "label":
        if act.labels is None:
            raise LabelError(
                f"Record {act.record_id} was answered 'label', without one.",
                mend="Give the label, or for no label the outcome 'none'.",
            )
        labels = schema.check(act.labels)
        return replace(act, labels=labels, schema_version=schema.version)
    return replace(act, labels=None, schema_version=schema.version)


def _refuse_heldout(store: Store, ids: Sequence[int]) -> None:
    if heldout := store.records.heldout(ids):
        (record,) = store.records.get([min(heldout)])
        raise UsageError(
            f"Record {record.external_id!r} is held out (split {record.split!r}): "
            "it only measures.",
            mend="Label records of the pool.",
        )


def _follow(store: Store, written: Sequence[Annotation]) -> None:
    ids = sorted({a.record_id for a in written})
    undone = {a.record_id for a in written if a.outcome == "undo"}
    standing = store.annotations.standing(ids)
    current = store.decisions.latest(ids)
    decided: list[Decision] = []
    closed: list[int] = []
    reopened: list[int] = []
    for record_id in ids:
        act = standing.get(record_id)
        before = current.get(record_id)
        new = decision_of(act) if act is not None and act.outcome in DECIDING else None
        # Only a simulated act can be left over whose label must not follow on a person's.
        barred = new is not None and not may_replace(before, new)
        if act is None or (barred and record_id in undone):
            reopened.append(record_id)
        else:
            closed.append(record_id)
        if new is not None and not barred:
            decided.append(new)
        elif before is not None and before.by in ("human", "simulated"):
            decided.append(replace(before, labels=None, reasons=("withdrawn",), seq=0))
    disputed = _disputed(store, decided, current)
    store.decisions.append(decided)
    store.queue.close(closed)
    store.queue.reopen(reopened)
    store.queue.open(disputed)


def _disputed(
    store: Store, decided: Sequence[Decision], current: Mapping[int, Decision]
) -> list[ReviewTask]:
    """A third, blind look for each check whose answer is not the label in force.

    The latest answer stands, here as everywhere, but neither is better than the other: a check must
    not change a label and leave it at that.
    """
    changed = [
        new.record_id
        for new in decided
        if (before := current.get(new.record_id)) is not None
        and before.by == new.by == "human"
        and "withdrawn" not in (*before.reasons, *new.reasons)
        and before.labels != new.labels
    ]
    if not changed:  # nearly always: the queue is not read
        return []
    checked = {task.record_id for task in store.queue.tasks() if task.reason in CHECKS}
    return [
        ReviewTask(record_id=i, reason="relabel", priority=CHECK_PRIORITY, blind=True)
        for i in changed
        if i in checked
    ]


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
    blind = {task.record_id for task in tasks if task.blind}
    acts: list[Annotation] = []
    for record_id in ids:
        labels = known.get(record_id)
        fits = labels is not None and schema.fits(labels)
        acts.append(
            Annotation(
                record_id=record_id,
                who="gold labels",
                source="simulated",
                outcome="label" if fits else "skip",
                labels=labels if fits else None,
                shown="blind" if record_id in blind else "nothing",
            )
        )
    return len(write_annotations(store, schema, acts))
