"""Estimates with intervals: accuracy, prevalence, learning curve, forecast, stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.learner.estimation.accuracy import (
        MIN_PAIRS,
        ControlSample,
        assisted,
        share_right,
        weight_of,
    )
    from tiebreak.learner.estimation.forecast import (
        CannotTell,
        Effort,
        Forecast,
        Point,
        forecast_in_words,
        forecast_labels,
        merge_points,
        variance,
    )
    from tiebreak.learner.estimation.learning_curve import MIN_POINTS, Range, fit_curve
    from tiebreak.learner.estimation.prevalence import ControlDraw, KnownLabels, label_shares
    from tiebreak.learner.estimation.stopping import (
        BATCHES,
        STOP_SET,
        advise,
        next_batch,
        successive_kappa,
    )

__getattr__ = lazy_face(__name__)
