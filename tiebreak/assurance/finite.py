"""File mode: a bet against "this finite set has too many wrong labels", without replacement.

A rung is a frozen set of N records of which K (unknown, fixed) are wrong. Its records are audited
in the order of their coins, which is a uniformly random order. After n audits with S errors, the
probability of just that sequence of right and wrong under a given K is

    H_n(K) = C(N - n, K - S) / C(N, K),    zero unless S <= K <= N - n + S.

The null hypothesis is K >= K0, too many. With the prior w = BetaBinomial(N, a = .5, b = 10),

    E_n = [ sum_{K < K0} w(K) H_n(K)  /  sum_{K < K0} w(K) ]  /  H_n(K0)

is a ratio of two probabilities of what was seen: under K = K0 it is a martingale that starts at 1,
under K > K0 a supermartingale (the likelihood ratio is monotone), so that by Ville's inequality
P(E_n >= 1/delta for any n, ever) <= delta. Look after every audit; stop whenever you like.
If S >= K0 the null is known to be true and E = 0 for good; if N - n + S < K0 it is impossible and
E = inf.

Sources: Waudby-Smith & Ramdas, Confidence sequences for sampling without replacement, NeurIPS 2020
(2006.04347), prior-posterior ratio; Ville, Étude critique de la notion de collectif, 1939.

Needs: the set, its order and K0 frozen before the first answer; answers that depend on the record
alone and not on its coin (blind); an audit without an answer counted as an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf, log

import numpy as np
import numpy.typing as npt

from tiebreak.assurance.rates import allowed, checked_share
from tiebreak.errors import UsageError

A, B = 0.5, 10.0
"""The prior's parameters: most of its weight on few errors, as where automation is worth it."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FinitePool:
    """What is claimed of a rung: that fewer than ``too_many`` of its ``size`` records are wrong.

    ``cap``: people may look at no more than so many of its records, or the claim lapses.
    """

    size: int
    too_many: int
    cap: int

    def __post_init__(self) -> None:
        if not (self.size >= 1 and self.too_many >= 1 and 0 <= self.cap <= self.size):
            raise UsageError(
                f"No claim can be about {self.size!r} records, {self.too_many!r} errors and"
                f" {self.cap!r} audits.",
                mend="Use a rung of at least one record and a cap of at most its size.",
            )


def per_label(size: int, eps: float, cap: int) -> FinitePool:
    """The claim of ``--promise label``: of the labels no person looked at, <= *eps* are wrong.

    eps' = eps (1 - c/N), K0 = floor(eps' N) + 1 = floor(eps (N - c)) + 1. When K < K0, at most
    eps (N - c) errors are left among at least N - c unseen labels, however many audits n <= c
    there were, and whatever they found. Auditing takes right labels away too: a plain bound
    K <= eps N says too little about what remains (test 10 of the specification).
    """
    return FinitePool(size, allowed(eps, size - cap) + 1, cap)


def per_file(size: int, eps: float, file_size: int) -> FinitePool:
    """The claim of ``--promise dataset``: <= *eps* of all labels of the exported file are wrong.

    People's labels count as right. K0 = floor(eps N_file) + 1. *file_size* counts the records of
    the file whose labels this rung's tier answers for: over tiers those must not overlap, or their
    errors would add up to more than eps of the file.
    """
    if file_size < size:
        raise UsageError(
            f"A file of {file_size!r} records cannot hold a rung of {size!r}.",
            mend="Count the records of the whole file.",
        )
    return FinitePool(size, allowed(eps, file_size) + 1, size)


def left_at_most(pool: FinitePool, errors_found: int) -> int:
    """Errors left among the unseen records of a certified rung, after *errors_found* by audits.

    K < K0 leaves at most K0 - 1 - errors_found, for any number of audits: the certificate is about
    K, which auditing does not change.
    """
    return max(pool.too_many - 1 - errors_found, 0)


def log_e(pool: FinitePool, audited: int, wrong: int) -> float:
    """log E_n after *audited* audits of which *wrong* were errors; -inf and inf as said above.

    Computed as E = sum_{K < K0} w'(K) g(K), with w' the prior cut off at K0 and
    g(K) = H_n(K) / H_n(K0) = prod_{j = K+1..K0} (1 - S/j) / (1 - (n - S)/(N - j + 1)),
    a running sum of log1p from K0 downward: no difference of large log-gammas, so that it keeps
    11 digits at a million records. Time and memory O(K0).
    """
    _check(pool, audited, wrong)
    n, s, size, null = audited, wrong, pool.size, pool.too_many
    if s >= null:
        return -inf
    if size - n + s < null:
        return inf
    j = np.arange(null, s, -1, dtype=np.float64)  # K0, K0-1, .., S+1: ends at K = S
    ratio = np.cumsum(np.log1p(-s / j) - np.log1p(-(n - s) / (size - j + 1)))
    return _log_sum(_prior(size, null)[s:][::-1] + ratio)


def is_certified(pool: FinitePool, audited: int, wrong: int, delta: float) -> bool:
    """Whether E >= 1/delta now and no more than the cap was looked at.

    *audited* is the length of the prefix of the rung's coin order that was drawn, *wrong* counts
    errors and drawn audits without an answer.
    """
    threshold = -log(checked_share(delta, "A failure probability"))
    return audited <= pool.cap and log_e(pool, audited, wrong) >= threshold


@lru_cache(maxsize=4096)
def crossing(pool: FinitePool, wrong: int, delta: float) -> int | None:
    """The fewest audits at which *wrong* errors are few enough to certify; None beyond the cap.

    With the errors fixed E grows with n (each factor of g does), so that bisection finds it.
    """
    low, high = wrong, pool.cap
    if low > high or not is_certified(pool, high, wrong, delta):
        return None
    while low < high:
        middle = (low + high) // 2
        if is_certified(pool, middle, wrong, delta):
            high = middle
        else:
            low = middle + 1
    return low


def crossings(pool: FinitePool, delta: float) -> tuple[int, ...]:
    """`crossing` for S = 0, 1, 2, ... until it is None: the whole rule of when to certify."""
    audits = []
    for wrong in range(pool.too_many):
        at = crossing(pool, wrong, delta)
        if at is None:
            break
        audits.append(at)
    return tuple(audits)


@lru_cache(maxsize=64)
def _prior(size: int, null: int) -> Numbers:
    """log w'(K) for K = 0..min(null - 1, size): beta-binomial, summing to 1 over these."""
    k = np.arange(min(null - 1, size), dtype=np.float64)
    step = np.log((size - k) / (k + 1) * (k + A) / (size - k - 1 + B))
    weights = np.concatenate([[0.0], np.cumsum(step)])
    weights -= _log_sum(weights)
    weights.flags.writeable = False
    return weights


def _log_sum(logs: Numbers) -> float:
    top = float(logs.max())
    return top + log(float(np.exp(logs - top).sum()))


def _check(pool: FinitePool, audited: int, wrong: int) -> None:
    if not 0 <= wrong <= audited <= pool.size:
        raise UsageError(
            f"{wrong!r} errors in {audited!r} audits of {pool.size!r} records cannot be.",
            mend="Count again.",
        )
