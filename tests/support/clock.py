"""A clock that tests hold: it moves by one step per reading, and as far as it is told."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class TickingClock:
    """Starts on 1 January 2026 (UTC); every reading is *step* seconds after the one before."""

    def __init__(self, step: float = 0.001) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self._step = timedelta(seconds=step)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            self.now += self._step
            return self.now

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass."""
        with self._lock:
            self.now += timedelta(seconds=seconds)
