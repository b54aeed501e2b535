"""The fast model: heads, calibration, query strategies, honest estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.learner.calibration import LINKS
    from tiebreak.learner.choose_c import CHOICES, DEFAULT_C, FOLDS, deal, needs_choice
    from tiebreak.learner.heads import LinearHead
    from tiebreak.learner.label_issues import (
        Judgement,
        LabelIssues,
        find_label_issues,
        judge_labels,
    )
    from tiebreak.learner.label_space import AnswerScores, learning_space

__getattr__ = lazy_face(__name__)
