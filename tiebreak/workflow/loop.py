"""The loop: select, pre-label, record, route, review, retrain; stops when people are needed.

Where a project stands is read from its store alone (the last batch's phase, the labels, the
newest head), so a run that was killed anywhere goes on at the same place, and a run over an
unchanged project does nothing. ``rounds`` and ``max_labels`` are totals of the project, not of
one call, for the same reason.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from tiebreak.agents.calling import Failure
from tiebreak.agents.money import require_price
from tiebreak.domain.batches import QueryBatch
from tiebreak.domain.evidence import Purpose
from tiebreak.domain.reviews import DECIDING
from tiebreak.errors import BudgetExceeded, UsageError
from tiebreak.workflow import wiring
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.control import record_answers
from tiebreak.workflow.embed import embed
from tiebreak.workflow.outlook import duration, seconds_a_call, tell_if_long
from tiebreak.workflow.people import simulate_answers
from tiebreak.workflow.prelabel import (
    forecast,
    heldout_targets,
    limit_nanos,
    prelabel,
    say_plan,
    sweep_targets,
)
from tiebreak.workflow.routing import accept_unproved, route_all
from tiebreak.workflow.select import batch_size, select, unlabelled
from tiebreak.workflow.tasks import open_batch_tasks
from tiebreak.workflow.train import head_is_whole, train
from tiebreak.workflow.watch import DO, paused, watch

Next = Literal["import", "review", "run", "budget", "done"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """How far to run. ``prelabel`` None means every record; ``budget`` None: the settings'.

    ``reviewer`` ``queue`` stops for people; ``labels`` answers from sealed labels (simulation).
    """

    batch: int | None = None
    rounds: int = 10
    max_labels: int | None = None
    prelabel: int | None = 0
    score_heldout: int = 0
    reviewer: Literal["queue", "labels"] = "queue"
    budget: float | None = None
    accept_unproved: bool = False


@dataclass
class Run:
    """One call of `run`, under way. ``seconds`` by step; ``stopped`` says why it ended.

    ``failures`` are records that the agent's server failed at; people get them all the same.
    """

    bench: Bench
    options: RunOptions
    seconds: dict[str, float] = field(default_factory=dict)
    stopped: Next = "done"
    message: str = ""
    unproved: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def limit(self) -> int | None:
        """The budget in nanos."""
        asked = self.options.budget
        return limit_nanos(self.bench.settings.budget.money if asked is None else asked)

    def ask(self, ids: Sequence[int], purpose: Purpose) -> None:
        """Pre-label these records, within the budget."""
        prelabel(self.bench, ids, purpose, limit_nanos=self.limit, failures=self.failures)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Count the seconds of a step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - start


def run(bench: Bench, options: RunOptions) -> Run:
    """Run the loop; see the module's words for what it reads and when it stops."""
    this = Run(bench, options)
    if not len(bench.table.pool):
        this.stopped, this.message = "import", "There are no records in the pool: import some."
        return this
    if options.reviewer == "labels" and bench.store.gold.count() == 0:
        raise UsageError(
            "--reviewer labels has no sealed labels to answer from.",
            mend="Import a labelled file with: tiebreak import DIR FILE --labels-are gold",
        )
    if bench.agent is not None:  # before any work, not after the embedding
        require_price(bench.agent, wiring.price(bench.settings, bench.agent), this.limit)
    bench.store.ledger.abandon()
    tell_if_long(bench, batch=options.batch, prelabel=options.prelabel)
    with this.timed("embed"):
        embed(bench)
    with this.timed("drift"):
        watch(bench)
    if not head_is_whole(bench):  # its file is gone or damaged: learn it again from the labels
        _learn(this, _round(bench))
    try:
        _rounds(this)
        _score_heldout(this)
    except BudgetExceeded as stop:
        this.stopped, this.message = "budget", str(stop)
    if this.failures:
        n, last = len(this.failures), this.failures[-1].error
        bench.progress.note(f"{n} records got no answer from the agent. The last error: {last}")
    if options.accept_unproved:
        _accept(this)
    bench.store.notes.report("run", _round(bench), {"seconds": this.seconds})
    return this


def _accept(this: Run) -> None:
    """Take proposals over without a person, unless a drift sensor holds that."""
    why = paused(this.bench)
    if not why:
        this.unproved = accept_unproved(this.bench)
        return
    this.bench.progress.note(f"paused: {why}. No proposal was taken over. {DO['pause']}")


@contextmanager
def step(bench: Bench, name: str) -> Iterator[None]:
    """A step without a count of its own, told to the progress."""
    bench.progress.start(name, None)
    try:
        yield
    finally:
        bench.progress.done()


