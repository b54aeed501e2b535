"""Texts to vectors, people's labels to heads, heads to predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.models.control_arm import (
        control_report as control_report,
        draw_control as draw_control,
        labelled_control as labelled_control,
        record_answers as record_answers,
        scored_control as scored_control,
    )
    from tiebreak.models.embedding import (
        NEAR as NEAR,
        embed as embed,
        embed_label_names as embed_label_names,
        prototypes as prototypes,
    )
    from tiebreak.models.head_selection import (
        BASELINE_HEAD as BASELINE_HEAD,
        DEFAULT_HEAD as DEFAULT_HEAD,
        TrainingData as TrainingData,
    )
    from tiebreak.models.neighbours import (
        LabelledIndex as LabelledIndex,
        labelled_neighbours as labelled_neighbours,
    )
    from tiebreak.models.predict import (
        predict_records as predict_records,
        predict_texts as predict_texts,
        probabilities as probabilities,
    )
    from tiebreak.models.scorer import Scorer as Scorer
    from tiebreak.models.training import (
        MAX_UNLABELLED as MAX_UNLABELLED,
        head_is_whole as head_is_whole,
        train as train,
    )

__getattr__ = lazy_face(
    __name__,
    {
        "control_arm": "control_report draw_control labelled_control record_answers scored_control",
        "embedding": "NEAR embed embed_label_names prototypes",
        "head_selection": "BASELINE_HEAD DEFAULT_HEAD TrainingData",
        "neighbours": "LabelledIndex labelled_neighbours",
        "predict": "predict_records predict_texts probabilities",
        "scorer": "Scorer",
        "training": "MAX_UNLABELLED head_is_whole train",
    },
)
