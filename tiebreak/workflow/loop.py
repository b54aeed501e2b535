"""The loop: select, pre-label, record, route, review, retrain; stops when people are needed.

Where a project stands is read from its store alone (the last batch's phase, the labels, the
newest head), so a run that was killed anywhere goes on at the same place, and a run over an
unchanged project does nothing. ``rounds`` and ``max_labels`` are totals of the project, not of
one call, for the same reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tiebreak.agents.money import require_price
from tiebreak.domain.batches import QueryBatch
from tiebreak.errors import BudgetExceeded, UsageError
from tiebreak.workflow import wiring
from tiebreak.workflow.bench import Bench, Ids
from tiebreak.workflow.control import record_answers
from tiebreak.workflow.embed import embed
from tiebreak.workflow.outlook import duration, seconds_a_call, tell_if_long
from tiebreak.workflow.people import CHECKS
from tiebreak.workflow.people_checks import open_checks
from tiebreak.workflow.prelabel import (
    forecast,
    heldout_targets,
    say_plan,
    sweep_targets,
)
from tiebreak.workflow.promise.arrivals import ask_arrivals, take_arrivals
from tiebreak.workflow.promise.asked import Ask, asked
from tiebreak.workflow.promise.held import autonomous, expected
from tiebreak.workflow.promise.pursue import Hands, Turn, pursue
from tiebreak.workflow.promise.settle import settle
from tiebreak.workflow.routing import accept_unproved, route_all
from tiebreak.workflow.running import (
    Run,
    RunOptions,
    answered,
    answered_by_people,
    reached,
    room_of,
    round_of,
)
from tiebreak.workflow.select import batch_size, select, unlabelled
from tiebreak.workflow.tasks import open_batch_tasks
from tiebreak.workflow.train import head_is_whole, train
from tiebreak.workflow.watch import DO, paused, watch


def run(bench: Bench, options: RunOptions) -> Run:
    """Run the loop; see the module's words for what it reads and when it stops."""
    promise = asked(
        bench,
        max_error=options.max_error,
        confidence=options.confidence,
        kind=options.kind,
        reviewer=options.reviewer,
    )
    this = Run(bench, options, promise)
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
    prelabel = None if this.endless else options.prelabel
    tell_if_long(bench, batch=options.batch, prelabel=prelabel)
    with this.timed("embed"):
        embed(bench)
    with this.timed("drift"):
        watch(bench)
    if not head_is_whole(bench):  # its file is gone or damaged: learn it again from the labels
        _learn(this, round_of(bench))
    try:
        _arrive(this)
        _rounds(this)
        _score_heldout(this)
    except BudgetExceeded as stop:
        this.stopped, this.message = "budget", str(stop)
    if this.failures:
        n, last = len(this.failures), this.failures[-1].error
        bench.progress.note(f"{n} records got no answer from the agent. The last error: {last}")
    if options.accept_unproved:
        _accept(this)
    _measure_people(this)
    bench.store.notes.report("run", round_of(bench), {"seconds": this.seconds})
    return this


def _accept(this: Run) -> None:
    """Take proposals over without a person, unless a drift sensor holds that."""
    why = paused(this.bench)
    if not why:
        this.unproved = accept_unproved(this.bench)
        return
    this.bench.progress.note(f"paused: {why}. No proposal was taken over. {DO['pause']}")


def _measure_people(this: Run) -> None:
    """Open the checks that are due beside the other cards; nobody measures one who is alone."""
    acts = this.bench.store.annotations.standing().values()
    if this.stopped == "review" and len({a.who for a in acts if a.source == "person"}) > 1:
        open_checks(this.bench)


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
            if this.promise is None:
                _learn(this, round_of(bench))
            elif _prove(this, this.promise):
                return
            if reached(this) or not _choose(this):
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


def _arrive(this: Run) -> None:
    """Let a stream's policy decide on what arrived, whether or not a batch waits for people."""
    if this.promise is None or not this.bench.settings.promise.stream:
        return
    bench = this.bench
    with this.timed("prove"):
        settle(bench)  # first what people said since: the gate goes by it, and the monitor
        take_arrivals(bench, this.promise, lambda ids: _sweep_for_proof(this, ids))
        ask_arrivals(bench)
        settle(bench)
        route_all(bench)


def _sweep_for_proof(this: Run, ids: Ids) -> None:
    """Have the agent answer these records; duplicates have the answer of what they repeat."""
    repeats = {x.record_id for x in this.bench.store.records.links()}
    with this.timed("pre-label"):
        this.ask([i for i in ids.tolist() if i not in repeats], "sweep")


def _prove(this: Run, promise: Ask) -> bool:
    """Pursue the promise; whether people are needed for it now."""
    bench, options = this.bench, this.options

    def answer() -> int:
        tasks = [t for t in bench.store.queue.tasks() if t.reason == "audit"]
        return answered(this, tasks)

    simulated = options.reviewer == "labels"
    hands = Hands(
        sweep=lambda ids: _sweep_for_proof(this, ids),
        answer=answer if simulated else None,
        room=lambda: room_of(this),
        learn=lambda: _learn(this, round_of(bench)),
    )
    with this.timed("prove"):
        turn = pursue(bench, promise, hands)
        route_all(bench)
    if turn is Turn.LEARN:
        return False
    this.stopped = "review"
    this.message = "People are needed: audits wait, among other blind cards. They earn the promise."
    return True


def _choose(this: Run) -> bool:
    bench, options = this.bench, this.options
    size = batch_size(bench, options.batch)
    if this.endless and bench.store.promises.policies():  # to extend what is proved: growing
        size = max(size, len(bench.labelled()) // 4)
    if options.max_labels is not None:
        size = min(size, options.max_labels - answered_by_people(bench))
    with this.timed("select"), step(bench, "select"):
        chosen = select(bench, round_of(bench) + 1, size)
    return chosen is not None


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
        _learn(this, round_of(bench))  # may send more to review: until the queue stays empty
    waiting = len({t.record_id for t in bench.store.queue.tasks() if t.reason not in CHECKS})
    if waiting and not (this.options.max_labels is not None and reached(this)):
        this.stopped, this.message = "review", f"People are needed: {waiting} records wait."
    elif len(unlabelled(bench)) == 0:
        this.stopped, this.message = "done", "Every record of the pool was answered."
        if out := len(autonomous(bench)):
            this.message = (
                f"Every record of the pool was answered by a person, or is one of {out} that are "
                "labelled under a certificate in force."
            )
        if back := len(expected(bench) - autonomous(bench).keys()):
            this.message += f" {back} labels of arrivals wait until they are proven."
    elif this.endless:
        left = len(unlabelled(bench))
        this.stopped = "short"
        this.message = (
            f"The labels or rounds asked for are used up, and {left} records have neither a "
            "person's label nor a certificate in force."
        )
    else:
        this.stopped, this.message = "run", "The rounds or labels asked for are done."


def _simulate(this: Run, round: int | None) -> int:
    """Answer the batch's tasks, or the whole queue, from gold, within ``max_labels``; how many."""
    return answered(this, this.bench.store.queue.tasks(batch=round))


def _score_heldout(this: Run) -> None:
    if this.options.score_heldout and this.bench.agent is not None:
        with this.timed("score held-out"):
            this.ask(heldout_targets(this.bench, this.options.score_heldout), "heldout")
