"""Compare learning curves of strategies: labels to a target, area, labels saved, with intervals.

A curve is accuracy after each of the same label counts, by seed; two strategies are paired by seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tiebreak.domain.arrays import Flags
from tiebreak.errors import UsageError
from tiebreak.learner.estimation import Range

DRAWS = 1000


def labels_to(labels: Sequence[int], accuracy: Sequence[float], target: float) -> float | None:
    """Labels at which the curve first reaches *target*, a straight line between its points.

    The first point's labels if that reaches it already (the truth may be less); None if no point
    does.

    Args:
        labels: ascending.
        accuracy: one for each.
    """
    if len(labels) != len(accuracy) or not len(labels):
        raise UsageError(
            f"{len(labels)} label counts came with {len(accuracy)} accuracies.", mend="Pair them."
        )
    for at, reached in enumerate(accuracy):
        if reached >= target:
            if at == 0:
                return float(labels[0])
            before = accuracy[at - 1]
            part = (target - before) / (reached - before)
            return labels[at - 1] + part * (labels[at] - labels[at - 1])
    return None


def area(labels: Sequence[int], accuracy: Sequence[float]) -> float:
    """Mean height of the curve from its first point to its last (trapezoids over their width)."""
    if len(labels) < 2:
        return float(accuracy[0])
    x, y = np.asarray(labels, dtype=np.float64), np.asarray(accuracy, dtype=np.float64)
    return float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum() / (x[-1] - x[0]))


def saved(labels: Sequence[int], ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The share of labels that *ours* saves on the way to the accuracy where *theirs* ends.

    1 - n_ours / n_theirs, each where it first reaches that accuracy. Where *ours* ends lower, the
    roles are exchanged and the result is negative, so that a curve against another and that other
    against the curve always add up to 0, and noise alone saves nothing on average.
    """
    target = min(ours[-1], theirs[-1])
    mine, other = labels_to(labels, ours, target), labels_to(labels, theirs, target)
    assert mine is not None  # both ends reach the lower of the two ends
    assert other is not None
    return 1 - mine / other if mine <= other else other / mine - 1


def over_seeds(values: Sequence[float], confidence: float = 0.95) -> Range | None:
    """The mean with its Student-t interval over seeds; None for fewer than two values.

    An interval of the mean over seeds on these very test records, not of other data.
    """
    if len(values) < 2:
        return None
    mean = float(np.mean(values))
    error = float(np.std(values, ddof=1) / np.sqrt(len(values)))
    side = _student(len(values), confidence) * error
    return Range(value=mean, low=mean - side, high=mean + side)


def saved_range(
    labels: Sequence[int],
    ours: Sequence[Flags],
    theirs: Sequence[Flags],
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
) -> Range:
    """Mean of `saved` over paired seeds, with a bootstrap interval over seeds and test records.

    Each draw takes as many seeds and as many test records, with replacement, both strategies the
    same ones. Percentiles of so few seeds are far too narrow, so the interval is the mean plus and
    minus Student's t (seeds - 1) times the draws' standard error, that times
    sqrt(seeds / (seeds - 1)) (Hesterberg, What Teachers Should Know About the Bootstrap, 2015, §3.3
    and §5.3). With one seed it speaks of the test records alone, by the normal distribution.

    Args:
        labels: label counts, ascending, length r.
        ours: for each seed bool[r, t]: which test record was right after which count.
        theirs: the same of the other strategy.
    """
    seeds, tests = len(ours), ours[0].shape[1]
    weights = rng.multinomial(tests, np.full(tests, 1 / tests), size=DRAWS).T / tests
    drawn = np.empty((seeds, DRAWS))
    point = np.empty(seeds)
    for seed in range(seeds):
        point[seed] = saved(labels, ours[seed].mean(axis=1), theirs[seed].mean(axis=1))
        one, two = ours[seed] @ weights, theirs[seed] @ weights
        drawn[seed] = [saved(labels, one[:, d], two[:, d]) for d in range(DRAWS)]
    picked = rng.integers(seeds, size=(seeds, DRAWS))
    error = float(np.take_along_axis(drawn, picked, axis=0).mean(axis=0).std(ddof=1))
    if seeds > 1:
        error *= float(np.sqrt(seeds / (seeds - 1)))
    mean, side = float(point.mean()), _student(seeds, confidence) * error
    return Range(value=mean, low=mean - side, high=mean + side)


def _student(n: int, confidence: float) -> float:
    """Two-sided quantile of Student's t with n - 1 degrees of freedom; of the normal for n = 1."""
    from scipy.special import ndtri, stdtrit

    tail = (1 + confidence) / 2
    return float(stdtrit(n - 1, tail)) if n > 1 else float(ndtri(tail))
