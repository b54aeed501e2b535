"""Freezing a ladder: thresholds, where the sequence begins, how many a person may look at.

All of it follows from unlabelled scores and the plan, before the first audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, log

import numpy as np
import numpy.typing as npt

from tiebreak.assurance import finite
from tiebreak.assurance.finite import FinitePool
from tiebreak.assurance.rates import labels_for
from tiebreak.domain.promises import Promise
from tiebreak.errors import UsageError

SHARES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
MAX_START_SHARE = 0.5
"""The share of the candidates that a first rung is not wider than for want of audits."""
PARTS = (0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)
"""Error rates, as parts of eps, that a cap may be made for: the highest that the plan affords."""
SPARE, MIN_SPARE = 0.1, 5
MAX_CAP_SHARE, MAX_CLEAN_SHARE = 0.25, 0.5
"""Shares of a rung: its cap, if a clean one can be certified by less; what a clean one may take."""

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What the user asks of one tier, fixed at the freeze.

    ``eps``: tolerated error. ``delta``: this tier's and version's share (`rates.delta_share`).
    ``audits``: how many are planned. ``file_size``: for the dataset promise, the records of the
    file that the tier answers for. ``shares``: of the candidates in each rung, ascending.
    ``cap``: the share of a rung that people may look at under the label promise; None: `cap_of`.
    ``credit``: whether errors that audits found, and that are therefore not left, make room for
    more audits (see `Rung.room`).
    """

    eps: float
    delta: float
    audits: int
    promise: Promise = "label"
    file_size: int = 0
    shares: tuple[float, ...] = SHARES
    cap: float | None = None
    credit: bool = True

    def __post_init__(self) -> None:
        if not self.shares or list(self.shares) != sorted(set(self.shares)):
            raise UsageError(f"Rungs {self.shares!r} do not widen.", mend="Give ascending shares.")
        if not 0 < self.shares[0] <= self.shares[-1] <= 1:
            raise UsageError(f"Rungs {self.shares!r} are no shares.", mend="Stay within (0, 1].")


@dataclass(frozen=True, slots=True)
class Rung:
    """The candidates that score at least ``threshold``, and what is claimed of them.

    ``credit``: the tolerated error eps if found errors make room for more audits, else None.
    """

    threshold: float
    pool: FinitePool
    credit: float | None = None

    def room(self, errors_found: int, seen: int) -> int:
        """How many more of its records people may look at; below 0 its claim has lapsed.

        cap - seen. With ``credit``: as long as left_at_most(errors_found) <= eps (N - seen). That
        is the claim itself, and without found errors the same number but for rounding; a found
        error is no longer left and makes room for 1/eps audits. Valid, because the certificate says
        K < K0, of which this follows, and because K0 was frozen.
        """
        if self.credit is None:
            return self.pool.cap - seen
        left = finite.left_at_most(self.pool, errors_found)
        return self.pool.size - labels_for(self.credit, left) - seen


@dataclass(frozen=True, slots=True)
class Ladder:
    """Frozen rungs from the innermost outward; none where no audit could prove anything."""

    rungs: tuple[Rung, ...]
    delta: float


def freeze_ladder(scores: Scores, plan: Plan) -> Ladder:
    """The ladder for candidates with fused *scores* (float64[N], any order).

    Candidates are those that no person had labelled when the policy froze: it may have learnt from
    the others.
    A rung holds at least its share, and all that tie with its last score. The sequence begins at
    `starting_rung`; `cap_of` says how many of each rung people may look at.
    """
    if not np.isfinite(scores).all():
        raise UsageError("A fused score is not a number.", mend="Score the candidates again.")
    if not len(scores):
        return Ladder((), plan.delta)
    falling = np.sort(scores)[::-1]
    cuts = [float(falling[max(ceil(round(x * len(scores), 6)), 1) - 1]) for x in plan.shares]
    cuts = list(dict.fromkeys(cuts))
    sizes = [int((scores >= cut).sum()) for cut in cuts]
    start = starting_rung(sizes, plan)
    if start is None:
        return Ladder((), plan.delta)
    rungs = tuple(
        Rung(cut, _pool(size, cap_of(size, sizes[start:], plan), plan), _credit(plan))
        for cut, size in zip(cuts[start:], sizes[start:], strict=True)
    )
    return Ladder(rungs, plan.delta)


