"""Review cards: what a person sees of a record. A blind card holds no machine's answer at all.

A `CardBuilder` is made once for an epoch (a head and a label schema) and deals cards from what it
then read, so that a page of cards costs milliseconds and no encoder is loaded for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.batches import ModelInfo
from tiebreak.domain.evidence import Neighbour, Suggestion
from tiebreak.domain.label_space import label_space
from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.domain.records import Record
from tiebreak.domain.reviews import ReviewTask
from tiebreak.errors import StoreError
from tiebreak.models import LabelledIndex, Scorer
from tiebreak.project import ProjectContext

NEIGHBOURS = 3

Ranked = tuple[tuple[str, float], ...]
"""(label, calibrated probability) pairs, best first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """One review task with what may be shown for it.

    ``model`` are (label, calibrated probability) pairs, best first, of the head
    ``model_version``, and ``model_labels`` is the label value that this head would give. On a
    blind card ``suggestion``, ``model_version`` and ``model_labels`` are None, ``model`` and
    ``neighbours`` empty: left out, not hidden.
    """

    task: ReviewTask
    record: Record
    suggestion: Suggestion | None = None
    model: Ranked = ()
    model_version: int | None = None
    model_labels: LabelValue | None = None
    neighbours: tuple[Neighbour, ...] = ()


class CardBuilder:
    """Deals the cards of one epoch. Safe for threads: it changes nothing after it was made."""

    def __init__(self, context: ProjectContext) -> None:
        self._context = context
        self.schema: LabelSchema = context.schema
        self.epoch = epoch_of(context.store.notes.last_model(), self.schema)
        self._scorer = Scorer.newest(context)
        self._index = LabelledIndex.of(context, self._scorer.rows) if self._scorer else None

    def cards(self, tasks: Sequence[ReviewTask]) -> list[Card]:
        """Cards for tasks, in their order."""
        open_ids = [t.record_id for t in tasks if not t.blind]
        records = self._context.records(t.record_id for t in tasks)
        suggestions = self._suggested(open_ids)
        ranked, near = self._evidence(open_ids)
        return [
            Card(task=task, record=records[task.record_id])
            if task.blind
            else Card(
                task=task,
                record=records[task.record_id],
                suggestion=suggestions.get(task.record_id),
                model=ranked.get(task.record_id, ()),
                model_version=self._scorer.version
                if self._scorer and task.record_id in ranked
                else None,
                model_labels=self._value(ranked.get(task.record_id)),
                neighbours=near.get(task.record_id, ()),
            )
            for task in tasks
        ]

    def _evidence(
        self, ids: Sequence[int]
    ) -> tuple[dict[int, Ranked], dict[int, tuple[Neighbour, ...]]]:
        """Labels by calibrated probability, and labelled neighbours, of each record."""
        scorer, index = self._scorer, self._index
        if not ids or scorer is None or index is None:
            return {}, {}
        try:
            vectors = scorer.rows(np.asarray(ids, dtype=np.int64))
        except StoreError:  # not embedded yet: people work on without
            return {}, {}
        p = scorer.probabilities(vectors)
        order = np.argsort(-p, axis=1, kind="stable")
        ranked = {
            i: tuple((scorer.classes[j], float(row[j])) for j in best)
            for i, row, best in zip(ids, p, order, strict=True)
        }
        return ranked, index.near(ids, vectors, NEIGHBOURS)

    def _value(self, ranked: Ranked | None) -> LabelValue | None:
        if not ranked:
            return None
        chances, names = dict(ranked), self.schema.names
        p = [chances[name] for name in names]
        return label_space(self.schema).best(p, names)[0]

    def _suggested(self, ids: Sequence[int]) -> dict[int, Suggestion]:
        version = self.schema.version
        return {
            i: s
            for i, s in self._context.store.suggestions.latest(ids).items()
            if s.schema_version == version
        }


def epoch_of(card: ModelInfo | None, schema: LabelSchema) -> str:
    """Names what cards depend on: the newest head and the schema in force."""
    return f"m{card.version if card else 0}.s{schema.version}"


def build_cards(context: ProjectContext, tasks: Sequence[ReviewTask]) -> list[Card]:
    """Cards for tasks, in their order, under the newest head."""
    return CardBuilder(context).cards(tasks)
