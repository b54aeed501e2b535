"""Signs that a person should pause: errors that grow within a session, answers that rush.

Both compare people with themselves: with their own accuracy in the session, their own speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.errors import UsageError

SESSION_GAP = 30 * 60.0
"""Seconds without an answer after which the next one begins a new session."""
SIGNIFICANCE_LEVEL = 0.01
RUSHING_SHARE = 0.25
RECENT_ANSWERS = 10
"""Answers that are compared with all: a single quick one is an easy record."""
MIN_TIMED = 4 * RECENT_ANSWERS
MIN_GOLD = 20

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fatigue:
    """What the last answers say of a person.

    Attributes:
        golds: answers that could be checked.
        slope: change of the log-odds of a right answer per answer within a session (a one-step
            estimate); None with under 20 checked answers.
        p: one-sided p-value of the slope, small where accuracy falls; None as there.
        median: seconds an answer, over all; None with under 40 timed answers.
        recent: the same over the last 10.
        reasons: to pause: ``errors`` that grow, ``rushing``; none for no advice.
        pause: whether a pause is advised.
    """

    golds: int
    slope: float | None
    p: float | None
    median: float | None
    recent: float | None
    reasons: tuple[str, ...]
    pause: bool


def sessions(times: Sequence[float], gap: float = SESSION_GAP) -> tuple[Ints, Ints]:
    """The session of each answer and its position in it, both int64[n] from 0.

    Args:
        times: when each answer was given, in seconds, ascending.
        gap: a longer break than this ends a session.
    """
    t = np.asarray(times, dtype=np.float64)
    if (np.diff(t) < 0).any():
        raise UsageError("Times of answers run backwards.", mend="Sort them first.")
    if not len(t):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    session = np.concatenate([[0], np.cumsum(np.diff(t) > gap)]).astype(np.int64)
    first = np.searchsorted(session, session)
    return session, np.arange(len(t), dtype=np.int64) - first


def slope_test(
    session: Ints,
    position: Ints,
    right: npt.NDArray[np.bool_],
    rng: np.random.Generator,
    *,
    draws: int = 1999,
) -> tuple[float | None, float]:
    """The logistic slope of being right on the position in the session, and P(as low | none).

    The score test of a common slope in a logistic model with an intercept for each session,
    U = sum right (x - mean x of the session), against its distribution over permutations within
    sessions: exact for few answers too, and blind to people who get better from day to day. p is
    (1 + #{U* <= U})/(draws + 1), one-sided, small where accuracy falls. The slope is the one-step
    estimate U/V, V = sum p(1 - p)(x - mean x)^2 with p each session's accuracy; None where V = 0.

    Args:
        session: int64[n], of the checked answers.
        position: int64[n], theirs among *all* answers.
        right: bool[n].
    """
    u, v = 0.0, 0.0
    shuffled = np.zeros(draws)
    for number in np.unique(session):
        members = session == number
        x = position[members] - position[members].mean()
        y = right[members].astype(np.float64)
        u += float(x @ y)
        v += float(y.mean() * (1 - y.mean()) * (x**2).sum())
        shuffled += rng.permuted(np.tile(y, (draws, 1)), axis=1) @ x
    p = (1 + int((shuffled <= u + 1e-9).sum())) / (draws + 1)
    return (u / v if v > 0 else None), p


def measure_fatigue(
    times: Sequence[float],
    right: Sequence[bool | None],
    seconds: Sequence[float | None],
    rng: np.random.Generator,
) -> Fatigue:
    """Whether a person's answers advise a pause; see `Fatigue`.

    Errors: `slope_test` at `SIGNIFICANCE_LEVEL`. Rushing: the median time of the last
    `RECENT_ANSWERS` timed answers is under `RUSHING_SHARE` of the person's own median over all.

    Args:
        times: of every answer, in seconds, ascending.
        right: whether it was right, None where nobody can tell.
        seconds: how long it took, None where that was not measured.
    """
    if not len(times) == len(right) == len(seconds):
        raise UsageError(
            f"{len(times)} times came with {len(right)} checks and {len(seconds)} durations.",
            mend="Give one of each for every answer.",
        )
    session, position = sessions(times)
    known = [(i, r) for i, r in enumerate(right) if r is not None]
    slope, p = None, None
    if len(known) >= MIN_GOLD:
        at = [i for i, _ in known]
        slope, p = slope_test(session[at], position[at], np.array([r for _, r in known]), rng)
    timed = [s for s in seconds if s is not None]
    median, recent = None, None
    if len(timed) >= MIN_TIMED:
        median, recent = float(np.median(timed)), float(np.median(timed[-RECENT_ANSWERS:]))
    signs = {
        "errors": p is not None and p < SIGNIFICANCE_LEVEL,
        "rushing": median is not None and recent is not None and recent < RUSHING_SHARE * median,
    }
    reasons = tuple(name for name, seen in signs.items() if seen)
    return Fatigue(
        golds=len(known),
        slope=slope,
        p=p,
        median=median,
        recent=recent,
        reasons=reasons,
        pause=bool(reasons),
    )
