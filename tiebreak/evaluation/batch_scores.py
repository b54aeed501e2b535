"""What each head had said of the next batch before its labels, and what came of it.

Read back from the log alone: the batches with the answers written down before the labels, the
annotations, and the heads' files. So it works on a project of any age, and proves what it says: no
head is judged by a label that it learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tiebreak.domain.batches import BatchItem, ModelInfo
from tiebreak.domain.label_space import LabelSpace, label_space
from tiebreak.domain.labels import LabelValue
from tiebreak.evaluation.model_history import ModelReading, model_history
from tiebreak.learner.estimation import ControlSample
from tiebreak.project import ProjectContext


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchScores:
    """A batch of ``round`` under the head of its time, which had learnt from ``labels``.

    ``control`` are the labelled records drawn at random; ``selected`` says of each labelled record
    that the strategy chose whether the head had it right: the naive figure's ground. Empty where
    the head's file is gone.
    """

    round: int
    head: int
    labels: int
    control: ControlSample
    selected: tuple[bool, ...]


def batch_scores(context: ProjectContext) -> list[BatchScores]:
    """Every batch under the schema in force that a head scored, oldest first."""
    standing = context.pool_state().standing
    truth = {
        i: a.labels for i, a in standing.items() if a.outcome == "label" and a.labels is not None
    }
    space = label_space(context.schema)
    scores = []
    for batch, _, card, reading in model_history(context):
        if card is None:
            continue
        control = [x for x in batch.items if x.model_probabilities and x.record_id in truth]
        scores.append(
            BatchScores(
                round=batch.round,
                head=card.version,
                labels=sum(card.trained_on.values()),
                control=_sample(control, truth, card, reading, space),
                selected=tuple(
                    reading.best[x.record_id][0] == truth[x.record_id]
                    for x in batch.items
                    if reading is not None and x.arm == "active" and x.record_id in truth
                ),
            )
        )
    return scores


def _sample(
    items: list[BatchItem],
    truth: dict[int, LabelValue],
    card: ModelInfo,
    reading: ModelReading | None,
    space: LabelSpace,
) -> ControlSample:
    n = len(items)
    right = [
        space.best(x.model_probabilities or (), card.classes)[0] == truth[x.record_id]
        for x in items
    ]
    guess = [reading.best[x.record_id][1] if reading else 0.0 for x in items]
    return ControlSample(
        loss=1.0 - np.array(right, dtype=np.float64),
        guess=np.array(guess, dtype=np.float64),
        mean_guess=np.full(n, reading.mean_guess if reading else 0.0),
        guess_variance=np.full(n, reading.guess_variance if reading else 0.0),
    )
