"""Retrain: fit the head to people's labels, choose its C, calibrate it on the control arm."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import ModelInfo
from tiebreak.domain.ports import Floats
from tiebreak.errors import ModelFileError
from tiebreak.learner.calibration import fit_temperature
from tiebreak.learner.choose_c import choose_c, needs_choice
from tiebreak.learner.head_comparison import TrainingData
from tiebreak.models.control_arm import scored_control
from tiebreak.models.head_selection import BASELINE_HEAD, choose_head, control_rows
from tiebreak.models.prototypes import prototypes
from tiebreak.models.train_sets import fit_sets
from tiebreak.models.trained_head import TrainedHead
from tiebreak.project import wiring
from tiebreak.project.context import ProjectContext

MAX_UNLABELLED = 6_000
"""Unlabelled records that a semi-supervised head learns from."""


def labels_hash(context: ProjectContext, labelled: dict[int, tuple[str, Any]]) -> str:
    """Names exactly which labels a head learnt from: records, values, whose."""
    records = context.records(labelled)
    rows = sorted(
        [records[i].source, records[i].external_id, by, list(labels)]
        for i, (by, labels) in labelled.items()
    )
    raw = json.dumps([context.schema.fingerprint, context.embedder.id, rows], ensure_ascii=False)
    return hashlib.sha256(raw.encode()).hexdigest()


def head_is_whole(context: ProjectContext) -> bool:
    """Whether the newest head can be read; there being none yet is fine."""
    try:
        context.head()
    except ModelFileError:
        return False
    return True


def train(context: ProjectContext, round: int) -> ModelInfo | None:
    """Fit a head and save its file if the labels changed since the last; None if they did not.

    The card is returned, not stored: whoever asked stores it together with what follows from it,
    so that no transaction waits for a fit.

    C and the classifier are chosen again only when the label count has grown by half since the
    last choice. The temperature is fitted on control-arm labels alone, each scored by a head of the
    same kind that came before its label; it is 1 until there are 30.
    """
    labelled = context.pool_state().labelled
    last = context.store.notes.last_model()
    name = labels_hash(context, labelled)
    if not labelled or (last and last.labels_hash == name and head_is_whole(context)):
        return None
    ids = np.array(sorted(labelled), dtype=np.int64)
    values = [labelled[i][1] for i in ids.tolist()]
    if context.schema.multiple:
        fitted = fit_sets(context, round, ids, values, last)
    else:
        fitted = _fit(context, round, ids, [value[0] for value in values], last)
    if fitted is None:
        return None
    version = last.version + 1 if last else 1
    return ModelInfo(
        version=version,
        round=round,
        classes=context.schema.names,
        c=fitted.c,
        c_chosen_at=fitted.c_chosen_at,
        temperature=fitted.temperature,
        calibrated_on=fitted.calibrated_on,
        trained_on=dict(sorted(Counter(by for by, _ in labelled.values()).items())),
        labels_hash=name,
        embedder=context.embedder.id,
        schema_version=context.schema.version,
        sha256=wiring.write_head(context.folder, version, fitted.head),
        head=fitted.kind,
        trial=fitted.trial,
        created_at=context.clock().isoformat(),
    )


def _fit(
    context: ProjectContext,
    round: int,
    ids: npt.NDArray[np.int64],
    values: list[str],
    last: ModelInfo | None,
) -> TrainedHead | None:
    """A head for records with one label each."""
    vectors = context.rows(ids)
    classes = context.schema.names
    c, chosen_at = (last.c, last.c_chosen_at) if last else (30.0, 0)
    if due := needs_choice(len(values), chosen_at, len(classes)):
        c, chosen_at = choose_c(vectors, values, classes, context.rng("folds", round)), len(values)
    plain = context.settings.learn.head == BASELINE_HEAD  # it reads the labelled rows alone
    data = TrainingData(
        vectors=vectors,
        labels=values,
        classes=classes,
        c=c,
        control=control_rows(context, ids),
        unlabelled=vectors[:0] if plain else _unlabelled(context, round, ids),
        prototypes=None if plain else prototypes(context),
    )
    kind, trial = choose_head(context, round, data, last, due=due)
    head = data.fit(wiring.classifier(kind))
    if head is None:
        return None
    scored, truth = scored_control(context, kind)
    return TrainedHead(
        head=head,
        kind=kind,
        c=c,
        c_chosen_at=chosen_at,
        temperature=fit_temperature(np.log(np.maximum(scored, 1e-300)), truth),
        calibrated_on=len(truth),
        trial=trial,
    )


def _unlabelled(context: ProjectContext, round: int, labelled: npt.NDArray[np.int64]) -> Floats:
    """Vectors of unlabelled pool records, drawn by lot."""
    rest = np.setdiff1d(context.table.pool, labelled, assume_unique=True)
    drawn = context.rng("unlabelled", round).permutation(rest)[:MAX_UNLABELLED]
    return context.rows(drawn)
