"""One call of the loop: what was asked, how far it may go, what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from tiebreak.agents import Failure
from tiebreak.domain.evidence import Purpose
from tiebreak.domain.promises import Promise
from tiebreak.domain.reviews import ReviewTask
from tiebreak.loop.prelabel import limit_nanos, prelabel
from tiebreak.project import ProjectContext, current_round
from tiebreak.promise import PromiseTerms
from tiebreak.review import simulate_answers

Reviewer = Literal["queue", "labels"]
Next = Literal["import", "review", "run", "budget", "done", "short"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """How far to run.

    Attributes:
        batch: records per batch for people; None: one a label.
        rounds: with the reviewer ``labels``, batches in all; None: 10, or with a promise as many as
            it takes.
        max_labels: stop at so many labels in all; None: no limit.
        prelabel: records that the agent is asked about beside the batches; None: all of them.
        score_heldout: held-out records that the agent is asked about.
        reviewer: ``queue`` stops for people; ``labels`` answers from sealed labels (simulation).
        budget: money that may be spent in all; None: as the settings have it.
        accept_unproved: label proposals without a person and without a proof.
        max_error: label without a person what is proved to have at most this error.
        confidence: of that promise, for the project's whole life.
        promise: ``label`` (of the labels nobody looked at), or ``dataset`` (of the whole file).
            Like the two before it, None: as the settings or an earlier policy have it.
    """

    batch: int | None = None
    rounds: int | None = None
    max_labels: int | None = None
    prelabel: int | None = 0
    score_heldout: int = 0
    reviewer: Reviewer = "queue"
    budget: float | None = None
    accept_unproved: bool = False
    max_error: float | None = None
    confidence: float | None = None
    promise: Promise | None = None


ROUNDS = 10
"""Batches of a simulated run, in all, unless another number or a promise is asked for."""


@dataclass
class LoopRun:
    """One call of `run`, under way. ``seconds`` by step; ``stopped`` says why it ended.

    ``failures`` are records that the agent's server failed at; people get them all the same.
    """

    context: ProjectContext
    options: RunOptions
    promise: PromiseTerms | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    stopped: Next = "done"
    message: str = ""
    unproved: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def endless(self) -> bool:
        """Whether it goes on until every record has its label, by a person or by a proof."""
        return self.promise is not None and self.promise.further

    @property
    def limit(self) -> int | None:
        """The budget in nanos."""
        budget = self.options.budget
        return limit_nanos(self.context.settings.budget.money if budget is None else budget)

    def ask(self, ids: Sequence[int], purpose: Purpose) -> None:
        """Pre-label these records, within the budget."""
        prelabel(self.context, ids, purpose, limit_nanos=self.limit, failures=self.failures)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Count the seconds of a step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - start


def limits_reached(this: LoopRun) -> bool:
    """Whether the labels or batches asked for are there."""
    options, context = this.options, this.context
    if (
        options.max_labels is not None
        and context.pool_state().answered_by_people >= options.max_labels
    ):
        return True
    if options.reviewer != "labels" or (options.rounds is None and this.endless):
        return False
    return current_round(context) >= (ROUNDS if options.rounds is None else options.rounds)


def answer_from_gold(this: LoopRun, tasks: Sequence[ReviewTask]) -> int:
    """Answer tasks from gold, within ``max_labels``; how many."""
    context = this.context
    with this.timed("review"):
        return simulate_answers(
            context.store, context.store.gold, context.schema, tasks, limit=answers_left(this)
        )


def answers_left(this: LoopRun) -> int | None:
    """How many records people may still answer within ``max_labels``; None: any number."""
    most = this.options.max_labels
    return None if most is None else max(0, most - this.context.pool_state().answered_by_people)
