"""Statistics of people who label: agreement, anchoring, fatigue, consensus, shared errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.annotators.agreement import (
        alpha as alpha,
        cohen_kappa as cohen_kappa,
        measured_alpha as measured_alpha,
        of_one_label as of_one_label,
    )
    from tiebreak.annotators.alternative_annotator import (
        COSTS as COSTS,
        AlternativeAnnotatorTest as AlternativeAnnotatorTest,
        alternative_annotator_test as alternative_annotator_test,
    )
    from tiebreak.annotators.anchoring import (
        Anchoring as Anchoring,
        RandomisedCard as RandomisedCard,
        measure_anchoring as measure_anchoring,
    )
    from tiebreak.annotators.consensus import (
        Consensus as Consensus,
        crowdlab as crowdlab,
        dawid_skene as dawid_skene,
        majority as majority,
    )
    from tiebreak.annotators.fatigue import Fatigue as Fatigue, measure_fatigue as measure_fatigue
    from tiebreak.annotators.intervals import Interval as Interval, share_interval as share_interval
    from tiebreak.annotators.shared_errors import (
        SharedErrors as SharedErrors,
        bound_shared_errors as bound_shared_errors,
        is_picked as is_picked,
    )
    from tiebreak.annotators.unclear_labels import (
        UnclearLabel as UnclearLabel,
        find_unclear as find_unclear,
    )

__getattr__ = lazy_face(
    __name__,
    {
        "agreement": "alpha cohen_kappa measured_alpha of_one_label",
        "alternative_annotator": "AlternativeAnnotatorTest COSTS alternative_annotator_test",
        "anchoring": "Anchoring RandomisedCard measure_anchoring",
        "consensus": "Consensus crowdlab dawid_skene majority",
        "fatigue": "Fatigue measure_fatigue",
        "intervals": "Interval share_interval",
        "shared_errors": "SharedErrors bound_shared_errors is_picked",
        "unclear_labels": "UnclearLabel find_unclear",
    },
)
