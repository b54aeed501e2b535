"""A command in a pseudo-terminal of its own, with somebody who reads the screen and types."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PATIENCE = 20.0
"""Seconds after which a screen that does not come fails the test instead of hanging it."""


class Terminal:
    """A context manager: `expect` waits for words on the screen, `press` types without Enter."""

    def __init__(self, command: Sequence[str | Path], env: dict[str, str]) -> None:
        self._master, slave = os.openpty()
        self._process = subprocess.Popen(
            [str(x) for x in command],
            stdin=slave, stdout=slave, stderr=slave, env={**env, "TERM": "xterm"},
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.raw = ""
        self._read = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)

    def press(self, keys: str) -> None:
        """Type *keys* at once."""
        os.write(self._master, keys.encode())

    def interrupt(self) -> None:
        """What Ctrl-C does (the terminal is not the process's controlling one here)."""
        self._process.send_signal(signal.SIGINT)

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until *pattern* is on the screen, after what was waited for before."""
        deadline = time.monotonic() + PATIENCE
        while True:
            seen = _STYLE.sub("", self.raw)
            found = re.compile(pattern).search(seen, self._read)
            if found:
                self._read = found.end()
                return found
            if not self._more(deadline):
                raise AssertionError(f"no {pattern!r} on the screen:\n{seen[self._read :]}")

    def ends(self) -> int:
        """Wait for the command's end; its exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._more(deadline):
            pass
        return self._process.wait(timeout=PATIENCE)

    def _more(self, deadline: float) -> bool:
        """Take in what has come; False at the end of it, or of patience."""
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._master], [], [], left)[0]:
            return False
        with contextlib.suppress(OSError):  # EIO: nobody holds the other side any more
            said = os.read(self._master, 65536)
            self.raw += said.decode(errors="replace")
            return bool(said)
        return False
