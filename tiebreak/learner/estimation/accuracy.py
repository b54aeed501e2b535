"""Accuracy with an interval, from labels of records that were drawn at random.

`estimate` counts them: Clopper & Pearson, The Use of Confidence or Fiducial Limits, Biometrika 26
(1934). `assisted` also uses what the model expected of the records that nobody looked at: an
inverse-probability estimate with a control variate (Zrnic & Candès, Active Statistical Inference,
2024, 2403.03208; the weight as in Angelopoulos et al., PPI++, 2023, 2311.01453).

A round takes exactly n records, from a population of its own, so that there are no probabilities to
keep, and the interval is a share's; benchmarks/promise/weighted_estimates.py has the same estimate
for independent coins of unequal probabilities. `tiebreak.learner.estimation.prevalence` is this one
for labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Floats64
from tiebreak.domain.evidence import Estimate
from tiebreak.errors import UsageError

MIN_PAIRS = 30
"""Earlier records from which `weight` is learnt; with fewer the guess gets no say."""
MAX_GAIN = 2.0
"""A small sample cannot show that a guess is worth more than this many times its labels."""


def estimate(correct: int, n: int, confidence: float = 0.95) -> Estimate | None:
    """The share *correct* / *n* with its two-sided Clopper-Pearson interval; None for n = 0.

    Valid for a random sample looked at once; repeated looks and selected labels make it a
    description only.
    """
    if not 0 <= correct <= n:
        raise UsageError(f"{correct!r} right out of {n!r} cannot be.", mend="Count again.")
    if n == 0:
        return None
    low, high = _ends(correct, n, confidence)
    return Estimate(accuracy=correct / n, low=low, high=high, n=n)


def share_right(right: Sequence[bool]) -> Estimate | None:
    """`estimate` of which records are right."""
    return estimate(sum(right), len(right))


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlSample:
    """Labelled records that were drawn at random, each from a population of its own.

    All float64[n], one entry a record: ``loss`` is 0 where the model was right and 1 where not;
    ``guess`` is what was expected of that (1 - the model's calibrated top probability, or what
    agent and model together make of it), ``mean_guess`` the mean of it over the population that the
    record was drawn from, and ``guess_variance`` the variance of that mean as an estimate (0 where
    all of it was read).
    """

    loss: Floats64
    guess: Floats64
    mean_guess: Floats64
    guess_variance: Floats64

    @classmethod
    def joined(cls, samples: Sequence[ControlSample]) -> ControlSample:
        """The records of all of them."""
        names = ("loss", "guess", "mean_guess", "guess_variance")
        none: Floats64 = np.zeros(0)
        return cls(**{k: np.concatenate([none, *(getattr(s, k) for s in samples)]) for k in names})


def mean_loss(sample: ControlSample, weight: float | Floats64 = 1.0) -> float:
    """The mean loss over the population, with the guess as a control variate.

    mean over the records of ``loss - weight * (guess - mean_guess)``. Drawn at random, each record
    stands for as many of its population as any other: this is the inverse-probability estimate
    mean_N f + (1/N) sum (xi / pi)(loss - f) with f = weight * guess: unbiased for **any** guess,
    also a random one, as long as *weight* was not learnt from these losses. With guess 0 or weight
    0 it is the plain mean (Horvitz & Thompson). Not clipped, and so maybe outside [0, 1]. *weight*
    may be float64[n], where each record's was learnt from those before it.
    """
    return float(_rest(sample, weight).mean())


def assisted(
    sample: ControlSample, weight: float | Floats64 = 1.0, confidence: float = 0.95
) -> Estimate | None:
    """1 - `mean_loss`, clipped to [0, 1], with an interval; None for no records.

    The interval is Clopper-Pearson's at the number of labels that a plain share of this variance
    would have taken (Korn & Graubard, Confidence Intervals for Proportions with Small Expected
    Number of Positive Counts Estimated from Survey Data, 1998). Variances are taken with one more
    right and one more wrong record, and the gain is at most `MAX_GAIN`, so that a sample without
    an error does not prove itself.
    """
    n = len(sample.loss)
    if not n:
        return None
    accuracy = float(np.clip(1 - mean_loss(sample, weight), 0.0, 1.0))
    one_more = np.array([0.0, 1.0])
    plain = np.concatenate([sample.loss, one_more]).var()
    rest = np.concatenate([_rest(sample, weight), one_more]).var()
    gain = min(float(plain / rest), MAX_GAIN)
    share = (n * accuracy + 1) / (n + 2)  # drawn to the middle: never 0 or 1
    spread = share * (1 - share)
    read = float((np.square(weight) * sample.guess_variance).mean())
    worth = spread / (spread / (n * gain) + read)
    low, high = _ends(accuracy * worth, worth, confidence)
    return Estimate(accuracy=accuracy, low=low, high=high, n=n)


def _rest(sample: ControlSample, weight: float | Floats64) -> Floats64:
    return sample.loss - weight * (sample.guess - sample.mean_guess)


def weight_of(loss: Sequence[float] | Floats64, guess: Sequence[float] | Floats64) -> float:
    """How much say the guess gets: cov(loss, guess) / var(guess), in [0, 1]; 0 for few records.

    The weight with the least variance (PPI++). Learn it from records that came before those that
    it is used on, or `assisted` is not unbiased any more.
    """
    x, y = np.asarray(guess, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    if len(x) < MIN_PAIRS or float(np.ptp(x)) < 1e-9:  # a variance of equal numbers is not 0
        return 0.0
    return float(np.clip(((x - x.mean()) * (y - y.mean())).mean() / x.var(), 0.0, 1.0))


def _ends(correct: float, n: float, confidence: float) -> tuple[float, float]:
    """Clopper-Pearson's bounds; *correct* and *n* need not be whole numbers."""
    if not 0 < confidence < 1:
        raise UsageError(f"A confidence of {confidence!r} is not inside (0, 1).", mend="Use .95.")
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    wrong = n - correct
    low = float(betaincinv(correct, wrong + 1, tail)) if correct > 0 else 0.0
    high = float(betaincinv(correct + 1, wrong, 1 - tail)) if wrong > 0 else 1.0
    return low, high
