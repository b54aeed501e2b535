"""Estimates with intervals: accuracy, prevalence, learning curve, forecast, stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.learner.estimation.accuracy import (
        MIN_PAIRS as MIN_PAIRS,
        ControlSample as ControlSample,
        assisted as assisted,
        share_right as share_right,
        weight_of as weight_of,
    )
    from tiebreak.learner.estimation.forecast import (
        CannotTell as CannotTell,
        Effort as Effort,
        Forecast as Forecast,
        Point as Point,
        forecast_in_words as forecast_in_words,
        forecast_labels as forecast_labels,
        merge_points as merge_points,
        variance as variance,
    )
    from tiebreak.learner.estimation.learning_curve import (
        MIN_POINTS as MIN_POINTS,
        Range as Range,
        fit_curve as fit_curve,
    )
    from tiebreak.learner.estimation.prevalence import (
        ControlDraw as ControlDraw,
        KnownLabels as KnownLabels,
        label_shares as label_shares,
    )
    from tiebreak.learner.estimation.stopping import (
        BATCHES as BATCHES,
        STOP_SET as STOP_SET,
        advise as advise,
        next_batch as next_batch,
        successive_kappa as successive_kappa,
    )

__getattr__ = lazy_face(
    __name__,
    {
        "accuracy": "ControlSample MIN_PAIRS assisted share_right weight_of",
        "forecast": "CannotTell Effort Forecast Point forecast_in_words forecast_labels "
        "merge_points variance",
        "learning_curve": "MIN_POINTS Range fit_curve",
        "prevalence": "ControlDraw KnownLabels label_shares",
        "stopping": "BATCHES STOP_SET advise next_batch successive_kappa",
    },
)
