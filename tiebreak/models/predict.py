"""Predict: the head's calibrated probabilities for records, or for texts that are no records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.domain.evidence import Predictions, most_probable
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Floats, Head
from tiebreak.errors import UsageError
from tiebreak.files import clean_text
from tiebreak.learner.calibration import sigmoid, softmax
from tiebreak.project.context import Ids, ProjectContext

CHUNK = 1024


def probabilities(
    head: tuple[int, float, Head], vectors: Floats, *, calibrated: bool = True
) -> npt.NDArray[np.float64]:
    """float64[n, k] over the schema's labels, with the head's temperature or with T = 1."""
    _, temperature, weights = head
    link = sigmoid if weights.link == "sigmoid" else softmax
    return link(weights.logits(vectors), temperature if calibrated else 1.0)


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
    multiple = context.schema.multiple
    for start in range(0, len(texts), CHUNK):
        vectors = context.embedder.embed(
            [clean_text(text) for text in texts[start : start + CHUNK]]
        )
        p = probabilities(head, vectors)
        order = np.argsort(-p, axis=1, kind="stable")[:, :top]
        for row, best in zip(p, order, strict=True):
            ranked = tuple((head[2].classes[j], float(row[j])) for j in best)
            labels, p_labels = most_probable(row, head[2].classes, multiple=multiple)
            yield TextPrediction(
                label=ranked[0][0],
                labels=labels,
                confidence=p_labels,
                top=ranked,
                model_version=head[0],
            )
