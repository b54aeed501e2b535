"""Which classifier a project's next head is: the semi-supervised one, unless its trial is lost.

It was the better one on nearly every set that we measured (docs/benchmarks.md), so it is what a
project starts with; whether it is better on this project, only this project's control arm can say.
Control records were drawn at random, so the share of them that a head has right estimates its
accuracy on the pool. Each fold of them is left out of training once, and both heads, trained on
everything else, predict them; a record that one head alone has right is a win for it (McNemar,
1947).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Flags, Floats, Floats64, Ids, Positions
from tiebreak.domain.batches import HeadComparison, ModelInfo
from tiebreak.domain.label_space import label_codes
from tiebreak.domain.ports import Classifier, Head
from tiebreak.learner import deal
from tiebreak.models.control_arm import labelled_control
from tiebreak.project import ProjectContext, wiring

DEFAULT_HEAD = "semi_supervised"
BASELINE_HEAD = "logistic"
FOLDS = 3
SIGNIFICANCE = 0.2
"""The default head yields once so many losses are less likely than this for an equal head. Far from
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


def choose_head(
    context: ProjectContext, round: int, data: TrainingData, last: ModelInfo | None, *, due: bool
) -> tuple[str, HeadComparison | None]:
    """The classifier's name and the trial that chose it, if one did.

    A setting other than ``auto`` is followed. A trial is held when it is *due*, as the choice of C
    is, and its outcome stands until the next.
    """
    asked = context.settings.learn.head
    if asked != "auto":
        return asked, None
    if due:
        trial = compare_heads(
            data,
            wiring.classifier(DEFAULT_HEAD),
            wiring.classifier(BASELINE_HEAD),
            context.rng("trial", round),
        )
        return (BASELINE_HEAD if baseline_wins(trial) else DEFAULT_HEAD), trial
    if last is not None and last.trial is not None:
        return last.head, last.trial
    return DEFAULT_HEAD, None


def control_rows(context: ProjectContext, ids: Ids) -> Positions:
    """Positions int64 in *ids* (ascending) of the labelled control records of this schema."""
    version = context.schema.version
    drawn: Sequence[int] = [
        item.record_id
        for item, _, drawn_under in labelled_control(context)
        if drawn_under == version
    ]
    return np.flatnonzero(np.isin(ids, drawn)).astype(np.int64)


Train = Callable[[Positions], Head | None]
"""A way of training: from the rows at these positions alone, a head; None where it cannot."""


def compare_heads(
    data: TrainingData, default: Classifier, baseline: Classifier, rng: np.random.Generator
) -> HeadComparison:
    """Count wins and losses of *default* against *baseline* over the control rows.

    A fold's rows are dealt by *rng*. They join neither head's unlabelled rows: what is measured is
    the head's opinion of records that it never saw.
    """
    return compare_fits(
        data, lambda rest: data.fit(default, rest), lambda rest: data.fit(baseline, rest), rng
    )


def compare_fits(
    data: TrainingData, default: Train, baseline: Train, rng: np.random.Generator
) -> HeadComparison:
    """`compare_heads` for any two ways of training, each given the positions that it may learn
    from."""
    truth = label_codes(data.labels, data.classes)
    fold = deal(truth[data.control], rng, FOLDS)
    won = lost = scored = 0
    for number in range(FOLDS):
        left_out = data.control[fold == number]
        right = [_right(data, train, left_out, truth) for train in (default, baseline)]
        if right[0] is None or right[1] is None:
            continue
        scored += len(left_out)
        won += int((right[0] & ~right[1]).sum())
        lost += int((right[1] & ~right[0]).sum())
    return HeadComparison(n=scored, won=won, lost=lost)


def baseline_wins(trial: HeadComparison) -> bool:
    """Whether the default head steps aside: an equal head would rarely lose so often.

    P(Binomial(won + lost, 1/2) >= lost) < `SIGNIFICANCE`, one-sided, exact.
    """
    from scipy.stats import binom

    n = trial.won + trial.lost
    return n > 0 and float(binom.sf(trial.lost - 1, n, 0.5)) < SIGNIFICANCE


def _right(data: TrainingData, train: Train, left_out: Positions, truth: Positions) -> Flags | None:
    """Which left-out rows a head has right that never saw them; None without such a head."""
    rest = np.setdiff1d(np.arange(len(truth)), left_out)
    if not len(left_out) or not len(rest):
        return None
    head = train(rest)
    if head is None:
        return None
    return np.asarray(head.logits(data.vectors[left_out]).argmax(axis=1) == truth[left_out])
