"""Whether new records are like the ones before, and what a pause holds."""

from tiebreak.drift.results import ADVICE, DriftReport, DriftState
from tiebreak.drift.state import (
    acknowledge_drift,
    drift_now,
    drift_state,
    last_acknowledged,
    pause_reason,
    watch_drift,
)

__all__ = [
    "ADVICE",
    "DriftReport",
    "DriftState",
    "acknowledge_drift",
    "drift_now",
    "drift_state",
    "last_acknowledged",
    "pause_reason",
    "watch_drift",
]
