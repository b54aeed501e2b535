"""How far people agree beyond chance: Krippendorff's alpha and Cohen's kappa.

Krippendorff, Content Analysis (2004), ch. 11; Cohen, A Coefficient of Agreement for Nominal Scales
(1960), the coefficient by scikit-learn. A *unit* is one record: the answers by the people who gave
them, each without having seen another's.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import isfinite

import numpy as np
import numpy.typing as npt

from tiebreak.annotators.intervals import Interval, at_most, share_interval
from tiebreak.errors import UsageError

MAX_WEIGHTS = 2_000_000
"""Weights of units that a bootstrap has in memory at a time."""

Unit = Mapping[str, Hashable]
Numbers = npt.NDArray[np.float64]


def alpha(units: Sequence[Unit]) -> float | None:
    """Krippendorff's alpha with the nominal distance; None where it is not defined.

    alpha = 1 - D_o/D_e. With m_u answers in unit u, n_uc of them c, over units with m_u >= 2, and
    n, n_c their sums: alpha = 1 - (n - 1) sum_u d_u / (n^2 - sum_c n_c^2),
    d_u = (m_u^2 - sum_c n_uc^2)/(m_u - 1). It is not defined without a unit of two answers, or
    where all answers are equal: then nothing shows that people tell the labels apart.
    """
    counts = _counts(units)
    value = _alphas(counts, np.ones((1, len(counts))))[0]
    return float(value) if isfinite(value) else None


def measured_alpha(
    units: Sequence[Unit],
    rng: np.random.Generator,
    *,
    draws: int = 1000,
    confidence: float = 0.95,
) -> Interval | None:
    """`alpha` with a percentile interval over *draws* resamples of the units; None as there.

    ``n`` counts units with two answers or more. A bootstrap cannot show what it has not seen:
    where nobody ever disagreed, the low end is 1 - p/D_e instead, p the Clopper-Pearson bound on
    the share of units with a disagreement. Resamples in which all answers are equal are left out.
    """
    counts = _counts(units)
    value = alpha(units)
    if value is None:
        return None
    n, tail = len(counts), (1 - confidence) / 2
    if value >= 1:
        pairable = counts.sum(axis=0)
        total = pairable.sum()
        chance = (total**2 - (pairable**2).sum()) / (total * (total - 1))
        return Interval(1.0, max(-1.0, 1 - at_most(0, n, 1 - tail) / float(chance)), 1.0, n)
    low, high = np.nanquantile(_resampled(counts, rng, draws), [tail, 1 - tail])
    return Interval(value, min(float(low), value), max(float(high), value), n)


def of_one_label(units: Sequence[Mapping[str, Sequence[str]]], label: str) -> list[Unit]:
    """The units as one label against the rest: whether each answer, a set of labels, has it."""
    return [{who: label in answer for who, answer in unit.items()} for unit in units]


def cohen_kappa(
    first: Sequence[Hashable], second: Sequence[Hashable], confidence: float = 0.95
) -> Interval | None:
    """Cohen's kappa of two people's answers to the same records; None where it is not defined.

    kappa = (p_o - p_e)/(1 - p_e). The interval maps the Clopper-Pearson interval of the observed
    agreement p_o and takes the chance agreement p_e as known, as Cohen's own standard error does;
    unlike that one it has a width where both agreed on everything. Not defined without answers, or
    where both gave the same single label throughout (p_e = 1).
    """
    if len(first) != len(second):
        raise UsageError(
            f"{len(first)} answers cannot be paired with {len(second)}.",
            mend="Give both people's answers to the same records.",
        )
    codes = {value: i for i, value in enumerate(dict.fromkeys([*first, *second]))}
    observed = share_interval(sum(a == b for a, b in zip(first, second, strict=True)), len(first))
    if observed is None or len(codes) < 2:
        return None
    from sklearn.metrics import cohen_kappa_score

    ends = share_interval(round(observed.value * observed.n), observed.n, confidence)
    assert ends is not None  # the same answers
    value = float(cohen_kappa_score([codes[x] for x in first], [codes[x] for x in second]))
    if observed.value < 1:
        chance = (observed.value - value) / (1 - value)
    else:  # both distributions are one: its chance agreement is the sum of squares
        chance = float(sum((list(first).count(x) / len(first)) ** 2 for x in codes))
    low, high = ((end - chance) / (1 - chance) for end in (ends.low, ends.high))
    return Interval(value, max(low, -1.0), min(high, 1.0), observed.n)


def _counts(units: Sequence[Unit]) -> Numbers:
    """float64[units with two answers or more, values]: how many people gave each value."""
    pairable = [unit for unit in units if len(unit) > 1]
    codes = {v: i for i, v in enumerate(dict.fromkeys(v for u in pairable for v in u.values()))}
    counts = np.zeros((len(pairable), len(codes)))
    for row, unit in zip(counts, pairable, strict=True):
        for value in unit.values():
            row[codes[value]] += 1
    return counts


def _alphas(counts: Numbers, weights: Numbers) -> Numbers:
    """alpha of each weighting of the units, float64[weightings]; nan where it is not defined."""
    m = counts.sum(axis=1)
    d = (m**2 - (counts**2).sum(axis=1)) / (m - 1)
    n = weights @ m
    expected = n**2 - ((weights @ counts) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (n - 1) * (weights @ d) / expected, np.nan)


def _resampled(counts: Numbers, rng: np.random.Generator, draws: int) -> Numbers:
    """alpha of *draws* resamples of the units, a few at a time: a hundred thousand units fit."""
    n = len(counts)
    chunk = max(1, MAX_WEIGHTS // n)
    return np.concatenate(
        [
            _alphas(counts, rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64))
            for size in [min(chunk, draws - done) for done in range(0, draws, chunk)]
        ]
    )
