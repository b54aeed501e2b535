"""What labels drawn at random would have brought in the demo, and how many of them it takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tiebreak.domain.arrays import Floats, Positions
from tiebreak.domain.evidence import Estimate
from tiebreak.learner.estimation import share_right
from tiebreak.models import BASELINE_HEAD, TrainingData, probabilities, prototypes
from tiebreak.project import ProjectContext, wiring
from tiebreak.simulation.curve_comparison import labels_to
from tiebreak.simulation.results import RandomBaseline

DRAWS = 9
"""One draw would do for an interval, but draws differ by several points."""

TIMES = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
"""Label counts that are tried, as multiples of those that the demo used."""


def random_choice(context: ProjectContext) -> RandomBaseline:
    """The median of nine draws, scored on the held-out rows."""
    card = context.store.notes.last_model()
    assert card is not None
    n, rows = len(context.pool_state().labelled), _RandomChoice(context)
    most = len(rows.pool)
    counts = sorted({min(int(n * times), most) for times in TIMES})
    curve = [rows.median(context, BASELINE_HEAD, count, card.c) for count in counts]
    reached = rows.scored(context, context.head())
    needed = labels_to(counts, [x.accuracy for x in curve], reached.accuracy)
    return RandomBaseline(
        labels=n,
        draws=DRAWS,
        heldout=rows.median(context, card.head, n, card.c),
        plain=curve[0],
        most=counts[-1],
        needed=None if needed is None else round(needed),
        saved=None if needed is None else round(1 - n / needed, 3),
    )


class _RandomChoice:
    """The pool with its sealed labels, and the held-out rows with theirs."""

    def __init__(self, context: ProjectContext) -> None:
        pool = context.table.pool
        self.gold = context.store.gold.get(pool.tolist())
        self.pool = pool[np.isin(pool, list(self.gold))]
        self.vectors = context.rows(self.pool)
        self.heldout = context.table.ids[context.table.heldout]
        self.prototypes: Floats = prototypes(context)

    def median(self, context: ProjectContext, kind: str, n: int, c: float) -> Estimate:
        """Of the held-out accuracies of nine heads on *n* random labels."""
        estimates = [self._draw(context, kind, n, c, draw) for draw in range(DRAWS)]
        return sorted(estimates, key=lambda x: x.accuracy)[len(estimates) // 2]

    def _draw(self, context: ProjectContext, kind: str, n: int, c: float, draw: int) -> Estimate:
        order = context.rng("demo-random", draw).permutation(len(self.pool))
        chosen, rest = np.sort(order[:n]), order[n:]
        data = TrainingData(
            vectors=self.vectors[chosen],
            labels=[self.gold[i][0] for i in self.pool[chosen].tolist()],
            classes=context.schema.names,
            c=c,
            control=np.zeros(0, dtype=np.int64),
            unlabelled=self.vectors[rest],
            prototypes=self.prototypes,
        )
        return self.scored(context, (0, 1.0, data.fit(wiring.classifier(kind))))

    def scored(self, context: ProjectContext, head: Any) -> Estimate:
        """A head's accuracy on the held-out rows."""
        known = context.store.gold.get(self.heldout.tolist())
        best: Positions = probabilities(head, context.rows(self.heldout)).argmax(axis=1)
        names = context.schema.names
        right = [(names[j],) == known[i] for i, j in zip(self.heldout.tolist(), best, strict=True)]
        estimate = share_right(right)
        assert estimate is not None  # the demo's file has held-out rows
        return estimate
