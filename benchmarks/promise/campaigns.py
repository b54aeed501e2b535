"""Audit campaigns on a finite file, as the product runs them, thousands of times.

`play` keeps the counts of every rung up to date audit by audit, where `ladder.standings` reads all
answers anew; `by_the_product` calls the product itself. Both give the same campaign for the same
coins, answer for answer: `differs` says where they do not, and every run of the benchmark asks it
on campaigns that it has just counted. People answer at once, blindly and rightly (**simulated**).
A campaign is judged after every single audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tiebreak.assurance import coins, finite, ladder
from tiebreak.assurance.finite import FinitePool
from tiebreak.assurance.ladder import AuditAnswer
from tiebreak.assurance.rates import allowed
from tiebreak.assurance.rungs import Ladder, Plan, Rung, freeze_ladder

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
BUDGETS = (200, 400, 800, 1600)


@dataclass(frozen=True, eq=False)
class World:
    """Candidates (agent = model) of a file of ``records``, with what nobody may read beforehand.

    ``scores`` float64[N], ``wrong`` bool[N].
    """

    scores: Scores
    wrong: Flags
    records: int

    @property
    def error(self) -> float:
        return float(self.wrong.mean()) if len(self.wrong) else 0.0

    def in_order(self, order: npt.NDArray[np.int64]) -> World:
        return replace(self, scores=self.scores[order], wrong=self.wrong[order])


@dataclass
class Played:
    """A campaign: labels out and unaudited after each audit, and whether it ever broke its word."""

    out: list[int] = field(default_factory=lambda: [0])
    drawn: list[int] = field(default_factory=list)
    broken: bool = False

    def share(self, records: int, audits: int | None = None) -> float:
        """Of all records, in the end or after so many audits (it may have ended before)."""
        at = len(self.out) - 1 if audits is None else min(audits, len(self.out) - 1)
        return self.out[at] / records


def coin_order(size: int, secret: bytes) -> npt.NDArray[np.int64]:
    """Positions of records 0..size-1 in the order of the product's coins."""
    return np.array([c.record_id for c in coins.in_order(secret, range(size), "v1")])


class _Counts:
    """One rung's counts, and its rule, looked up."""

    _crossings: dict[tuple[FinitePool, float], list[int]] = {}  # noqa: RUF012
    _rooms: dict[Rung, list[int]] = {}  # noqa: RUF012

    def __init__(self, rung: Rung, delta: float, world: World, budget: int) -> None:
        inside = world.scores >= rung.threshold
        self.rung, self.delta = rung, delta
        self.size, self.errors = int(inside.sum()), int((world.wrong & inside).sum())
        self.members = np.flatnonzero(inside)[: budget + 1].tolist()
        self.whole = FinitePool(rung.pool.size, rung.pool.too_many, rung.pool.size)
        self.n = self.s = self.seen = self.caught = 0
        self.table = self._crossings.setdefault((self.whole, delta), [])
        self.rooms = self._rooms.setdefault(rung, [])

    def needs(self) -> int:
        """Audits at which the errors so far would certify; beyond the rung if nothing would."""
        while len(self.table) <= self.s:
            at = finite.crossing(self.whole, len(self.table), self.delta)
            self.table.append(self.size + 1 if at is None else at)
        return self.table[self.s]

    def room(self) -> int:
        while len(self.rooms) <= self.caught:
            self.rooms.append(self.rung.room(len(self.rooms), 0))
        return self.rooms[self.caught] - self.seen

    def take(self, wrong: list[bool], drawn: set[int], new: Sequence[int]) -> None:
        """Count *new* draws, and the prefix that there is now."""
        for at in new:
            self.seen += 1
            self.caught += wrong[at]
        members, end = self.members, len(self.members)
        while self.n < end and members[self.n] in drawn:
            self.s += wrong[members[self.n]]
            self.n += 1


def play(world: World, plan: Plan, rungs: Ladder | None = None) -> Played:
    """A campaign on *world*, whose candidates lie in coin order, to the plan's last audit."""
    rungs = freeze_ladder(world.scores, plan) if rungs is None else rungs
    books = _Books(world, plan, rungs)
    cuts = [-rung.threshold for rung in rungs.rungs]
    first = np.searchsorted(cuts, -world.scores, side="left").tolist()
    while True:
        books.aim()
        counts, to = books.counts, books.target
        force = next((j for j in range(to - 1, -1, -1) if counts[j].room() >= 0), None)
        if books.drawn:
            _judge(books.played, None if force is None else counts[force], plan)
        if len(books.drawn) == plan.audits or to == len(counts):
            return books.played
        aimed = counts[to]
        if aimed.needs() > min(aimed.seen + aimed.room(), aimed.size) or aimed.room() < 1:
            return books.played
        at = aimed.members[aimed.n]
        if force is not None and first[at] <= force and counts[force].room() < 1:
            return books.played
        books.draw(at, first[at])


