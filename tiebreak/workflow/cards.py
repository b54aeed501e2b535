"""Review cards: what a person sees of a record. A blind card holds no machine's answer at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.evidence import Neighbour, Suggestion
from tiebreak.domain.records import Record
from tiebreak.domain.reviews import ReviewTask
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.neighbours import labelled_neighbours
from tiebreak.workflow.predict import predict_records


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """One review task with what may be shown for it.

    ``model`` are (label, calibrated probability) pairs, best first. On a blind card
    ``suggestion`` is None and ``model`` and ``neighbours`` are empty: left out, not hidden.
    """

    task: ReviewTask
    record: Record
    suggestion: Suggestion | None = None
    model: tuple[tuple[str, float], ...] = ()
    neighbours: tuple[Neighbour, ...] = ()


def cards(bench: Bench, tasks: Sequence[ReviewTask], *, neighbours: int = 3) -> list[Card]:
    """Cards for tasks, in their order."""
    open_ids = [t.record_id for t in tasks if not t.blind]
    records = bench.records(t.record_id for t in tasks)
    suggested = bench.suggested()
    ranked = _ranked(bench, open_ids)
    near = labelled_neighbours(bench, open_ids, neighbours)
    return [
        Card(task=task, record=records[task.record_id])
        if task.blind
        else Card(
            task=task,
            record=records[task.record_id],
            suggestion=suggested.get(task.record_id),
            model=ranked.get(task.record_id, ()),
            neighbours=near.get(task.record_id, ()),
        )
        for task in tasks
    ]


def _ranked(bench: Bench, ids: list[int]) -> dict[int, tuple[tuple[str, float], ...]]:
    predictions = predict_records(bench, ids) if ids else None
    if predictions is None:
        return {}
    order = np.argsort(-predictions.probabilities, axis=1, kind="stable")
    return {
        record_id: tuple((predictions.classes[j], float(p[j])) for j in best)
        for record_id, p, best in zip(ids, predictions.probabilities, order, strict=True)
    }
