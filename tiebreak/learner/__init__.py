"""The fast model: heads, calibration, query strategies, honest estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.learner.calibration import LINKS as LINKS
    from tiebreak.learner.choose_c import (
        CHOICES as CHOICES,
        DEFAULT_C as DEFAULT_C,
        FOLDS as FOLDS,
        deal as deal,
        needs_choice as needs_choice,
    )
    from tiebreak.learner.heads import LinearHead as LinearHead
    from tiebreak.learner.label_issues import (
        Judgement as Judgement,
        LabelIssues as LabelIssues,
        find_label_issues as find_label_issues,
        judge_labels as judge_labels,
    )
    from tiebreak.learner.label_space import (
        AnswerScores as AnswerScores,
        learning_space as learning_space,
    )

__getattr__ = lazy_face(
    __name__,
    {
        "calibration": "LINKS",
        "choose_c": "CHOICES DEFAULT_C FOLDS deal needs_choice",
        "heads": "LinearHead",
        "label_issues": "Judgement LabelIssues find_label_issues judge_labels",
        "label_space": "AnswerScores learning_space",
    },
)
