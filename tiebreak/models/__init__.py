"""Texts to vectors, people's labels to heads, heads to predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.models.control_arm import (
        control_report,
        draw_control,
        labelled_control,
        record_answers,
        scored_control,
    )
    from tiebreak.models.embed import NEAR, embed_label_names, embed_records, prototypes
    from tiebreak.models.head_selection import BASELINE_HEAD, DEFAULT_HEAD, TrainingData
    from tiebreak.models.neighbours import LabelledIndex, labelled_neighbours
    from tiebreak.models.predict import predict_records, predict_texts, probabilities
    from tiebreak.models.scorer import Scorer
    from tiebreak.models.train import MAX_UNLABELLED, head_is_whole, train_head

__getattr__ = lazy_face(__name__)
