"""Whether new records are like the ones before, and what a pause holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.drift.results import (
        ADVICE as ADVICE,
        DriftReport as DriftReport,
        DriftState as DriftState,
    )
    from tiebreak.drift.state import (
        acknowledge_drift as acknowledge_drift,
        drift_now as drift_now,
        drift_state as drift_state,
        last_acknowledged as last_acknowledged,
        pause_reason as pause_reason,
        watch_drift as watch_drift,
    )

__getattr__ = lazy_face(
    __name__,
    {
        "results": "ADVICE DriftReport DriftState",
        "state": "acknowledge_drift drift_now drift_state last_acknowledged pause_reason "
        "watch_drift",
    },
)
