"""Learning in the background of the desk: when another run of the loop is due, and running it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tiebreak.api import Project
from tiebreak.domain.ports import Progress
from tiebreak.errors import LLMError, StoreBusy
from tiebreak.loop import RunOptions
from tiebreak.project import QuietProgress, batch_size


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnerOptions:
    """How the learner runs: the options of each run; ``agent`` overrides the settings'."""

    agent: str | None = None
    run: RunOptions = field(default_factory=RunOptions)


class Learner:
    """Runs the loop whenever people have answered what it waits for; keeps the project open.

    Due is: at the start; when the open batch has no open task left; and, where no batch is open
    (the pool is used up, ties remain), when a batch's worth of answers came in, or the queue is
    empty and at least one did.
    """

    def __init__(
        self, folder: Path, options: LearnerOptions, progress: Progress | None = None
    ) -> None:
        self._folder = folder
        self._options = options
        self._progress = progress or QuietProgress()
        self._project = Project.open(folder, agent=options.agent, progress=self._progress)
        self._without_agent = False
        self._seen: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._project.close()

    def due(self) -> bool:
        """Whether a run would find something to do."""
        if self._seen is None:
            return True
        context = self._project.context
        batch = context.store.batches.last()
        if batch is not None and batch.phase != "closed":
            return context.store.queue.count(batch=batch.round) == 0
        new = context.store.annotations.count() - self._seen
        size = batch_size(context, self._options.run.batch)
        if (
            context.pool_state().newest_policy is not None
        ):  # audits come first in the queue, so many at a time
            size = min(size, context.settings.promise.audit_batch)
        return new >= size or (new > 0 and context.store.queue.count() == 0)

    def step(self) -> str:
        """Run the loop; what came of it, in a sentence.

        When the budget is spent the loop goes on without the agent, and says so.

        Raises:
            StoreBusy: another process runs or imports in this project now.
            LLMError: the agent's server is down or refuses.
        """
        context = self._project.context
        context.forget()  # others may have imported meanwhile
        count = context.store.annotations.count()
        result = self._project.run(self._options.run)
        if result.next == "budget" and not self._without_agent:
            self._without_agent = True
            self._project.close()
            self._project = Project.open(self._folder, agent="none", progress=self._progress)
            return f"{result.message} Going on without the agent."
        self._seen = count
        return result.message


PASSING = (StoreBusy, LLMError)
"""Failures that may go away by themselves: the learner says them and tries again."""
