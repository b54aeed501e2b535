"""Exact chances that a rule of "certify at n audits with at most S errors" ever fires."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Rate = Callable[[int, npt.NDArray[np.int64]], Numbers | float]


def fires(
    crossings: Sequence[int], rate: Rate, audits: int, when: npt.NDArray[np.bool_] | None = None
) -> Numbers:
    """P(the rule first fires after n audits with S errors), float64[audits + 1, S + 1].

    The rule fires at n >= crossings[S]; with more errors than crossings it never does. ``rate(n,
    s)`` is the chance that the next audit is an error, after n audits with s errors (int64[S]).
    Where ``when`` (bool[audits + 1]) is false it may not fire. A sum over paths, no simulation.
    """
    at = np.asarray(crossings)
    states = np.arange(len(at) + 1)
    alive: Numbers = np.zeros(len(states))  # the last state: too many errors
    alive[0] = 1.0
    first = np.zeros((audits + 1, len(at)))
    for n in range(audits + 1):
        now = np.flatnonzero((at <= n) & (when is None or when[n]))
        first[n, now] = alive[now]
        alive[now] = 0.0
        if n < audits:
            wrong = alive * np.clip(rate(n, states), 0.0, 1.0)
            alive = alive - wrong
            alive[1:] += wrong[:-1]
            alive[-1] += wrong[-1]
    return first


def finite_pool(size: int, wrong: int) -> Rate:
    """Draws without replacement from *size* records of which *wrong* are errors."""
    return lambda n, s: (wrong - s) / max(size - n, 1)


def misses(bound: Sequence[int], pi: float, errors: int) -> float:
    """P(some K <= *errors*: K > bound[S_K]) when each error is caught with probability *pi*."""
    limit = np.asarray(bound)
    alive: Numbers = np.zeros(len(limit))
    alive[0] = 1.0
    missed = 0.0
    for k in range(1, errors + 1):
        caught = alive * pi
        alive = alive - caught
        alive[1:] += caught[:-1]
        over = limit < k
        missed += float(alive[over].sum())
        alive[over] = 0.0
    return missed
