"""The project that this process serves: opened once, shared by the routes and the pages."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tiebreak.api import Project
from tiebreak.errors import TiebreakError, UsageError
from tiebreak.project import ProjectContext
from tiebreak.report import Status
from tiebreak.review import ReviewSession
from tiebreak.ui.server.guard import Guard, secret_of
from tiebreak.ui.server.supervisor import Supervisor

REFRESH_SECONDS = 1.0
STATUS_SECONDS = 4.0

_log = logging.getLogger(__name__)


@dataclass
class Served:
    """One project with its desk, its guard and its learner.

    ``who`` is the name of the only person, if it was given at the start: nobody is asked then.
    """

    project: Project
    learner: Supervisor
    who: str = ""
    desk: ReviewSession = field(init=False)
    guard: Guard = field(init=False)
    _stop: threading.Event = field(init=False, default_factory=threading.Event)
    _thread: threading.Thread | None = field(init=False, default=None)
    _reading: threading.Lock = field(init=False, default_factory=threading.Lock)
    _read_at: float = field(init=False, default=0.0)
    _status: Status | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.desk = ReviewSession(self.project.context)
        self.guard = Guard(secret_of(self.project.context.folder))

    @property
    def context(self) -> ProjectContext:
        """The project's parts."""
        return self.project.context

    @property
    def folder(self) -> Path:
        """Where the project is."""
        return self.project.context.folder

    def start(self) -> None:
        """Start the learner, and keep the desk up with what it learns."""
        self.learner.start()
        self._thread = threading.Thread(target=self._keep_up, name="desk-refresh", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the learner and close the project."""
        self._stop.set()
        self.learner.stop()
        if self._thread is not None:
            self._thread.join()
        self.project.close()

    def status(self) -> Status:
        """`Project.status`, read once for all pages that ask within a few seconds."""
        with self._reading:
            if self._status is None or time.monotonic() - self._read_at > STATUS_SECONDS:
                self.context.forget()  # others may have imported meanwhile
                self._status = self.project.status()
                self._read_at = time.monotonic()
            return self._status

    def _keep_up(self) -> None:
        while not self._stop.wait(REFRESH_SECONDS):
            try:
                self.desk.refresh()
            except TiebreakError as problem:  # the next look may be luckier
                _log.warning("the desk could not look for news: %s", problem)
            except Exception:  # the thread must live: without it no new head is noticed
                _log.exception("the desk could not look for news")


_serving: list[Served] = []


def serve(served: Served) -> None:
    """Make *served* what `serving` gives to the pages of this process."""
    _serving[:] = [served]


def serving() -> Served:
    """The project that this process serves.

    Raises:
        UsageError: none; the page's script was started by itself.
    """
    if not _serving:
        raise UsageError(
            "The app was not started by Tiebreak.", mend="Start it with: tiebreak review DIR"
        )
    return _serving[0]
