"""Drift sensors: they flag and they pause, and they never certify that all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.learner.drift.label_shift import Prevalence, bbse_prevalence, em_prevalence
    from tiebreak.learner.drift.martingale import JumperMartingale
    from tiebreak.learner.drift.novel_groups import Group, find_novel_groups
    from tiebreak.learner.drift.novelty import mean_distance
    from tiebreak.learner.drift.sensor import Sensor, Signal

__getattr__ = lazy_face(__name__)
