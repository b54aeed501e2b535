"""The honest learning curve: accuracy by labels from the control arm, beside the naive figure.

The naive figure is the accuracy on the records that were selected: what one gets who scores each
batch before learning from it. It is of the records that the head was least sure of, and so not of
anybody's data; it is shown because other tools show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tiebreak.evaluation.batch_scores import BatchScores, batch_scores
from tiebreak.learner.estimation.accuracy import ControlSample, assisted, share_right, weight_of
from tiebreak.project.context import ProjectContext

MIN_LABELS, MAX_POINTS = 10, 6
"""Control labels that a point rests on at least; and points, or each rests on too few."""


def learning_curve(context: ProjectContext) -> list[dict[str, Any]]:
    """Points by labels, oldest first; empty before a control record was scored and labelled.

    Each is ``{labels, from, to, accuracy, plain, selected}``: ``labels`` is the mean count that its
    heads had learnt from, ``from`` and ``to`` the least and the most; ``accuracy`` is of records by
    lot with the model's expectations as a control variate, or agent and model's together where the
    agent had answered the pool before the lot (`tiebreak.learner.estimation.accuracy.assisted`),
    ``plain`` the bare share of the same records, and ``selected`` the naive figure of the same
    heads, or None. Batches are put together until a point has ten control labels, and a sixth of
    all; what is left over at the end joins the last point. All three are {accuracy, low, high, n}.
    """
    points = []
    earlier: list[ControlSample] = []
    found = batch_scores(context)
    total = sum(len(look.control.loss) for look in found)
    for group in grouped_batches(found, max(MIN_LABELS, total // MAX_POINTS)):
        sample = ControlSample.joined([look.control for look in group])
        counts = np.repeat([x.labels for x in group], [len(x.control.loss) for x in group])
        points.append(
            {
                "labels": round(float(counts.mean())),
                "from": int(counts.min()),
                "to": int(counts.max()),
                "accuracy": plainly(assisted(sample, weight_from(earlier))),
                "plain": plainly(share_right((sample.loss == 0).tolist())),
                "selected": plainly(
                    share_right([right for look in group for right in look.selected])
                ),
            }
        )
        earlier.append(sample)
    return points


def grouped_batches(found: Sequence[BatchScores], least: int) -> Iterator[list[BatchScores]]:
    """Looks in order, put together until each group has *least* control labels or is the last."""
    left = sum(len(look.control.loss) for look in found)
    group: list[BatchScores] = []
    have = 0
    for look in found:
        n = len(look.control.loss)
        have, left = have + n, left - n
        if n:
            group.append(look)
        if have >= least and left >= least:
            yield group
            group, have = [], 0
    if group:
        yield group


def weight_from(earlier: Sequence[ControlSample]) -> float:
    """How much say the model's expectation gets, from records that came before."""
    past = ControlSample.joined(earlier)
    return weight_of(past.loss, past.guess)


def plainly(value: Any) -> dict[str, Any] | None:
    """An estimate as a mapping, or None."""
    return None if value is None else asdict(value)
