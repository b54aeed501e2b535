"""What labels drawn at random would have brought in the demo, and how many of them it takes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from tiebreak.domain.evidence import Estimate
from tiebreak.domain.ports import Floats
from tiebreak.learner.comparison import labels_to
from tiebreak.learner.trial import Data
from tiebreak.workflow import wiring
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.choose_head import CHAMPION
from tiebreak.workflow.control import share
from tiebreak.workflow.label_names import prototypes
from tiebreak.workflow.predict import probabilities

DRAWS = 9
"""One draw would do for an interval, but draws differ by several points."""

TIMES = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
"""Label counts that are tried, as multiples of those that the demo used."""


def random_choice(bench: Bench) -> dict[str, Any]:
    """The median of nine draws, scored on the held-out rows.

    ``heldout``: the newest head's kind on as many ``labels``. ``plain``: logistic regression on
    them. ``needed``: how many random labels logistic regression needs to be as accurate as the
    project's head (None: more than ``most``), and ``saved``, the share of them that the project did
    without.
    """
    card = bench.store.notes.last_model()
    assert card is not None
    n, rows = len(bench.labelled()), _Rows(bench)
    most = len(rows.pool)
    counts = sorted({min(int(n * times), most) for times in TIMES})
    curve = [rows.median(bench, CHAMPION, count, card.c) for count in counts]
    reached = rows.scored(bench, bench.head())
    needed = labels_to(counts, [x.accuracy for x in curve], reached.accuracy)
    return {
        "labels": n,
        "draws": DRAWS,
        "heldout": asdict(rows.median(bench, card.head, n, card.c)),
        "plain": asdict(curve[0]),
        "most": counts[-1],
        "needed": None if needed is None else round(needed),
        "saved": None if needed is None else round(1 - n / needed, 3),
    }


class _Rows:
    """The pool with its sealed labels, and the held-out rows with theirs."""

    def __init__(self, bench: Bench) -> None:
        pool = bench.table.pool
        self.gold = bench.store.gold.get(pool.tolist())
        self.pool = pool[np.isin(pool, list(self.gold))]
        self.vectors = bench.rows(self.pool)
        self.heldout = bench.table.ids[bench.table.heldout]
        self.prototypes: Floats = prototypes(bench)

    def median(self, bench: Bench, kind: str, n: int, c: float) -> Estimate:
        """Of the held-out accuracies of nine heads on *n* random labels."""
        found = [self._one(bench, kind, n, c, draw) for draw in range(DRAWS)]
        return sorted(found, key=lambda x: x.accuracy)[len(found) // 2]

    def _one(self, bench: Bench, kind: str, n: int, c: float, draw: int) -> Estimate:
        order = bench.rng("demo-random", draw).permutation(len(self.pool))
        chosen, rest = np.sort(order[:n]), order[n:]
        data = Data(
            vectors=self.vectors[chosen],
            labels=[self.gold[i][0] for i in self.pool[chosen].tolist()],
            classes=bench.schema.names,
            c=c,
            control=np.zeros(0, dtype=np.int64),
            unlabelled=self.vectors[rest],
            prototypes=self.prototypes,
        )
        return self.scored(bench, (0, 1.0, data.fit(wiring.classifier(kind))))

    def scored(self, bench: Bench, head: Any) -> Estimate:
        """A head's accuracy on the held-out rows."""
        known = bench.store.gold.get(self.heldout.tolist())
        best: npt.NDArray[np.int64] = probabilities(head, bench.rows(self.heldout)).argmax(axis=1)
        names = bench.schema.names
        right = [(names[j],) == known[i] for i, j in zip(self.heldout.tolist(), best, strict=True)]
        told = share(right)
        assert told is not None  # the demo's file has held-out rows
        return told
