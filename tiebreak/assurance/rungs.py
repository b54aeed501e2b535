"""Freezing a ladder: thresholds, where the sequence begins, how many a person may look at.

All of it follows from unlabelled scores and the plan, before the first audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log

import numpy as np
import numpy.typing as npt

from tiebreak.assurance import finite
from tiebreak.assurance.finite import Pool
from tiebreak.assurance.rates import labels_for
from tiebreak.domain.promises import Promise
from tiebreak.errors import UsageError

SHARES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
WIDEST_START, USUAL_CAP = 0.5, 0.1
"""Shares: of the candidates in the first rung; of a rung that people may look at."""
CAPS = ((0.5, 0.15), (0.4, 0.15), (0.3, 0.15), (0.2, 0.15), (0.1, 0.15), (0.0, 0.5))
"""(Error rate as a part of eps, highest cap): a cap should let a rung of that rate be certified."""

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What the user asks of one tier, fixed at the freeze.

    ``eps``: tolerated error. ``delta``: this tier's and version's share (`rates.delta_share`).
    ``audits``: how many are planned. ``file_size``: for the dataset promise, the records of the
    file that the tier answers for. ``shares``: of the candidates in each rung, ascending.
    ``cap``: the share of a rung that people may look at under the label promise; None: `cap_share`.
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
    credit: bool = False

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
    pool: Pool
    credit: float | None = None

    def room(self, found: int, seen: int) -> int:
        """How many more of its records people may look at; below 0 its claim has lapsed.

        cap - seen. With ``credit``: as long as left_at_most(found) <= eps (N - seen). That is the
        claim itself, and without found errors the same number but for rounding; a found error is
        no longer left and makes room for 1/eps audits. Valid, because the certificate says K < K0,
        of which this follows, and because K0 was frozen.
        """
        if self.credit is None:
            return self.pool.cap - seen
        left = finite.left_at_most(self.pool, found)
        return self.pool.size - labels_for(self.credit, left) - seen


@dataclass(frozen=True, slots=True)
class Ladder:
    """Frozen rungs from the innermost outward; none where no audit could prove anything."""

    rungs: tuple[Rung, ...]
    delta: float


def freeze(scores: Scores, plan: Plan) -> Ladder:
    """The ladder for candidates with fused *scores* (float64[N], any order).

    Candidates are those that no person had labelled when the policy froze: it may have learnt from
    the others.
    A rung holds at least its share, and all that tie with its last score. The sequence begins at
    `starting_rung`; the caps of all rungs are one share of their sizes, because audits up to one u
    take about the same share of each, but never more than the planned audits.
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
    share = cap_share(sizes[start], plan)
    rungs = tuple(
        Rung(cut, _pool(size, min(plan.audits, int(share * size)), plan), _credit(plan))
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
    wide = WIDEST_START * sizes[-1]
    enough = [j for j in able if plan.audits * sizes[j] >= wanted * sizes[-1]]
    if enough and sizes[enough[0]] <= wide:
        return enough[0]
    return max([j for j in able if sizes[j] <= wide], default=able[0])


def cap_share(size: int, plan: Plan) -> float:
    """The share of a rung that people may look at; 0 if no certificate can come of it.

    A low cap leaves more of eps (eps' = eps (1 - c/N)); a cap below the audits that are needed
    leaves nothing. So: the audits needed at the highest error rate of `CAPS` that they suffice for,
    and at least a tenth. All of a rung under the dataset promise, which audits only help.
    """
    if not _able(size, plan):
        return 0.0
    if plan.promise == "dataset" or plan.cap is not None:
        return 1.0 if plan.cap is None else plan.cap
    for part, highest in CAPS:
        least = least_cap(size, plan, plan.eps * part)
        if least is not None and least <= min(highest * size, plan.audits):
            return max(least / size, USUAL_CAP)
    return 0.0


def least_cap(size: int, plan: Plan, rate: float) -> int | None:
    """The lowest cap with which a rung of error rate *rate* is certified at the cap or before.

    The audits needed grow with the cap, so that cap <- audits needed climbs to the least fixed
    point. None if that is the whole rung.
    """
    cap = 0
    while True:
        claimed = _pool(size, cap, plan)
        needed, wrong = _needed(Pool(size, claimed.too_many, size), plan.delta, rate)
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
    return clean <= (CAPS[-1][1] if plan.cap is None else plan.cap) * size


def _credit(plan: Plan) -> float | None:
    return plan.eps if plan.credit and plan.promise == "label" else None


def _pool(size: int, cap: int, plan: Plan) -> Pool:
    if plan.promise == "label":
        return finite.per_label(size, plan.eps, cap)
    return finite.per_file(size, plan.eps, plan.file_size)


def _needed(pool: Pool, delta: float, rate: float) -> tuple[int, int]:
    """(audits, errors) at certification when errors come at exactly *rate*; all of it at worst."""
    for wrong in range(pool.too_many):
        at = finite.crossing(pool, wrong, delta)
        if at is not None and at * rate <= wrong:
            return at, wrong
    return pool.size, 0
