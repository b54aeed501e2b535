"""Retrain: fit the head to people's labels, choose its C, calibrate it on the control arm."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Floats, Ids
from tiebreak.domain.batches import HeadComparison, ModelInfo
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Head
from tiebreak.errors import ModelFileError
from tiebreak.learner import learning_space, needs_choice
from tiebreak.models.control_arm import scored_control
from tiebreak.models.embed import prototypes
from tiebreak.models.head_selection import BASELINE_HEAD, TrainingData, choose_head, control_rows
from tiebreak.project import ProjectContext, wiring

MAX_UNLABELLED = 6_000
"""Unlabelled records that a semi-supervised head learns from."""


def labels_hash(context: ProjectContext, labelled: Mapping[int, tuple[str, LabelValue]]) -> str:
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


def train_head(context: ProjectContext, round: int) -> ModelInfo | None:
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
    fitted = _fit(context, round, ids, [labelled[i][1] for i in ids.tolist()], last)
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _TrainedHead:
    """A head fresh from its fit; the other fields are those of `ModelInfo`."""

    head: Head
    kind: str
    c: float
    c_chosen_at: int
    temperature: float
    calibrated_on: int
    trial: HeadComparison | None


def _fit(
    context: ProjectContext, round: int, ids: Ids, values: list[LabelValue], last: ModelInfo | None
) -> _TrainedHead | None:
    space, classes = learning_space(context.schema), context.schema.names
    vectors = context.rows(ids)
    c, chosen_at = space.default_c, 0
    if last is not None and space.keeps_c_of(last.head):
        c, chosen_at = last.c, last.c_chosen_at
    labels = sum(map(len, values))
    if due := needs_choice(labels, chosen_at, len(classes)):
        c = space.choose_c(vectors, values, classes, context.rng("folds", round))
        chosen_at = labels
    trial = None
    if (kind := space.only_head) is not None:
        head = wiring.set_classifier(kind).fit(vectors, values, classes, c)
    else:
        data = _training_data(
            context, round, ids, vectors=vectors, labels=[value[0] for value in values], c=c
        )
        kind, trial = choose_head(context, round, data, last, due=due)
        head = data.fit(wiring.classifier(kind))
    if head is None:
        return None
    scored, truth = scored_control(context, kind)
    return _TrainedHead(
        head=head,
        kind=kind,
        c=c,
        c_chosen_at=chosen_at,
        temperature=space.fit_temperature(scored, truth),
        calibrated_on=len(truth),
        trial=trial,
    )


def _training_data(
    context: ProjectContext,
    round: int,
    ids: Ids,
    *,
    vectors: Floats,
    labels: list[str],
    c: float,
) -> TrainingData:
    plain = context.settings.learn.head == BASELINE_HEAD  # it reads the labelled rows alone
    return TrainingData(
        vectors=vectors,
        labels=labels,
        classes=context.schema.names,
        c=c,
        control=control_rows(context, ids),
        unlabelled=vectors[:0] if plain else _unlabelled(context, round, ids),
        prototypes=None if plain else prototypes(context),
    )


def _unlabelled(context: ProjectContext, round: int, labelled: Ids) -> Floats:
    """Vectors of unlabelled pool records, drawn at random."""
    rest = np.setdiff1d(context.table.pool, labelled, assume_unique=True)
    drawn = context.rng("unlabelled", round).permutation(rest)[:MAX_UNLABELLED]
    return context.rows(drawn)