def starting_rung(sizes: Sequence[int], plan: Plan) -> int | None:
    """Where the sequence begins: the smallest rung expecting >= 3 log(1/delta)/eps audits.

    Expected is the plan's audits times the rung's share, as if they were spread evenly; a first
    rung of more than half of the candidates is not taken for that reason (a thin first rung stalls
    the ladder, a wide one puts all on one card). Rungs too small for any certificate are passed
    over; None if all are.
    """
    able = [j for j, size in enumerate(sizes) if _able(size, plan)]
    if not able:
        return None
    wanted = 3 * -log(plan.delta) / plan.eps
    wide = MAX_START_SHARE * sizes[-1]
    enough = [j for j in able if plan.audits * sizes[j] >= wanted * sizes[-1]]
    if enough and sizes[enough[0]] <= wide:
        return enough[0]
    return max([j for j in able if sizes[j] <= wide], default=able[0])


def cap_of(size: int, sizes: Sequence[int], plan: Plan) -> int:
    """How many of a rung of *size* candidates people may look at; *sizes* are those of all rungs.

    A low cap leaves more of eps (eps' = eps (1 - c/N)); a cap below the audits that are needed
    leaves nothing. The audits of an outer rung are looks at the inner ones too, so that all get the
    cap that the widest one needs at the highest error rate of `PARTS` that the planned audits can
    prove there; inner ones a little more, so that they do not run out first; but at most a quarter
    of the rung. Never less than a clean certificate takes: of this rung, or of the first one and
    then of the band around it, up to the same u.
    (Measured on tuning seeds against one share for all rungs: more at eps 2 % and many audits, the
    same elsewhere.) All of the rung under the dataset promise, which audits only help.
    """
    if plan.promise == "dataset":
        return size
    if plan.cap is not None:
        return min(plan.audits, int(plan.cap * size))
    wish = _affordable(sizes[-1], plan)
    if size < sizes[-1]:  # the same u, but not just the same share of each
        wish += ceil(SPARE * wish) + MIN_SPARE
    first = least_cap(sizes[0], plan, 0.0) or 0
    least = max(least_cap(size, plan, 0.0) or size, ceil(first * size / sizes[0]) + MIN_SPARE)
    return min(plan.audits, size, max(least, min(wish, int(MAX_CAP_SHARE * size))))


@lru_cache(maxsize=64)
def _affordable(widest: int, plan: Plan) -> int:
    """The cap of the widest rung at the highest error rate that the planned audits can prove."""
    for part in PARTS:
        cap = least_cap(widest, plan, part * plan.eps)
        if cap is None:
            continue
        whole = FinitePool(widest, _pool(widest, cap, plan).too_many, widest)
        if _needed(whole, plan.delta, part * plan.eps)[0] <= plan.audits:
            return cap
    return 0


def least_cap(size: int, plan: Plan, rate: float) -> int | None:
    """The lowest cap with which a rung of error rate *rate* is certified at the cap or before.

    The audits needed grow with the cap, so that cap <- audits needed climbs to the least fixed
    point. None if that is the whole rung.
    """
    cap = 0
    while True:
        claimed = _pool(size, cap, plan)
        needed, wrong = _needed(FinitePool(size, claimed.too_many, size), plan.delta, rate)
        if needed >= size:
            return None
        if plan.credit and plan.promise == "label":
            needed -= int(wrong / plan.eps)
        if needed <= cap:
            return cap
        cap = needed


def _able(size: int, plan: Plan) -> bool:
    """Whether a rung without errors could be certified within the plan's audits."""
    clean = least_cap(size, plan, 0.0)
    if clean is None or clean > plan.audits:
        return False
    if plan.promise == "dataset":
        return True
    return clean <= (MAX_CLEAN_SHARE if plan.cap is None else plan.cap) * size


def _credit(plan: Plan) -> float | None:
    return plan.eps if plan.credit and plan.promise == "label" else None


def _pool(size: int, cap: int, plan: Plan) -> FinitePool:
    if plan.promise == "label":
        return finite.per_label(size, plan.eps, cap)
    return finite.per_file(size, plan.eps, plan.file_size)


def _needed(pool: FinitePool, delta: float, rate: float) -> tuple[int, int]:
    """(audits, errors) at certification when errors come at exactly *rate*; all of it at worst.

    The crossing grows with the errors: no count below ``at * rate`` can be the one, and none after
    an error count that cannot be certified at all.
    """
    wrong = 0
    while wrong < pool.too_many:
        at = finite.crossing(pool, wrong, delta)
        if at is None:
            break
        if at * rate <= wrong:
            return at, wrong
        wrong = max(wrong + 1, ceil(at * rate))
    return pool.size, 0
