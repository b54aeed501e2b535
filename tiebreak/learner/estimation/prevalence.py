"""How common each label is in the pool: control records and what the model expected of the rest.

PPI++ (Angelopoulos, Duchi & Zrnic, PPI++: Efficient Prediction-Powered Inference, 2023,
2311.01453) for a mean of label indicators. The estimate and the interval are those of
`tiebreak.learner.estimation.accuracy`; here are what is special to labels that are gathered in
rounds, and to k shares at once.

One draw is made a round, from the records that nobody has labelled by then. With A the share of a
label among records that were labelled before, and B the part of the pool that was not, the pool's
share is A + B theta, where

    theta = mean over the draw of y - lambda (f - mean_B f)

is unbiased for the share among the unlabelled, for any f and any lambda that were there before the
draw was made. Draws are joined with weights n / B, which each draw's design fixes, so that the
whole is unbiased although people labelled, between the draws, what a strategy chose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Flags, Floats64, Ids
from tiebreak.errors import UsageError
from tiebreak.learner.estimation.accuracy import (
    MIN_PAIRS,
    ControlSample,
    assisted,
    weight_of,
)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class KnownLabels:
    """What was labelled at a time: ``counts`` int64[k] by label, of ``labelled`` records, with
    ``open`` more that had no label."""

    counts: Ids
    labelled: int
    open: int

    @property
    def pool(self) -> int:
        """All of them."""
        return self.labelled + self.open


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class ControlDraw:
    """Records drawn at random from ``then.open`` ones, and labelled since.

    ``records`` int64[n]; ``truth`` bool[n, k], which labels apply; ``guess`` float64[n, k], how
    probable the model said each was, and ``mean_guess`` float64[k] the mean of that over the open
    ones, with ``guess_variance`` float64[k] as an estimate (0 where all were read). Zeros where
    there was no model. ``learnt`` are the ids that the model had learnt from.
    """

    records: Ids
    truth: Flags
    guess: Floats64
    mean_guess: Floats64
    guess_variance: Floats64
    then: KnownLabels
    learnt: Ids

    def __post_init__(self) -> None:
        n, k = self.truth.shape
        if self.guess.shape != (n, k) or len(self.records) != n or len(self.mean_guess) != k:
            raise UsageError(
                f"{len(self.records)} records came with {n} labels of {k} and guesses of shape"
                f" {self.guess.shape!r}.",
                mend="Give one row of each a record, and one column a label.",
            )
        if n > self.then.open:
            raise UsageError(
                f"{n} records cannot be drawn from {self.then.open!r}.",
                mend="Count the records that had no label when the lot was drawn.",
            )
        fitted = self.records[np.isin(self.records, self.learnt)]
        if len(fitted):
            raise UsageError(
                f"The guess for record {int(fitted[0])!r} was fitted on that record's own label"
                f" ({len(fitted)} such).",
                mend="Take what the model said before the label was known.",
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelShare:
    """The share of the pool with a label, its interval, the control labels that it rests on, and
    ``plain``: the bare share of those alone."""

    share: float
    low: float
    high: float
    n: int
    plain: float


def label_shares(
    draws: Sequence[ControlDraw], now: KnownLabels | None = None, confidence: float = 0.95
) -> tuple[LabelShare, ...]:
    """The share of each label in the pool; empty for no draws.

    Intervals are `assisted`'s, one label at a time: not all of k need hold together. They ignore
    that draws are without replacement, which makes them a little wide where much of the pool
    is labelled; there *now* cuts them, and the share, to what the labels known by now leave
    possible. Skipped control records say nothing: if what people cannot label is of other labels
    than the rest, no figure here knows.

    Args:
        draws: in the order of drawing; each guess and its weight is from before its draw.
        now: what is labelled now, of the same pool.
        confidence: of each interval.
    """
    draws = [draw for draw in draws if len(draw.records)]
    if not draws:
        return ()
    before, part = _known(draws)
    weight = np.repeat(weights(draws), [len(draw.records) for draw in draws])
    plain = np.concatenate([draw.truth for draw in draws]).mean(axis=0)
    least, most = _possible(now, len(plain))
    shares = []
    for j in range(len(plain)):
        estimate = assisted(_absent(draws, j), weight, confidence)
        assert estimate is not None  # there are records
        low, share, high = (
            float(np.clip(before[j] + part * x, least[j], most[j]))
            for x in (estimate.low, estimate.accuracy, estimate.high)
        )
        shares.append(
            LabelShare(share=share, low=low, high=high, n=estimate.n, plain=float(plain[j]))
        )
    return tuple(shares)


def weights(draws: Sequence[ControlDraw]) -> list[float]:
    """How much say the guess gets in each draw, in [0, 1], learnt from the draws before it alone.

    PPI++'s power tuning, sum_j cov(y_j, f_j) / sum_j var(f_j), which makes the variances of all
    shares together least. One number for all labels: the shares of single labels keep adding up to
    1, and a rare label needs no slope of its own from two records. A label that the model guesses
    far worse than the others may pay for it; its interval says so. 0 for the first
    `MIN_PAIRS` records, which have none before them. The paper learns lambda from the same labels
    and is unbiased only in the limit; by order it is so for every n.
    """
    learnt: list[float] = []
    off, truth = np.zeros((0, 0)), np.zeros((0, 0))
    for draw in draws:
        learnt.append(0.0 if len(off) < MIN_PAIRS else weight_of(_flat(truth), _flat(off)))
        if draw.guess.any():  # where there was no model there is nothing to learn
            wide = (-1, draw.truth.shape[1])
            off = np.concatenate([off.reshape(wide), draw.guess - draw.mean_guess])
            truth = np.concatenate([truth.reshape(wide), draw.truth])
    return learnt


def _flat(columns: Floats64) -> Floats64:
    """Each column about its mean, so that one slope can be read off all of them together."""
    centred: Floats64 = columns - columns.mean(axis=0)
    return centred.ravel()


def _known(draws: Sequence[ControlDraw]) -> tuple[Floats64, float]:
    """A float64[k] and B over all draws, each weighted by n / B of its own."""
    n = np.array([len(draw.records) for draw in draws], dtype=np.float64)
    open_part = np.array([draw.then.open / draw.then.pool for draw in draws])
    had = np.array([draw.then.counts / draw.then.pool for draw in draws])
    part = float(n.sum() / (n / open_part).sum())
    return part * ((n / open_part) @ had) / n.sum(), part


def _absent(draws: Sequence[ControlDraw], label: int) -> ControlSample:
    """Label number *label* as a loss: 0 where it applies, so that the accuracy is its share."""
    return ControlSample.joined(
        [
            ControlSample(
                loss=1.0 - draw.truth[:, label].astype(np.float64),
                guess=1.0 - draw.guess[:, label],
                mean_guess=np.full(len(draw.records), 1.0 - draw.mean_guess[label]),
                guess_variance=np.full(len(draw.records), draw.guess_variance[label]),
            )
            for draw in draws
        ]
    )


def _possible(now: KnownLabels | None, k: int) -> tuple[Floats64, Floats64]:
    if now is None or not now.pool:
        return np.zeros(k), np.ones(k)
    return now.counts / now.pool, (now.counts + now.open) / now.pool
