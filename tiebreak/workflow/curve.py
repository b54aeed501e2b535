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

from tiebreak.learner.estimates import Sample, assisted, weight_of
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.control import share
from tiebreak.workflow.looks import Look, looks

LEAST, MOST_POINTS = 10, 6
"""Control labels that a point rests on at least; and points, or each rests on too few."""


def learning_curve(bench: Bench) -> list[dict[str, Any]]:
    """Points by labels, oldest first; empty before a control record was scored and labelled.

    Each is ``{labels, from, to, accuracy, plain, selected}``: ``labels`` is the mean count that its
    heads had learnt from, ``from`` and ``to`` the least and the most; ``accuracy`` is of records by
    lot with the model's expectations as a control variate, or agent and model's together where the
    agent had answered the pool before the lot (`tiebreak.learner.estimates.assisted`),
    ``plain`` the bare share of the same records, and ``selected`` the naive figure of the same
    heads, or None. Batches are put together until a point has ten control labels, and a sixth of
    all; what is left over at the end joins the last point. All three are {accuracy, low, high, n}.
    """
    points = []
    earlier: list[Sample] = []
    found = looks(bench)
    total = sum(len(look.control.loss) for look in found)
    for group in groups(found, max(LEAST, total // MOST_POINTS)):
        sample = Sample.joined([look.control for look in group])
        counts = np.repeat([x.labels for x in group], [len(x.control.loss) for x in group])
        points.append(
            {
                "labels": round(float(counts.mean())),
                "from": int(counts.min()),
                "to": int(counts.max()),
                "accuracy": plainly(assisted(sample, weight_from(earlier))),
                "plain": plainly(share((sample.loss == 0).tolist())),
                "selected": plainly(share([right for look in group for right in look.selected])),
            }
        )
        earlier.append(sample)
    return points


def groups(found: Sequence[Look], least: int) -> Iterator[list[Look]]:
    """Looks in order, put together until each group has *least* control labels or is the last."""
    left = sum(len(look.control.loss) for look in found)
    group: list[Look] = []
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


def weight_from(earlier: Sequence[Sample]) -> float:
    """How much say the model's expectation gets, from records that came before."""
    past = Sample.joined(earlier)
    return weight_of(past.loss, past.guess)


def plainly(value: Any) -> dict[str, Any] | None:
    """An estimate as a mapping, or None."""
    return None if value is None else asdict(value)
