"""What more audits would buy: a forecast for people who plan, no part of any claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tiebreak.assurance import finite
from tiebreak.assurance.finite import FinitePool
from tiebreak.assurance.ladder import Standing, released, target
from tiebreak.assurance.rungs import Ladder


@dataclass(frozen=True, slots=True)
class AuditForecast:
    """``audits`` more in rung ``rung`` would free about ``labels`` more labels than now."""

    rung: int
    audits: int
    labels: int


def forecast_audits(
    ladder: Ladder, standing: Sequence[Standing], rate: float | None = None
) -> AuditForecast | None:
    """The certificate that is next in the sequence, if errors go on as they came; None if it is
    out of reach: all are proven, or the rung's room ends before.

    Args:
        standing: `ladder.standings`, now.
        rate: errors per audit to come in the target rung; None: (S + .5) / (n + 1) of those that
            are answered.
    """
    at = target(standing)
    if at is None:
        return None
    audits = more_audits(ladder, standing, at, rate)
    if audits is None:
        return None
    force = released(standing)
    now = 0 if force is None else ladder.rungs[force].pool.size - standing[force].seen
    then = ladder.rungs[at].pool.size - standing[at].seen - audits
    return AuditForecast(at, audits, max(then - now, 0))


def more_audits(
    ladder: Ladder, standing: Sequence[Standing], rung: int, rate: float | None = None
) -> int | None:
    """Audits to go until *rung* is certified, pending ones taken for right; None if out of room."""
    at, pool = standing[rung], ladder.rungs[rung].pool
    wrong = at.wrong - at.pending
    p = (wrong + 0.5) / (at.audited - at.pending + 1) if rate is None else rate
    whole = FinitePool(pool.size, pool.too_many, pool.size)
    for more in range(pool.too_many - wrong):
        n = finite.crossing(whole, wrong + more, ladder.delta)
        if n is None:
            return None
        to_go = max(n - at.audited, 0)
        if to_go * p <= more:
            room = ladder.rungs[rung].room(at.errors_found + more, at.seen)
            return to_go if to_go <= room else None
    return None
