"""Means over a pool from records that were drawn with known, unequal probabilities.

`lure` for records picked one by one (active testing), `weighted` for independent coins. They
describe; they certify nothing. For a control arm, where each round draws exactly n at random, see
`tiebreak.learner.estimation.accuracy`: `weighted` with all probabilities n / N gives the same
number, but its standard error is that of coins, which might have drawn more or fewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from tiebreak.errors import UsageError

UNIFORM = 0.5
"""The least part of the sampling that is uniform where a decision hangs on the interval."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weighted:
    """An estimated mean, its standard error over the coins, and the labels that it rests on."""

    value: float
    error: float
    n: int


@dataclass(frozen=True, eq=False, slots=True)
class Guess:
    """What models expected each record's loss to be, and which records each model learnt from.

    ``values`` float64[N]; ``model`` int64[N]: who guessed this record; ``fitted_on``: the positions
    (0..N-1) that each model was fitted on. One frozen model, or one a fold (cross-fitting).
    """

    values: Numbers
    model: npt.NDArray[np.int64]
    fitted_on: tuple[frozenset[int], ...]

    @classmethod
    def frozen(cls, values: Numbers, fitted_on: Iterable[int] = ()) -> Guess:
        """The guesses of one model; *fitted_on* are the pool's records that it learnt from."""
        return cls(values, np.zeros(len(values), dtype=np.int64), (frozenset(fitted_on),))

    def check(self, drawn: Iterable[int]) -> None:
        """Refuse guesses about labels that they were fitted on: their correction would be 0."""
        learnt = [i for i in drawn if i in self.fitted_on[int(self.model[i])]]
        if learnt:
            raise UsageError(
                f"The guess for record {learnt[0]!r} was fitted on that record's own label"
                f" ({len(learnt)} such).",
                mend="Guess by a frozen model, or by one fitted on the other folds.",
            )


def lure(
    loss: Sequence[float] | Numbers, chosen_with: Sequence[float] | Numbers, pool: int
) -> float:
    """The mean loss of the whole pool from M records picked one after the other.

    (1/M) sum_m v_m L_m, v_m = 1 + (N - M)/(N - m) (1 / ((N - m + 1) q_m) - 1); v_N = 1, where the
    formula is 0/0 and the whole pool was read. Farquhar, Gal & Rainforth, On Statistical Bias in
    Active Learning, 2021 (2101.11665). Unbiased if each q_m was set before its label was seen and
    no record had probability 0.

    Args:
        loss: of the picked records, in the order of picking, [M].
        chosen_with: q_m, the probability of this pick among the records then left, in (0, 1].
        pool: N >= M.
    """
    losses, q = np.asarray(loss, dtype=np.float64), np.asarray(chosen_with, dtype=np.float64)
    if not len(losses) or losses.shape != q.shape or len(losses) > pool:
        raise UsageError(
            f"{len(losses)} losses with {len(q)} probabilities from {pool!r} records cannot be.",
            mend="Give one probability for each picked record.",
        )
    _probabilities(q)
    m = np.arange(1, len(losses) + 1)
    left = np.maximum(pool - m, 1)  # of the last of all it matters not: N - M is 0 then
    v = 1 + (pool - len(losses)) / left * (1 / ((pool - m + 1) * q) - 1)
    return float((v * losses).mean())


def weighted(loss: Numbers, drawn: npt.NDArray[np.bool_], pi: Numbers, guess: Guess) -> Weighted:
    """The mean loss of the pool: mean_N f + (1/N) sum over drawn of (loss - f)/pi.

    Inverse-probability weights with a control variate f (Zrnic & Candès, Active Statistical
    Inference, 2024, 2403.03208): unbiased over the coins for any f that did not learn from the
    labels that correct it, which is checked. The standard error is that of independent coins,
    sqrt(sum over drawn of (1 - pi) ((loss - f)/pi)^2) / N; 0 where nothing drawn was off f, so
    that it is no proof.

    Args:
        loss: float64[N], read only where *drawn*.
        drawn: bool[N].
        pi: float64[N], the probabilities that the coins had; see `probabilities`.
        guess: f; of zeros for plain inverse-probability weights.
    """
    size = len(drawn)
    if not size or not len(loss) == len(pi) == len(guess.values) == size:
        raise UsageError(
            f"{len(loss)} losses, {len(pi)} probabilities and {len(guess.values)} guesses came"
            f" with {size} draws.",
            mend="Give one of each for every record of the pool.",
        )
    _probabilities(pi)
    guess.check(np.flatnonzero(drawn).tolist())
    rest = (loss[drawn] - guess.values[drawn]) / pi[drawn]
    value = float(guess.values.mean() + rest.sum() / size)
    error = sqrt(float(((1 - pi[drawn]) * rest**2).sum())) / size
    return Weighted(value, error, int(drawn.sum()))


def probabilities(wish: Numbers, labels: float, uniform: float = UNIFORM) -> Numbers:
    """Coin probabilities in proportion to *wish* that expect *labels* draws, none above 1.

    A part *uniform* of them is spread evenly, so that no weight 1/pi passes N / (uniform labels).
    What is capped at 1 leaves its excess to the others, in proportion, until nothing is above 1;
    a cap alone would draw fewer labels than were paid for.

    Args:
        wish: float64[N], none negative; all zeros count as equal.
        labels: in (0, N].
        uniform: in [0, 1].
    """
    if not (0 < labels <= len(wish) and 0 <= uniform <= 1):
        raise UsageError(
            f"{labels!r} labels of {len(wish)} records, {uniform!r} of them even, cannot be drawn.",
            mend="Ask for at most all records, and for a share in [0, 1].",
        )
    if not np.isfinite(wish).all() or (wish < 0).any():
        raise UsageError("A wish is negative or no number.", mend="Give weights from 0 up.")
    rate = np.full(len(wish), 1.0 / len(wish))
    if wish.sum() > 0:
        rate = uniform * rate + (1 - uniform) * wish / wish.sum()
    full = np.zeros(len(wish), dtype=bool)
    while True:
        rest = float(rate[~full].sum())  # divided by first: 1 / rest could overflow
        share = np.zeros(len(rate))
        if rest > 0:  # of the full ones it could overflow too, and nothing asks for it
            np.divide(rate, rest, out=share, where=~full)
        pi = np.where(full, 1.0, share * (labels - int(full.sum())))
        over = (pi >= 1) & ~full
        if not over.any():
            return pi
        full |= over


def _probabilities(values: Numbers) -> None:
    bad = values[~((values > 0) & (values <= 1))]
    if len(bad):
        raise UsageError(
            f"A probability of {float(bad[0])!r} cannot weigh a draw ({len(bad)} such).",
            mend="Cap at 1 and renormalise (`probabilities`); leave out what could not be drawn.",
        )
