"""Is this window like the reference? Three permutation tests, each of which sees what others miss.

Each statistic is computed anew for every permutation of "reference" and "window" over the pooled
records, so that p = (1 + b) / (1 + B), b the number of permutations with as large a statistic, is
valid at any size (Phipson & Smyth, Permutation P-values Should Never Be Zero, 2010). Tables of the
chi-square or Kolmogorov distribution would not be: science measured a "5 %" chi-square at 41 %.

Reference and window must come from the same stream: a train and a test part that were drawn
differently differ, and these tests will say so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tiebreak.domain.arrays import Flags, Floats, Floats64, Positions
from tiebreak.errors import UsageError
from tiebreak.learner.drift.novelty import nearest_others

PERMUTATIONS = 999
FEATURES = 256
NEIGHBOURS = 3
"""Fewer than a single text's score has: here a window steadies the sum, and a text of a new intent
that resembles old ones is told by its very nearest. At 10 % new intents power rose from .35 to .57
(BANKING77) and .33 to .42 (CLINC150) over 10 neighbours, and out of scope it stayed the same."""

Compare = Callable[[Floats64, Floats64], float]
"""A statistic of two samples float64[n] and float64[m]: the known values and the new ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a test found. ``p`` is at least 1 / (1 + permutations)."""

    name: Literal["distance", "mmd", "classes"]
    statistic: float
    p: float


def p_value(observed: float, null: Floats64) -> float:
    """(1 + b) / (1 + B). Sums differ in the last digits by their order, so ties have some room."""
    room = 1e-9 * max(1.0, abs(observed))
    return float((1 + (null >= observed - room).sum()) / (1 + len(null)))


def distance_test(
    reference: Floats,
    window: Floats,
    rng: np.random.Generator,
    *,
    permutations: int = PERMUTATIONS,
    k: int = NEIGHBOURS,
    compare: Compare | None = None,
) -> Finding:
    """Is the window farther away, by mean distances to the *k* nearest reference records?

    Sees new kinds of texts. A record is never its own neighbour, and who counts as a reference
    record follows the permutation too: so nothing of the reference has to be set aside to keep
    the test valid.

    ``far_ranks`` is the window's mean exponential score, -ln(1 - rank / (n + 1)) over the pooled
    distances (Savage, Contributions to the Theory of Rank Order Statistics, 1956): a few texts
    that are far away weigh, how far does not.

    Args:
        reference: float32[n, d] unit vectors; ``window``: float32[m, d].
        rng: draws the permutations.
        permutations: B above.
        k: how many neighbours.
        compare: the statistic of distances; `far_ranks` for None.
    """
    rows, known = _pooled(reference, window, least=2)
    # deep enough for k reference records among the neighbours, though a new kind keeps together
    depth = int(np.ceil((4 * k + 10) * len(rows) / len(reference)))
    near, distances = nearest_others(rows, depth)

    compare = compare or far_ranks

    def value(is_known: Flags) -> float:
        scores = _mean_to_known(near, distances, is_known, k)
        return compare(scores[is_known], scores[~is_known])

    observed = value(known)
    null = np.array([value(rng.permutation(known)) for _ in range(permutations)])
    return Finding(name="distance", statistic=observed, p=p_value(observed, null))


def _mean_to_known(near: npt.NDArray[np.intp], distances: Floats, known: Flags, k: int) -> Floats64:
    taken = known[near]
    taken &= np.cumsum(taken, axis=1, dtype=np.int32) <= k
    lacking = k - taken.sum(axis=1)  # those are at least as far as the last one looked at
    total = np.einsum("ij,ij->i", distances, taken, dtype=np.float64) + lacking * distances[:, -1]
    return np.asarray(total / k)


def far_ranks(known: Floats64, new: Floats64) -> float:
    """Mean exponential score of *new* in both together; equal values share their middle rank."""
    values = np.sort(np.concatenate([known, new]))
    rank = (np.searchsorted(values, new) + np.searchsorted(values, new, side="right") + 1) / 2
    return float(-np.log1p(-rank / (len(values) + 1)).mean())


def mmd_test(
    reference: Floats,
    window: Floats,
    rng: np.random.Generator,
    *,
    permutations: int = PERMUTATIONS,
    features: int = FEATURES,
) -> Finding:
    """Maximum mean discrepancy, unbiased, under a Gaussian kernel by random Fourier features.

    Sees a shift of the mix. Sources: Gretton et al., A Kernel Two-Sample Test, JMLR 2012; Rahimi
    & Recht, Random Features for Large-Scale Kernel Machines, 2007. The kernel's width is the
    median distance of pooled records, which no permutation changes. Arguments as above;
    *features* is the number of frequencies (each gives a cosine and a sine).
    """
    rows, known = _pooled(reference, window, least=2)
    mapped = _fourier(rows, features, rng)
    weights = np.array([rng.permutation(known) for _ in range(permutations)]).reshape(-1, len(rows))
    total = mapped.sum(axis=0)
    observed = mmd2(mapped[known].sum(axis=0), mapped[~known].sum(axis=0), known.sum(), len(window))
    of_known = weights.astype(np.float64) @ mapped
    null = mmd2(of_known, total - of_known, known.sum(), len(window))
    return Finding(name="mmd", statistic=float(observed), p=p_value(float(observed), null))


def _fourier(rows: Floats, features: int, rng: np.random.Generator) -> Floats64:
    """float64[n, 2 * features] whose inner products approach the kernel; each row has length 1."""
    some = rng.choice(len(rows), size=min(len(rows), 300), replace=False)
    cosines = rows[some].astype(np.float64) @ rows[some].T.astype(np.float64)
    squared = 2 - 2 * cosines[np.triu_indices(len(some), 1)]
    width = np.sqrt(max(float(np.median(squared)), 1e-12))
    angles = rows @ (rng.normal(size=(rows.shape[1], features)) / width)
    return np.asarray(np.concatenate([np.cos(angles), np.sin(angles)], axis=1) / features**0.5)


def mmd2(
    sum_known: Floats64,
    sum_new: Floats64,
    n_known: int,
    n_new: int,
) -> Floats64:
    """Unbiased MMD², float64[...], from the sums [..., f] of features of length 1 a row.

    ``(|S|² - n) / (n (n - 1))`` is the mean of all products of two different rows.
    """
    within = (np.square(sum_known).sum(axis=-1) - n_known) / (n_known * (n_known - 1))
    within = within + (np.square(sum_new).sum(axis=-1) - n_new) / (n_new * (n_new - 1))
    between = (sum_known * sum_new).sum(axis=-1) / (n_known * n_new)
    return np.asarray(within - 2 * between)


def classes_test(
    reference: Positions,
    window: Positions,
    rng: np.random.Generator,
    *,
    permutations: int = PERMUTATIONS,
) -> Finding:
    """Chi-square of predicted classes, int64[n] and int64[m]: sees a shift of the mix best.

    Permuting records is drawing the window's counts from a multivariate hypergeometric
    distribution. The statistic takes few values, so its p-values err upwards.
    """
    if not len(reference) or not len(window):
        raise UsageError(
            f"{len(reference)} reference and {len(window)} window predictions cannot be compared.",
            mend="Give both.",
        )
    width = int(max(reference.max(), window.max())) + 1
    new = np.bincount(window, minlength=width)
    both = np.bincount(reference, minlength=width) + new
    drawn = rng.multivariate_hypergeometric(both, len(window), size=permutations)
    observed = float(_chi2(new[None], both)[0])
    return Finding(name="classes", statistic=observed, p=p_value(observed, _chi2(drawn, both)))


def _chi2(new: Positions, both: Positions) -> Floats64:
    """float64[b] chi-square of the 2 x k tables with window counts [b, k], margins *both* [k]."""
    n, m = both.sum(), new[0].sum()
    there = both > 0
    gap = np.square(new[:, there] - both[there] * (m / n))
    return np.asarray((gap / both[there]).sum(axis=1) * n * n / (m * (n - m)))


def _pooled(reference: Floats, window: Floats, *, least: int) -> tuple[Floats, Flags]:
    """All rows, and which of them are the reference's."""
    if min(len(reference), len(window)) < least:
        raise UsageError(
            f"{len(reference)} reference and {len(window)} window records cannot be compared.",
            mend=f"Give {least} or more of each.",
        )
    known = np.repeat([True, False], [len(reference), len(window)])
    return np.concatenate([reference, window]), known
