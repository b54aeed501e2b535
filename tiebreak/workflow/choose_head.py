"""Which classifier a project's next head is: the semi-supervised one, unless its trial is lost.

It was the better one on nearly every set that we measured (docs/benchmarks.md), so it is what a
project starts with; whether it is better on this project, only this project's control arm can say.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import ModelCard, Trial
from tiebreak.learner.trial import Data, hold, yields
from tiebreak.workflow import wiring
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.control import labelled_control

CHALLENGER = "semi_supervised"
CHAMPION = "logistic"


def choose_head(
    bench: Bench, round: int, data: Data, last: ModelCard | None, *, due: bool
) -> tuple[str, Trial | None]:
    """The classifier's name and the trial that chose it, if one did.

    A setting other than ``auto`` is followed. A trial is held when it is *due*, as the choice of C
    is, and its outcome stands until the next.
    """
    asked = bench.settings.learn.head
    if asked != "auto":
        return asked, None
    if due:
        trial = hold(
            data,
            wiring.classifier(CHALLENGER),
            wiring.classifier(CHAMPION),
            bench.rng("trial", round),
        )
        return (CHAMPION if yields(trial) else CHALLENGER), trial
    if last is not None and last.trial is not None:
        return last.head, last.trial
    return CHALLENGER, None


def control_rows(bench: Bench, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions int64 in *ids* (ascending) of the labelled control records of this schema."""
    version = bench.schema.version
    drawn: Sequence[int] = [
        item.record_id for item, _, drawn_under in labelled_control(bench) if drawn_under == version
    ]
    return np.flatnonzero(np.isin(ids, drawn)).astype(np.int64)
