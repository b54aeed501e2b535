"""Whether new records are like the ones before, and what a pause holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.drift.results import ADVICE, DriftReport, DriftState
    from tiebreak.drift.state import (
        acknowledge_drift,
        drift_now,
        drift_state,
        last_acknowledged,
        pause_reason,
        watch_drift,
    )

__getattr__ = lazy_face(__name__)