def _rounds(this: Run) -> None:
    bench, options = this.bench, this.options
    while True:
        batch = bench.store.batches.last()
        if batch is None or batch.phase == "closed":
            _learn(this, _round(bench))
            if _reached(this) or not _choose(this):
                _sweep(this)
                _close_queue(this)
                return
            continue
        _ready(this, batch)
        if options.reviewer == "queue" and bench.store.queue.tasks(batch=batch.round):
            _sweep(this)
            this.stopped = "review"
            this.message = "People are needed: the selected records wait for their labels."
            return
        if options.reviewer == "labels":
            _simulate(this, batch.round)
        _learn(this, batch.round, close=True)


def _ready(this: Run, batch: QueryBatch) -> None:
    """Take a chosen batch to where people can answer it. Each phase is done once."""
    bench, batches = this.bench, this.bench.store.batches
    phase = batch.phase
    if phase == "selected":
        with this.timed("pre-label"):
            this.ask([item.record_id for item in batch.items], "batch")
        batches.advance(batch.round, "prelabelled")
        phase = "prelabelled"
    if phase == "prelabelled":
        with bench.store.transaction():
            record_answers(bench, batch)
            open_batch_tasks(bench, batch)
            batches.advance(batch.round, "answered")
        phase = "answered"
    if phase == "answered":
        with this.timed("route"), bench.store.transaction():
            route_all(bench)
            batches.advance(batch.round, "routed")


def _learn(this: Run, round: int, *, close: bool = False) -> None:
    """Train on what is new and route by it; the head's card and its routes are one transaction."""
    bench = this.bench
    with this.timed("train"), step(bench, "train"):
        card = train(bench, round)
    with bench.store.transaction():
        if card is not None:
            bench.store.notes.put_model(card)
            with this.timed("route"):
                route_all(bench)
        if close:
            bench.store.batches.advance(round, "closed")
    if card is not None:
        kinds = ", ".join(f"{n} {by}" for by, n in card.trained_on.items())
        bench.progress.note(f"round {round}: model {card.version} learnt from {kinds} labels")


def _choose(this: Run) -> bool:
    bench, options = this.bench, this.options
    size = batch_size(bench, options.batch)
    if options.max_labels is not None:
        size = min(size, options.max_labels - answered_by_people(bench))
    with this.timed("select"), step(bench, "select"):
        chosen = select(bench, _round(bench) + 1, size)
    return chosen is not None


def _reached(this: Run) -> bool:
    options, bench = this.options, this.bench
    if options.max_labels is not None and answered_by_people(bench) >= options.max_labels:
        return True
    return options.reviewer == "labels" and _round(bench) >= options.rounds


def _sweep(this: Run) -> None:
    """Pre-label further records, once there is a model that could agree or disagree."""
    bench, options = this.bench, this.options
    if options.prelabel == 0 or bench.head() is None:
        return
    ids = sweep_targets(bench, options.prelabel)
    plan = forecast(bench, ids, "sweep")
    if plan is not None:
        each, basis = seconds_a_call(bench)
        took = "time unknown" if each is None else f"about {duration(each * len(ids))}"
        bench.progress.note(
            f"pre-labelling {len(ids)} more records: {say_plan(plan)}, {took} ({basis})"
        )
    with this.timed("pre-label"):
        this.ask(ids, "sweep")
    with this.timed("route"):
        route_all(bench)


def _close_queue(this: Run) -> None:
    """After the last batch: what the queue still holds goes to its reviewer."""
    bench = this.bench
    while this.options.reviewer == "labels" and _simulate(this, None):
        _learn(this, _round(bench))  # may send more to review: until the queue stays empty
    waiting = len({t.record_id for t in bench.store.queue.tasks()})
    if waiting and not (this.options.max_labels is not None and _reached(this)):
        this.stopped, this.message = "review", f"People are needed: {waiting} records wait."
    elif len(unlabelled(bench)) == 0:
        this.stopped, this.message = "done", "Every record of the pool was answered."
    else:
        this.stopped, this.message = "run", "The rounds or labels asked for are done."


def _simulate(this: Run, round: int | None) -> int:
    """Answer the batch's tasks, or the whole queue, from gold, within ``max_labels``; how many."""
    bench, options = this.bench, this.options
    room = None
    if options.max_labels is not None:
        room = max(0, options.max_labels - answered_by_people(bench))
    with this.timed("review"):
        tasks = bench.store.queue.tasks(batch=round)
        return simulate_answers(bench.store, bench.store.gold, bench.schema, tasks, limit=room)


def _score_heldout(this: Run) -> None:
    if this.options.score_heldout and this.bench.agent is not None:
        with this.timed("score held-out"):
            this.ask(heldout_targets(this.bench, this.options.score_heldout), "heldout")


def _round(bench: Bench) -> int:
    last = bench.store.batches.last()
    return last.round if last else 0


def answered_by_people(bench: Bench) -> int:
    """Records that a person, real or simulated, labelled or found no label for."""
    return sum(
        act.source != "imported" and act.outcome in DECIDING
        for act in bench.store.annotations.standing().values()
    )
