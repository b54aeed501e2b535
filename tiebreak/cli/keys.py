"""Single keys from a terminal; one line a key where stdin is none."""

from __future__ import annotations

import os
import sys
from typing import Any, Self

END = ("", "\x04")
"""The end of the input, and Ctrl-D."""


class Keys:
    """A context manager: while it is open, the terminal gives keys without Enter and echoes none.

    Off a terminal (a pipe) each line is one key, or a longer answer such as ``/name``.
    """

    def __init__(self) -> None:
        self._handle = -1
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        if sys.stdin.isatty():
            import termios

            self._handle = sys.stdin.fileno()
            self._before = termios.tcgetattr(self._handle)
            self._single()
        return self

    def __exit__(self, *_: object) -> None:
        self._cooked()

    def forget(self) -> None:
        """Drop what was typed until now: it was not about what is shown next."""
        if self._before is not None:
            import termios

            termios.tcflush(self._handle, termios.TCIFLUSH)

    def read(self) -> str:
        """The next key; ``q`` at the end of the input.

        Empty for what comes as several characters at once, an arrow or F5 or a paste: the digits
        in it are nobody's answer.
        """
        if self._before is None:
            line = sys.stdin.readline()
            return line.strip() if line else "q"
        burst = os.read(self._handle, 1024).decode(errors="replace")
        if burst in END:
            return "q"
        return burst if len(burst) == 1 else ""

    def line(self, prompt: str) -> str:
        """A line, edited and echoed as usual; empty at the end of the input."""
        self._cooked()
        try:
            return input(prompt).strip()
        except EOFError:
            return ""
        finally:
            if self._before is not None:
                self._single()

    def _single(self) -> None:
        import termios
        import tty

        tty.setcbreak(self._handle, termios.TCSADRAIN)

    def _cooked(self) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(self._handle, termios.TCSADRAIN, self._before)
