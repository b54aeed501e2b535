"""The learner's process, seen from the desk: started, watched, started again, stopped.

It speaks one JSON document a line on its stdout, ``{"state": …, "message": …}``; when its stdin
ends, the desk is gone, and it stops too.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tiebreak.ui.background import LearnerOptions
from tiebreak.ui.learner_process import learner_command

MAX_WAIT = 10.0
"""Seconds that a learner gets to stop at a safe point before it is killed; nothing is lost."""

QUICK = 30.0
"""A process that ended sooner than this was no use, and the next one starts later."""


@dataclass
class Supervisor:
    """Keeps one learner running on the project in *folder*; without *enabled* none."""

    folder: Path
    options: LearnerOptions = field(default_factory=LearnerOptions)
    enabled: bool = True
    _state: dict[str, str] = field(init=False, default_factory=lambda: {"state": "off"})
    _process: subprocess.Popen[str] | None = field(init=False, default=None)
    _thread: threading.Thread | None = field(init=False, default=None)
    _stopping: threading.Event = field(init=False, default_factory=threading.Event)

    def start(self) -> None:
        """Start the learner in the background."""
        if self.enabled:
            self._state = {"state": "learning", "message": "The learner is starting."}
            self._thread = threading.Thread(target=self._watch, name="learner", daemon=True)
            self._thread.start()

    def state(self) -> dict[str, str]:
        """``state`` (learning, waiting, off, failed) and ``message``, for people."""
        return {"message": "", **self._state}

    def stop(self) -> None:
        """Ask the learner to stop at a safe point; kill it if it does not."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(MAX_WAIT)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._thread is not None:
            self._thread.join(MAX_WAIT)

    def _watch(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            began = time.monotonic()
            with self._launch() as process:
                self._process = process
                if process.stdout is not None:
                    self._listen(process.stdout)
                code = process.wait()
            if self._stopping.is_set():
                break
            self._state = {
                "state": "failed",
                "message": self._state.get("message") or f"The learner ended with code {code}.",
            }
            pause = 1.0 if time.monotonic() - began > QUICK else min(2 * pause, 60.0)
            self._stopping.wait(pause)
        self._state = {"state": "off"}

    def _listen(self, lines: IO[str]) -> None:
        for line in lines:
            try:
                reported = json.loads(line)
            except ValueError:  # a library's words
                continue
            if isinstance(reported, dict) and "state" in reported:
                self._state = {k: str(v) for k, v in reported.items()}

    def _launch(self) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603
            learner_command(self.folder, self.options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C at the terminal is for the desk, which then stops it
        )
