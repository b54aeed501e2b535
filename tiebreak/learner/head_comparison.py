"""Two heads on trial: which one a project's own control arm speaks for.

Control records were drawn by lot, so the share of them that a head has right estimates its accuracy
on the pool. Each fold of them is left out of training once, and both heads, trained on everything
else, say what they are; a record that one head alone has right is a win for it (McNemar, 1947).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Flags, Floats, Floats64, Positions
from tiebreak.domain.batches import HeadComparison
from tiebreak.domain.label_space import label_codes
from tiebreak.domain.ports import Classifier, Head
from tiebreak.learner.choose_c import deal

FOLDS = 3
SIGNIFICANCE = 0.2
"""The challenger yields once so many losses are less likely than this for an equal head. Far from
the usual .05: to yield wrongly costs a point or two, to stay wrongly costs as much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingData:
    """The labelled rows: ``vectors`` float32[n, d], ``labels`` n names out of ``classes``.

    ``control`` holds positions of the control arm among them. ``unlabelled`` float32[m, d] and
    ``prototypes`` float32[k, d], vectors of the classes' names, are for the heads that learn from
    them too. ``c`` is the inverse strength of the penalty. ``weights`` float64[n], None for ones.
    """

    vectors: Floats
    labels: Sequence[str]
    classes: tuple[str, ...]
    c: float
    control: Positions
    unlabelled: Floats
    prototypes: Floats | None = None
    weights: Floats64 | None = None

    def fit(self, classifier: Classifier, rows: Positions | None = None) -> Head | None:
        """A head of *classifier* from *rows* (positions; None: all); see its ``fit``."""
        at = np.arange(len(self.labels)) if rows is None else rows
        return classifier.fit(
            self.vectors[at],
            [self.labels[i] for i in at.tolist()],
            self.classes,
            self.c,
            sample_weight=None if self.weights is None else self.weights[at],
            unlabelled=self.unlabelled,
            prototypes=self.prototypes,
        )


Train = Callable[[Positions], Head | None]
"""A way of training: from the rows at these positions alone, a head; None where it cannot."""


def compare_heads(
    data: TrainingData, challenger: Classifier, champion: Classifier, rng: np.random.Generator
) -> HeadComparison:
    """Count wins and losses of *challenger* against *champion* over the control rows.

    A fold's rows are dealt by *rng*. They join neither head's unlabelled rows: what is measured is
    the head's opinion of records that it never saw.
    """
    return compare_fits(
        data, lambda rest: data.fit(challenger, rest), lambda rest: data.fit(champion, rest), rng
    )


def compare_fits(
    data: TrainingData, challenger: Train, champion: Train, rng: np.random.Generator
) -> HeadComparison:
    """`compare_heads` for any two ways of training, each given the positions that it may learn
    from."""
    truth = label_codes(data.labels, data.classes)
    fold = deal(truth[data.control], rng, FOLDS)
    won = lost = scored = 0
    for number in range(FOLDS):
        held = data.control[fold == number]
        right = [_right(data, train, held, truth) for train in (challenger, champion)]
        if right[0] is None or right[1] is None:
            continue
        scored += len(held)
        won += int((right[0] & ~right[1]).sum())
        lost += int((right[1] & ~right[0]).sum())
    return HeadComparison(n=scored, won=won, lost=lost)


def baseline_wins(trial: HeadComparison) -> bool:
    """Whether the challenger steps aside: an equal head would rarely lose so often.

    P(Binomial(won + lost, 1/2) >= lost) < `SIGNIFICANCE`, one-sided, exact.
    """
    from scipy.stats import binom

    n = trial.won + trial.lost
    return n > 0 and float(binom.sf(trial.lost - 1, n, 0.5)) < SIGNIFICANCE


def _right(data: TrainingData, train: Train, held: Positions, truth: Positions) -> Flags | None:
    """Which held rows a head is right on that never saw them; None where none could be trained."""
    rest = np.setdiff1d(np.arange(len(truth)), held)
    if not len(held) or not len(rest):
        return None
    head = train(rest)
    if head is None:
        return None
    return np.asarray(head.logits(data.vectors[held]).argmax(axis=1) == truth[held])
