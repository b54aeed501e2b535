"""Which classifier a project's next head is: the semi-supervised one, unless its trial is lost.

It was the better one on nearly every set that we measured (docs/benchmarks.md), so it is what a
project starts with; whether it is better on this project, only this project's control arm can say.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tiebreak.domain.arrays import Ids, Positions
from tiebreak.domain.batches import HeadComparison, ModelInfo
from tiebreak.learner.head_comparison import TrainingData, baseline_wins, compare_heads
from tiebreak.models.control_arm import labelled_control
from tiebreak.project import wiring
from tiebreak.project.context import ProjectContext

DEFAULT_HEAD = "semi_supervised"
BASELINE_HEAD = "logistic"


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
