"""When more selected labels are not worth their price. Advice: nothing here stops anything.

Two signs together. The head has settled: the predictions of successive heads on a fixed set of
unlabelled records agree, kappa >= .97, for three batches (Bloodgood & Vijay-Shanker, A Method for
Stopping Active Learning Based on Stabilizing Predictions, CoNLL 2009, 1409.5165; kappa >= T bounds
the change in F by 4(1 - T)/T, 1504.06329). And the next batch would cost more than the reviews
that it saves. Kappa alone is advisory: on BANKING77 it passes .95 at eight labels a class, long
before accuracy has stopped growing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Positions
from tiebreak.errors import UsageError

KAPPA = 0.97
BATCHES = 3
STOP_SET = 2000
"""Records in the fixed set; fewer where the pool is smaller."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Worth:
    """The next batch: records that people need not look at because of it, against its labels."""

    saves: float
    costs: float

    @property
    def pays(self) -> bool:
        """Whether it saves at least what it costs."""
        return self.saves >= self.costs


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """``stop`` if both signs say so; ``worth`` is None where it cannot be told."""

    stop: bool
    settled: bool
    worth: Worth | None
    why: str


def successive_kappa(first: Positions, second: Positions) -> float:
    """Cohen's kappa (1960) of two heads' predictions int64[n] on the same records.

    (observed - expected agreement) / (1 - expected); 1 where both always say the same one label.
    """
    if first.shape != second.shape or not len(first):
        raise UsageError(
            f"Predictions of {first.shape!r} and {second.shape!r} records do not pair.",
            mend="Give both heads the same records, one or more.",
        )
    k = int(max(first.max(), second.max())) + 1
    observed = float((first == second).mean())
    shares = np.bincount(first, minlength=k) * np.bincount(second, minlength=k) / len(first) ** 2
    expected = float(shares.sum())
    return 1.0 if expected >= 1 else (observed - expected) / (1 - expected)


def settled(kappas: Sequence[float], *, least: float = KAPPA, batches: int = BATCHES) -> bool:
    """Whether the last *batches* kappas of successive heads, oldest first, all reach *least*."""
    last = kappas[-batches:]
    return len(last) == batches and min(last) >= least


def next_batch(
    shares: Sequence[float], *, left: int, batch: int, review: float = 1.0, label: float = 1.0
) -> Worth | None:
    """What the next batch saves and costs; None before there are three slopes.

    It saves (mean of the last three falls in the share that people must look at) x left x review,
    and costs batch x label.

    Args:
        shares: of the records left, those that people would have to look at, in [0, 1], after each
            batch, oldest first.
        left: records not labelled yet.
        batch: labels in the next batch.
        review: cost of looking at one record, in any unit.
        label: cost of one label, in the same unit.
    """
    if len(shares) < BATCHES + 1:
        return None
    fall = (shares[-BATCHES - 1] - shares[-1]) / BATCHES
    return Worth(saves=fall * max(0, left - batch) * review, costs=batch * label)


def advise(kappas: Sequence[float], worth: Worth | None) -> Advice:
    """Stop only if the head has settled and the next batch does not pay."""
    calm = settled(kappas)
    if not calm:
        why = "The model still changes from batch to batch."
    elif worth is None:
        why = "The model has settled; what the next batch would bring cannot be told."
    elif worth.pays:
        why = "The model has settled, but the next batch still saves more than it costs."
    else:
        why = "The model has settled, and the next batch costs more than it saves."
    stop = calm and worth is not None and not worth.pays
    return Advice(stop=stop, settled=calm, worth=worth, why=why)
