"""The multi-label part of training: one classifier, its own choice of C, its own calibration."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import ModelInfo
from tiebreak.domain.labels import LabelValue
from tiebreak.learner.calibration import fit_sets_temperature
from tiebreak.learner.choose_c import needs_choice
from tiebreak.learner.choose_c_sets import DEFAULT_C, choose_c_sets
from tiebreak.models.control_arm import scored_sets
from tiebreak.models.trained_head import TrainedHead
from tiebreak.project import wiring
from tiebreak.project.context import ProjectContext

HEAD = "one_vs_rest"


def fit_sets(
    context: ProjectContext,
    round: int,
    ids: npt.NDArray[np.int64],
    sets: list[LabelValue],
    last: ModelInfo | None,
) -> TrainedHead | None:
    """A head for records to which any number of labels may apply; None without a row.

    ``learn.head`` chooses among single-label classifiers and is not read here.
    """
    vectors, classes = context.rows(ids), context.schema.names
    c, chosen_at = DEFAULT_C, 0
    if last is not None and last.head == HEAD:
        c, chosen_at = last.c, last.c_chosen_at
    given = sum(map(len, sets))
    if needs_choice(given, chosen_at, len(classes)):
        c, chosen_at = choose_c_sets(vectors, sets, classes, context.rng("folds", round)), given
    head = wiring.set_classifier(HEAD).fit(vectors, sets, classes, c)
    if head is None:
        return None
    scored, truth = scored_sets(context)
    return TrainedHead(
        head=head,
        kind=HEAD,
        c=c,
        c_chosen_at=chosen_at,
        temperature=fit_sets_temperature(scored, truth),
        calibrated_on=len(truth),
    )
