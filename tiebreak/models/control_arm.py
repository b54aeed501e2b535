"""The control arm: the only selected labels that estimates may use.

Each batch's first part is drawn uniformly from all unlabelled records, and what model and agent
say of it is written down before anybody labels it. So the share that they have right estimates
their accuracy on unlabelled records without bias, which no actively selected label can.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tiebreak.domain.arrays import Floats64, Ids, Positions
from tiebreak.domain.batches import BatchItem, QueryBatch
from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.learner import AnswerScores, learning_space
from tiebreak.models.predict import probabilities
from tiebreak.project import ProjectContext


def draw_control(ids: Ids, n: int, rng: np.random.Generator) -> tuple[Positions, float]:
    """Draw *n* of *ids* uniformly without replacement, before anything else is looked at.

    Args:
        ids: int64[N], every unlabelled record.
        n: how many; all of them where there are fewer.
        rng: the only chance in it.

    Returns:
        Positions in *ids*, ascending, and the probability n / N with which each record came in
        (0 when there is none).
    """
    drawn = min(n, len(ids))
    if drawn <= 0:
        return np.empty(0, dtype=np.int64), 0.0
    positions = rng.choice(len(ids), size=drawn, replace=False, shuffle=False)
    return np.sort(positions).astype(np.int64), drawn / len(ids)


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
        suggestion = suggested.get(item.record_id)
        filled = replace(
            item,
            agent=suggestion.agent if suggestion else None,
            agent_labels=suggestion.labels if suggestion else None,
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


def scored_control(context: ProjectContext, head: str | None = None) -> tuple[Floats64, Positions]:
    """Probabilities float64[n, k] given before the label, and the codes of the labels int64[n, w];
    see `tiebreak.learner.label_space`.

    With *head* only those that a head of this kind gave: kinds differ in how sure they are.
    """
    names = context.schema.names
    kinds = {card.version: card.head for card in context.pool_state().models}
    rows: list[tuple[float, ...]] = []
    values: list[LabelValue] = []
    for item, labels, version in labelled_control(context):
        of_kind = head is None or kinds.get(item.model_version or 0) == head
        if item.model_probabilities is not None and version == context.schema.version and of_kind:
            rows.append(item.model_probabilities)
            values.append(labels)
    codes = learning_space(context.schema).encode(values, names)
    return np.array(rows).reshape(len(rows), len(names)), codes


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
            best, _ = learning_space(schema).best(item.model_probabilities, schema.names)
            model.append((labels, best))
        if item.agent is not None:
            agent.append((labels, item.agent_labels))
    return learning_space(context.schema).score(n, model=model, agent=agent)


def _schemas(context: ProjectContext) -> dict[int, LabelSchema]:
    """Schemas by the version that a batch was drawn under."""
    versions = {batch.schema_version for batch in context.pool_state().batches}
    schemas = {version: context.store.notes.schema(version) for version in versions}
    return {version: schema for version, schema in schemas.items() if schema is not None}
