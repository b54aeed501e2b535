"""The control arm: the only selected labels that estimates may use.

Each batch's first part is drawn uniformly from all unlabelled records, and what model and agent
say of it is written down before anybody labels it. So the share that they have right estimates
their accuracy on unlabelled records without bias, which no actively selected label can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import BatchItem, QueryBatch
from tiebreak.domain.evidence import Estimate, most_probable
from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.learner.estimation.accuracy import estimate
from tiebreak.learner.label_space import AnswerScores
from tiebreak.learner.set_scores import micro_f1
from tiebreak.models.predict import probabilities
from tiebreak.project.context import ProjectContext

Pairs = Sequence[tuple[LabelValue, LabelValue | None]]


def record_answers(context: ProjectContext, batch: QueryBatch) -> None:
    """Write what model (uncalibrated, T = 1) and agent say of a batch, before its labels.

    An item that somebody labelled meanwhile is left without answers: it measures nothing.
    """
    known = context.store.annotations.standing([item.record_id for item in batch.items])
    suggested = context.suggested()
    head = context.head()
    answered: list[BatchItem] = []
    for item in batch.items:
        if item.record_id in known:
            continue
        told = suggested.get(item.record_id)
        filled = replace(
            item,
            agent=told.agent if told else None,
            agent_labels=told.labels if told else None,
        )
        if head is not None:
            row = context.rows(np.array([item.record_id], dtype=np.int64))
            p = probabilities(head, row, calibrated=False)[0]
            exact = tuple(float(x) for x in p) if item.arm == "control" else None
            filled = replace(filled, model_version=head[0], model_probabilities=exact)
        answered.append(filled)
    context.store.batches.answer(batch.round, answered)


def labelled_control(context: ProjectContext) -> Iterator[tuple[BatchItem, LabelValue, int]]:
    """Control items with their standing label and the schema version they were drawn under."""
    items = [
        (item, batch.schema_version)
        for batch in context.pool_state().batches
        for item in batch.items
        if item.arm == "control"
    ]
    standing = context.store.annotations.standing([item.record_id for item, _ in items])
    for item, version in items:
        act = standing.get(item.record_id)
        if act is not None and act.outcome == "label" and act.labels is not None:
            yield item, act.labels, version


def scored_control(
    context: ProjectContext, head: str | None = None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Probabilities float64[n, k] given before the label, and the label's position int64[n].

    With *head* only those that a head of this kind gave: kinds differ in how sure they are.
    """
    names = context.schema.names
    kinds = {card.version: card.head for card in context.pool_state().models}
    rows: list[tuple[float, ...]] = []
    truth: list[int] = []
    for item, labels, version in labelled_control(context):
        by = kinds.get(item.model_version or 0)
        of_kind = head is None or by == head
        if item.model_probabilities is not None and version == context.schema.version and of_kind:
            rows.append(item.model_probabilities)
            truth.append(names.index(labels[0]))
    return np.array(rows).reshape(len(rows), len(names)), np.array(truth, dtype=np.int64)


def scored_sets(context: ProjectContext) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Of a multi-label project: probabilities float64[n, k] given before the labels, and which of
    the k labels apply, bool[n, k]."""
    names = context.schema.names
    rows: list[tuple[float, ...]] = []
    truth: list[list[bool]] = []
    for item, labels, version in labelled_control(context):
        if item.model_probabilities is not None and version == context.schema.version:
            rows.append(item.model_probabilities)
            truth.append([name in labels for name in names])
    shape = (len(rows), len(names))
    return np.array(rows).reshape(shape), np.array(truth, dtype=np.bool_).reshape(shape)


def control_report(context: ProjectContext) -> AnswerScores:
    """Labelled control records, and who had how many of them right.

    Each record was scored by the model of its time, so the model's figure is of the run so far,
    not of the newest head. An agent that abstained was not right; one that was not asked is not
    counted.
    """
    n = 0
    schemas = _schemas(context)
    model: list[tuple[LabelValue, LabelValue | None]] = []
    agent: list[tuple[LabelValue, LabelValue | None]] = []
    for item, labels, version in labelled_control(context):
        n += 1
        if item.model_probabilities is not None:
            schema = schemas[version]
            said = most_probable(item.model_probabilities, schema.names, multiple=schema.multiple)
            model.append((labels, said[0]))
        if item.agent is not None:
            agent.append((labels, item.agent_labels))
    return answer_scores(n, model, agent, multiple=context.schema.multiple)


def answer_scores(n: int, model: Pairs, agent: Pairs, *, multiple: bool) -> AnswerScores:
    """The scores of (true, given) label values, of *n* records."""
    f1 = {"model": micro_f1(model), "agent": micro_f1(agent)} if multiple else None
    return AnswerScores(n=n, model=exact_match(model), agent=exact_match(agent), micro_f1=f1)


def _schemas(context: ProjectContext) -> dict[int, LabelSchema]:
    """Schemas by the version that a batch was drawn under."""
    versions = {batch.schema_version for batch in context.pool_state().batches}
    found = {version: context.store.notes.schema(version) for version in versions}
    return {version: schema for version, schema in found.items() if schema is not None}


def exact_match(pairs: Pairs) -> Estimate | None:
    """The share of (true, said) pairs that are equal; an abstention (None) is not."""
    return share_right([true == said for true, said in pairs])


def share_right(right: list[bool]) -> Estimate | None:
    """The share that is right, with its interval; None for none at all."""
    return estimate(sum(right), len(right))
