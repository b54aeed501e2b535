"""What every step is given: a clock, and a place to report progress to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

Clock = Callable[[], datetime]


class Progress(Protocol):
    """Where a long step reports to. ``step`` names it, ``total`` None means unknown."""

    def start(self, step: str, total: int | None) -> None: ...
    def advance(self, n: int = 1) -> None: ...
    def note(self, text: str) -> None: ...
    def done(self) -> None: ...