class _Books:
    """The counts of all rungs. Those beyond the target are brought up to date when they matter:
    whatever was drawn for an inner target lies in them, too."""

    def __init__(self, world: World, plan: Plan, rungs: Ladder) -> None:
        self.counts = [_Counts(rung, rungs.delta, world, plan.audits) for rung in rungs.rungs]
        self.wrong: list[bool] = world.wrong.tolist()
        self.drawn, self.played, self.target = set[int](), Played(), 0
        self._counted = [0] * len(self.counts)

    def aim(self) -> None:
        """Find the target: the first rung that is not proven."""
        proven = 0
        while proven < len(self.counts):
            rung = self.counts[proven]
            if proven > self.target:
                rung.take(self.wrong, self.drawn, self.played.drawn[self._counted[proven] :])
            if rung.n < rung.needs():
                break
            proven += 1
        for j in range(proven + 1, self.target + 1):
            self._counted[j] = len(self.drawn)
        self.target = proven

    def draw(self, at: int, innermost: int) -> None:
        self.drawn.add(at)
        self.played.drawn.append(at)
        for rung in self.counts[innermost : self.target + 1]:
            rung.take(self.wrong, self.drawn, (at,))


def _judge(played: Played, rung: _Counts | None, plan: Plan) -> None:
    out = 0 if rung is None else rung.size - rung.seen
    played.out.append(out)
    if rung is not None:
        of = out if plan.promise == "label" else plan.file_size
        played.broken |= rung.errors - rung.caught > allowed(plan.eps, of)


def by_the_product(world: World, plan: Plan) -> Played:
    """The same with nothing but the product's functions: freeze, next_audits, standings."""
    rungs = freeze_ladder(world.scores, plan)
    answers = np.full(len(world.scores), AuditAnswer.NOT_DRAWN, dtype=np.int8)
    played = Played()
    while len(played.drawn) < plan.audits:
        draw = ladder.next_audits(rungs, world.scores, answers, 1)
        if not len(draw):
            break
        answers[draw] = world.wrong[draw]
        played.drawn.append(int(draw[0]))
        standing = ladder.standings(rungs, world.scores, answers)
        at = ladder.released(standing)
        inside = world.scores >= (np.inf if at is None else rungs.rungs[at].threshold)
        out = inside & (answers == AuditAnswer.NOT_DRAWN)
        played.out.append(int(out.sum()))
        of = played.out[-1] if plan.promise == "label" else plan.file_size
        played.broken |= int((world.wrong & out).sum()) > allowed(plan.eps, of)
    return played


def differs(world: World, plan: Plan) -> str | None:
    """Where `play` and the product part ways; None if they do not."""
    ours = play(world, plan)
    theirs = by_the_product(world, plan)
    for name in ("drawn", "out", "broken"):
        if getattr(ours, name) != getattr(theirs, name):
            return f"{name} differ under {plan}"
    return None


@dataclass(frozen=True)
class Campaigns:
    """Many campaigns of one plan: shares of all records, and how many broke their word."""

    audits: int
    share: float
    low: float
    high: float
    broken: int
    campaigns: int
    used: float


def campaigns(
    world: World,
    plan: Plan,
    orders: Sequence[npt.NDArray[np.int64]],
    checks: int = 0,
) -> Campaigns:
    """*world* under the coins of *orders*; the first *checks* campaigns are checked."""
    rungs = freeze_ladder(world.scores, plan)
    played = [play(world.in_order(order), plan, rungs) for order in orders]
    for order in orders[:checks]:
        if difference := differs(world.in_order(order), plan):
            raise AssertionError(f"The fast campaign is not the product's: {difference}.")
    shares = np.array([p.share(world.records) for p in played])
    low, high = (float(x) for x in np.quantile(shares, (0.05, 0.95)))
    return Campaigns(
        plan.audits, float(shares.mean()), low, high, sum(p.broken for p in played), len(played),
        float(np.mean([len(p.drawn) for p in played])),
    )  # fmt: skip


def naive_threshold(
    world: World, eps: float, audits: int, runs: int, rng: np.random.Generator
) -> tuple[float, float]:
    """(share of runs that break eps, mean share of records out) of a rule in use.

    Audit some candidates by lot, take the lowest threshold above which at most eps of them are
    wrong, and let all unaudited candidates above it go.
    """
    order = np.argsort(-world.scores, kind="stable")
    wrong = world.wrong[order]
    total, broken, out = np.cumsum(wrong), 0, 0
    for _ in range(runs):
        at = np.sort(rng.choice(len(wrong), min(audits, len(wrong)), replace=False))
        caught = np.cumsum(wrong[at])
        fine = np.flatnonzero(caught <= eps * np.arange(1, len(at) + 1))
        if not len(fine):
            continue
        last = fine[-1]
        left = int(at[last] + 1 - (last + 1))
        bad = int(total[at[last]] - caught[last])
        broken += bad > eps * left
        out += left
    return broken / runs, out / runs / world.records


def widest(world: World, eps: float, audits: int) -> float:
    """What somebody who knew all errors could free: the widest top of the ranking with at most
    eps wrong, less what *audits* would take of it, as a share of all records."""
    order = np.argsort(-world.scores, kind="stable")
    n = np.arange(1, len(order) + 1)
    fine = np.flatnonzero(np.cumsum(world.wrong[order]) <= eps * n)
    return max(int(fine[-1]) + 1 - audits, 0) / world.records if len(fine) else 0.0
