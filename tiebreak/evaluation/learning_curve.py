"""The honest learning curve: accuracy by labels from the control arm, beside the naive figure.

The naive figure is the accuracy on the records that were selected: what one gets who scores each
batch before learning from it. It is of the records that the head was least sure of, and so not of
anybody's data; it is shown because other tools show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tiebreak.evaluation.batch_scores import BatchScores, batch_scores
from tiebreak.evaluation.results import LearningCurvePoint
from tiebreak.learner.estimation import ControlSample, assisted, share_right, weight_of
from tiebreak.project import ProjectContext

MIN_LABELS, MAX_POINTS = 10, 6
"""Control labels that a point rests on at least; and points, or each rests on too few."""


def learning_curve_points(context: ProjectContext) -> tuple[LearningCurvePoint, ...]:
    """Points by labels, oldest first; empty before a control record was scored and labelled.

    Batches are put together until a point has ten control labels, and a sixth of all; what is left
    over at the end joins the last point. How an accuracy is narrowed: see
    `tiebreak.learner.estimation.accuracy.assisted`.
    """
    points = []
    earlier: list[ControlSample] = []
    scores = batch_scores(context)
    total = sum(len(batch.control.loss) for batch in scores)
    for group in grouped_batches(scores, max(MIN_LABELS, total // MAX_POINTS)):
        sample = ControlSample.joined([batch.control for batch in group])
        counts = np.repeat([x.labels for x in group], [len(x.control.loss) for x in group])
        accuracy = assisted(sample, weight_from(earlier))
        plain = share_right((sample.loss == 0).tolist())
        assert accuracy is not None  # a group has a control label
        assert plain is not None
        points.append(
            LearningCurvePoint(
                labels=round(float(counts.mean())),
                least=int(counts.min()),
                most=int(counts.max()),
                accuracy=accuracy,
                plain=plain,
                selected=share_right([right for batch in group for right in batch.selected]),
            )
        )
        earlier.append(sample)
    return tuple(points)


def grouped_batches(scores: Sequence[BatchScores], min_labels: int) -> Iterator[list[BatchScores]]:
    """Batches in order, put together until each group has so many control labels or is the last."""
    left = sum(len(batch.control.loss) for batch in scores)
    group: list[BatchScores] = []
    in_group = 0
    for batch in scores:
        n = len(batch.control.loss)
        in_group, left = in_group + n, left - n
        if n:
            group.append(batch)
        if in_group >= min_labels and left >= min_labels:
            yield group
            group, in_group = [], 0
    if group:
        yield group


def weight_from(earlier: Sequence[ControlSample]) -> float:
    """How much say the model's expectation gets, from records that came before."""
    past = ControlSample.joined(earlier)
    return weight_of(past.loss, past.guess)
