"""The learner's process: ``python -m tiebreak.ui.learner_process DIR``, started by the desk.

It runs the loop whenever that is due and tells its state on stdout, a JSON document a line. It
ends when its stdin does, so it never outlives the desk, even one that was killed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from tiebreak.errors import TiebreakError
from tiebreak.ui.background import PASSING, Learner, LearnerOptions

POLL_SECONDS = 0.5
RETRY_SECONDS = 15.0
NICENESS = 5
"""People at their desk come first."""


def main(argv: list[str] | None = None) -> int:
    """Learn until stdin ends."""
    args = _parser().parse_args(argv)
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_stop_with_the_desk, daemon=True).start()
    options = LearnerOptions(
        agent=args.agent,
        batch=args.batch,
        prelabel=None if args.prelabel == "all" else int(args.prelabel),
        budget=args.budget,
    )
    with suppress(KeyboardInterrupt):
        try:
            _learn(args.folder, options)
        except TiebreakError as problem:
            _tell("failed", str(problem))
            return problem.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tiebreak.ui.learner_process", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--agent")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--prelabel", default="0")
    parser.add_argument("--budget", type=float)
    return parser


def _learn(folder: Path, options: LearnerOptions) -> None:
    with Learner(folder, options, _Told()) as learner:
        while True:
            if not learner.due():
                time.sleep(POLL_SECONDS)
                continue
            _tell("learning", "Learning from the new labels, choosing the next records.")
            try:
                _tell("waiting", learner.step())
            except PASSING as problem:
                _tell("failed", f"{problem} Trying again in {RETRY_SECONDS:.0f} s.")
                time.sleep(RETRY_SECONDS)


class _Told:
    """A `Progress` that tells each step as the state's message."""

    def __init__(self) -> None:
        self._step, self._done, self._total = "", 0, 0

    def start(self, step: str, total: int | None) -> None:
        self._step, self._done, self._total = step, 0, total or 0
        _tell("learning", step)

    def advance(self, n: int = 1) -> None:
        self._done += n
        if self._total:
            _tell("learning", f"{self._step}: {self._done} of {self._total}")

    def note(self, text: str) -> None:
        _tell("learning", text)

    def done(self) -> None:
        """Nothing: the next step tells itself."""


def _tell(state: str, message: str) -> None:
    sys.stdout.write(json.dumps({"state": state, "message": message}) + "\n")
    sys.stdout.flush()


def _stop_with_the_desk() -> None:
    while os.read(0, 1024):  # not sys.stdin, whose lock a thread must not hold at the end
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
