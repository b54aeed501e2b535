"""Ctrl-C at a safe point: not between buying a reply and writing it down."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class SafePoints:
    """While entered, Ctrl-C waits for the next `check`, which raises it.

    A second Ctrl-C is raised at once, for a person who does not want to wait. Off the main thread,
    or where somebody else handles the signal, nothing is changed.
    """

    def __init__(self) -> None:
        self._pressed = False
        self._installed = False

    def __enter__(self) -> SafePoints:
        on_main_thread = threading.current_thread() is threading.main_thread()
        if on_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._handle)
            self._installed = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._installed = False
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if Ctrl-C was pressed since."""
        if self._pressed:
            self._pressed = False
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._pressed:
            raise KeyboardInterrupt
        self._pressed = True
