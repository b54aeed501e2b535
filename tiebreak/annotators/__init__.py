"""Statistics of people who label: agreement, anchoring, fatigue, consensus, shared errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.annotators.agreement import alpha, cohen_kappa, measured_alpha, of_one_label
    from tiebreak.annotators.alternative_annotator import (
        COSTS,
        AlternativeAnnotatorTest,
        alternative_annotator_test,
    )
    from tiebreak.annotators.anchoring import Anchoring, RandomisedCard, measure_anchoring
    from tiebreak.annotators.consensus import Consensus, crowdlab, dawid_skene, majority
    from tiebreak.annotators.fatigue import Fatigue, measure_fatigue
    from tiebreak.annotators.intervals import Interval, share_interval
    from tiebreak.annotators.shared_errors import SharedErrors, bound_shared_errors, is_picked
    from tiebreak.annotators.unclear_labels import UnclearLabel, find_unclear

__getattr__ = lazy_face(__name__)
