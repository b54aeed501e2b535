"""A bet against "the stream is like the reference", whose gain is an alarm with a bounded error.

Conformal test martingale with the simple jumper betting rule. Source: Vovk, Petej, Nouretdinov,
Ahlberg, Carlsson & Gammerman, Retrain or not retrain: conformal test martingales for change-point
detection, COPA 2021. Each score's p-value is its smoothed rank among all before it,

    p = (#{larger} + u (#{equal} + 1)) / (n + 1),    u uniform on [0, 1),

which is uniform and independent of the earlier ones while scores are exchangeable. Capital is
split over bets e; before each one a share J is dealt evenly anew, then C_e grows by the factor
1 + e (p - 1/2).
By Ville's inequality the chance that the sum ever reaches 100 is at most .01.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

import numpy as np

from tiebreak.errors import UsageError

JUMP = 0.01
BETS = (-2.0, -1.0, 0.0)
"""One-sided: only small p-values (far texts) win. A stream that comes nearer is no danger."""


class JumperMartingale:
    """The capital of somebody who bets that texts come from farther away than before.

    Every score joins the bag that later ones are ranked in: with a frozen bag the p-values would
    share its chance errors and the bound on false alarms would not hold.

    Args:
        bag: scores of the reference; each finite, higher is farther. They must be exchangeable
            with the stream's under no drift: measured against the same records, and not one of
            these records themselves.
        rng: breaks ties.
        jump: J above. ``bets``: the e above, each in [-2, 2].
    """

    def __init__(
        self,
        bag: Iterable[float],
        rng: np.random.Generator,
        *,
        jump: float = JUMP,
        bets: tuple[float, ...] = BETS,
    ) -> None:
        if not (0 <= jump <= 1 and bets and max(map(abs, bets)) <= 2):
            raise UsageError(
                f"A jump of {jump!r} with bets {bets!r} could lose more than there is.",
                mend="Use a jump in [0, 1] and bets in [-2, 2].",
            )
        self._bag = sorted(_finite(score) for score in bag)
        self._rng = rng
        self._jump = jump
        self._bets = np.array(bets)
        self._shares = np.full(len(bets), 1 / len(bets))
        self.log_capital = 0.0
        """Natural logarithm of the capital: the capital itself would pass a float's range."""
        self.log_peak = 0.0
        """Its highest so far."""

    def update(self, score: float) -> float:
        """Bet on one more score; returns the p-value that it had."""
        p = self._rank(_finite(score))
        shares = (1 - self._jump) * self._shares + self._jump / len(self._bets)
        shares = shares * (1 + self._bets * (p - 0.5))
        gain = max(float(shares.sum()), 1e-300)  # a lone bet of 2 can lose all
        self._shares = shares / gain
        self.log_capital += float(np.log(gain))
        self.log_peak = max(self.log_peak, self.log_capital)
        return p

    def run(self, scores: Iterable[float]) -> np.ndarray:
        """Bet on scores one by one; log capital float64[n] after each."""
        path = []
        for score in scores:
            self.update(float(score))
            path.append(self.log_capital)
        return np.array(path)

    def _rank(self, score: float) -> float:
        low, high = bisect_left(self._bag, score), bisect_right(self._bag, score)
        larger, equal = len(self._bag) - high, high - low
        # 1 - random() is in (0, 1]: a p of exactly 0 would be no rank
        p = (larger + (1.0 - self._rng.random()) * (equal + 1)) / (len(self._bag) + 1)
        insort(self._bag, score)
        return p


def _finite(score: float) -> float:
    if not np.isfinite(score):
        raise UsageError(
            f"A novelty score of {score!r} cannot be ranked.", mend="Embed the texts again."
        )
    return float(score)
