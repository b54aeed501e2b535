"""Predict: the head's calibrated probabilities for records, or for texts that are no records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Ids
from tiebreak.domain.evidence import Predictions
from tiebreak.domain.label_space import label_space
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Head
from tiebreak.errors import UsageError
from tiebreak.files import clean_text
from tiebreak.learner import LINKS
from tiebreak.project import ProjectContext

CHUNK = 1024


def probabilities(
    head: tuple[int, float, Head], vectors: Floats, *, calibrated: bool = True
) -> Floats64:
    """float64[n, k] over the schema's labels, with the head's temperature or with T = 1."""
    _, temperature, weights = head
    logits = weights.logits(vectors)
    return LINKS[weights.link](logits, temperature if calibrated else 1.0)


def predict_records(context: ProjectContext, ids: Sequence[int]) -> Predictions | None:
    """Predictions for records by id; None before the first head."""
    head = context.head()
    if head is None:
        return None
    return predict_by(context, head, np.asarray(ids, dtype=np.int64))


def predict_by(context: ProjectContext, head: tuple[int, float, Head], wanted: Ids) -> Predictions:
    """Predictions of a head, not always the newest, for records by id."""
    return Predictions(
        ids=wanted,
        probabilities=probabilities(head, context.rows(wanted)),
        classes=head[2].classes,
        model_version=head[0],
        multiple=context.schema.multiple,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class TextPrediction:
    """A prediction for a bare text: its label value with the calibrated probability of that, and
    the ``top`` few labels with theirs. ``label`` is the most probable single one."""

    label: str
    labels: LabelValue
    confidence: float
    top: tuple[tuple[str, float], ...]
    model_version: int


def predict_texts(
    context: ProjectContext, texts: Sequence[str], *, top: int = 3
) -> Iterator[TextPrediction]:
    """Predictions for texts that are no records of the project; nothing is stored."""
    head = context.head()
    if head is None:
        raise UsageError(
            "There is no trained model yet, so nothing can be predicted.",
            mend="Label some records and run: tiebreak run DIR",
        )
    space = label_space(context.schema)
    for start in range(0, len(texts), CHUNK):
        vectors = context.embedder.embed(
            [clean_text(text) for text in texts[start : start + CHUNK]]
        )
        p = probabilities(head, vectors)
        order = np.argsort(-p, axis=1, kind="stable")[:, :top]
        for row, best in zip(p, order, strict=True):
            ranked = tuple((head[2].classes[j], float(row[j])) for j in best)
            labels, p_labels = space.best(row, head[2].classes)
            yield TextPrediction(
                label=ranked[0][0],
                labels=labels,
                confidence=p_labels,
                top=ranked,
                model_version=head[0],
            )
