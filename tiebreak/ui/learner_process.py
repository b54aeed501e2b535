"""The learner's process, started by the desk with `learner_command`.

It runs the loop whenever that is due and reports its state on stdout, a JSON document a line. It
ends when its stdin does, so it never outlives the desk, even one that was killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from tiebreak.errors import TiebreakError
from tiebreak.loop import RunOptions
from tiebreak.results import to_json
from tiebreak.ui.background import PASSING, Learner, LearnerOptions

POLL_SECONDS = 0.5
RETRY_SECONDS = 15.0
NICENESS = 5
"""People at their desk come first."""


def learner_command(folder: Path, options: LearnerOptions) -> list[str]:
    """The command that starts this process: its one argument is a JSON document."""
    request = {"folder": str(folder), "options": to_json(options)}
    return [sys.executable, "-m", "tiebreak.ui.learner_process", json.dumps(request)]


def main(argv: list[str] | None = None) -> int:
    """Learn until stdin ends."""
    request = json.loads((sys.argv[1:] if argv is None else argv)[0])
    given = request["options"]
    options = LearnerOptions(agent=given["agent"], run=RunOptions(**given["run"]))
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_stop_with_the_desk, daemon=True).start()
    with suppress(KeyboardInterrupt):
        try:
            _learn(Path(request["folder"]), options)
        except TiebreakError as problem:
            _report("failed", str(problem))
            return problem.exit_code
    return 0


def _learn(folder: Path, options: LearnerOptions) -> None:
    with Learner(folder, options, _ReportedProgress()) as learner:
        while True:
            if not learner.due():
                time.sleep(POLL_SECONDS)
                continue
            _report("learning", "Learning from the new labels, choosing the next records.")
            try:
                _report("waiting", learner.step())
            except PASSING as problem:
                _report("failed", f"{problem} Trying again in {RETRY_SECONDS:.0f} s.")
                time.sleep(RETRY_SECONDS)


class _ReportedProgress:
    """A `Progress` that reports each step as the state's message."""

    def __init__(self) -> None:
        self._step, self._done, self._total = "", 0, 0

    def start(self, step: str, total: int | None) -> None:
        self._step, self._done, self._total = step, 0, total or 0
        _report("learning", step)

    def advance(self, n: int = 1) -> None:
        self._done += n
        if self._total:
            _report("learning", f"{self._step}: {self._done} of {self._total}")

    def note(self, text: str) -> None:
        _report("learning", text)

    def done(self) -> None:
        """Nothing: the next step reports itself."""


def _report(state: str, message: str) -> None:
    sys.stdout.write(json.dumps({"state": state, "message": message}) + "\n")
    sys.stdout.flush()


def _stop_with_the_desk() -> None:
    while os.read(0, 1024):  # not sys.stdin, whose lock a thread must not hold at the end
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
