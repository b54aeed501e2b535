"""Which records would be labelled alone now, with which label, and how surely.

A candidate is a record that no person ever looked at, on which agent and model say the same (the
model alone, where a project has no agent). Its score is the fused probability of that label: good
for ranking, no guarantee of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Head
from tiebreak.learner.label_space import label_space
from tiebreak.learner.opinion.fusion import Fusion, fit_fusion, fuse
from tiebreak.models.control_arm import labelled_control
from tiebreak.models.predict import predict_by, probabilities
from tiebreak.project import wiring
from tiebreak.project.context import Ids, ProjectContext

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class CandidateSet:
    """Records that could be labelled alone: ``ids`` int64[n] ascending, one label value each, and
    ``scores`` float64[n]; ``fusion`` is what the scores were made with."""

    ids: Ids
    labels: tuple[LabelValue, ...]
    scores: Numbers
    fusion: Fusion


def find_candidates(context: ProjectContext, open_ids: Ids) -> CandidateSet | None:
    """Candidates among *open_ids* under the newest head; None before there is one."""
    head = context.head()
    if head is None:
        return None
    fusion = Fusion() if context.schema.multiple else learn_fusion(context)
    return candidates_by(context, open_ids, head, fusion)


def candidates_by(
    context: ProjectContext, open_ids: Ids, head: tuple[int, float, Head], fusion: Fusion
) -> CandidateSet:
    """Candidates among *open_ids* under a head, scored with a fusion (not in a multi-label
    project)."""
    told = _told(context, open_ids)
    if told is not None:
        open_ids = np.array([i for i in open_ids.tolist() if i in told], dtype=np.int64)
    if context.schema.multiple:
        return _sets(context, open_ids, told, head)
    p = probabilities(head, context.rows(open_ids), calibrated=False)
    place = {name: i for i, name in enumerate(head[2].classes)}
    said, sure = _said(told, open_ids.tolist(), place)
    best = p.argmax(axis=1) if len(p) else np.zeros(0, dtype=np.int64)
    agree = np.full(len(best), True) if told is None else said == best
    q = fuse(fusion, p[agree], said[agree], sure[agree])
    chosen = best[agree]
    return CandidateSet(
        ids=open_ids[agree],
        labels=tuple((head[2].classes[j],) for j in chosen.tolist()),
        scores=q[np.arange(len(chosen)), chosen],
        fusion=fusion,
    )


def _sets(
    context: ProjectContext,
    ids: Ids,
    told: dict[int, Suggestion] | None,
    head: tuple[int, float, Head],
) -> CandidateSet:
    """In a multi-label project: the same set, scored by the model's probability of it."""
    predictions = predict_by(context, head, ids)
    space = label_space(predictions)
    rows = [space.best(p, predictions.classes) for p in predictions.probabilities]
    kept = [
        at
        for at, (value, _) in enumerate(rows)
        if told is None or told[int(ids[at])].labels == value
    ]
    return CandidateSet(
        ids=ids[kept],
        labels=tuple(rows[at][0] for at in kept),
        scores=np.array([rows[at][1] for at in kept], dtype=np.float64),
        fusion=Fusion(),
    )


def _told(context: ProjectContext, ids: Ids) -> dict[int, Suggestion] | None:
    """What the agent says of each record that it committed itself on; None for no agent.

    A duplicate was not asked about: the answer to the record that it repeats is one to it too.
    """
    if wiring.configured_agent_id(context.settings, context.agent_name) is None:
        return None
    suggested = context.suggested()
    repeats = {x.record_id: x.of_id for x in context.store.records.links()}
    found = {i: suggested.get(i) or suggested.get(_first(i, repeats)) for i in ids.tolist()}
    return {i: s for i, s in found.items() if s is not None and s.labels is not None}


def _first(record_id: int, repeats: dict[int, int]) -> int:
    while record_id in repeats:
        record_id = repeats[record_id]
    return record_id


def _said(
    told: dict[int, Suggestion] | None, ids: Sequence[int], place: dict[str, int]
) -> tuple[Ids, Numbers]:
    """The agent's label by position (-1: none) and its confidence (nan: none) of each record."""
    said, sure = np.full(len(ids), -1, dtype=np.int64), np.full(len(ids), np.nan)
    for at, record_id in enumerate(ids):
        s = None if told is None else told[record_id]
        if s is not None and s.labels and s.labels[0] in place:
            said[at] = place[s.labels[0]]
            sure[at] = np.nan if s.confidence is None else s.confidence
    return said, sure


def learn_fusion(context: ProjectContext) -> Fusion:
    """The fusion, learnt from control records: drawn by lot, answered blind, scored before."""
    names = context.schema.names
    place = {name: i for i, name in enumerate(names)}
    kinds = {card.version: card.head for card in context.store.notes.models()}
    last = context.store.notes.last_model()
    items = [
        (item, labels)
        for item, labels, version in labelled_control(context)
        if version == context.schema.version
        and item.model_probabilities is not None
        and last is not None
        and kinds.get(item.model_version or 0) == last.head
    ]
    suggested = context.store.suggestions.latest([item.record_id for item, _ in items])
    p = np.array([item.model_probabilities for item, _ in items], dtype=np.float64)
    said, sure = np.full(len(items), -1, dtype=np.int64), np.full(len(items), np.nan)
    for at, (item, _) in enumerate(items):
        if item.agent_labels and item.agent_labels[0] in place:
            said[at] = place[item.agent_labels[0]]
            told = suggested.get(item.record_id)
            if told is not None and told.confidence is not None:
                sure[at] = told.confidence
    truth = np.array([place[labels[0]] for _, labels in items], dtype=np.int64)
    return fit_fusion(p.reshape(len(items), len(names)), said, truth, sure)
