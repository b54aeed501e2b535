"""Drift sensors: they flag and they pause, and they never certify that all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.learner.drift.label_shift import (
        Prevalence as Prevalence,
        bbse_prevalence as bbse_prevalence,
        em_prevalence as em_prevalence,
    )
    from tiebreak.learner.drift.martingale import JumperMartingale as JumperMartingale
    from tiebreak.learner.drift.novel_groups import Group as Group, novel_groups as novel_groups
    from tiebreak.learner.drift.novelty import mean_distance as mean_distance
    from tiebreak.learner.drift.sensor import Sensor as Sensor, Signal as Signal

__getattr__ = lazy_face(
    __name__,
    {
        "label_shift": "Prevalence bbse_prevalence em_prevalence",
        "martingale": "JumperMartingale",
        "novel_groups": "Group novel_groups",
        "novelty": "mean_distance",
        "sensor": "Sensor Signal",
    },
)
