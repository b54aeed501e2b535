"""The loop: select, pre-label, record, route, review, retrain; stops when people are needed.

Where a project stands is read from its store alone (the last batch's phase, the labels, the
newest head), so a run that was killed anywhere goes on at the same place, and a run over an
unchanged project does nothing. ``rounds`` and ``max_labels`` are totals of the project, not of
one call, for the same reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tiebreak.agents import require_price
from tiebreak.domain.arrays import Ids
from tiebreak.domain.batches import QueryBatch
from tiebreak.domain.reviews import CHECKS
from tiebreak.drift import ADVICE, pause_reason, watch_drift
from tiebreak.errors import BudgetExceeded, UsageError
from tiebreak.loop.call_estimate import note_sweep
from tiebreak.loop.estimate import note_if_long
from tiebreak.loop.prelabel import heldout_targets, sweep_targets
from tiebreak.loop.routing import accept_unproved, route_all
from tiebreak.loop.running import (
    LoopRun,
    RunOptions,
    answer_from_gold,
    answers_left,
    limits_reached,
)
from tiebreak.loop.select import select
from tiebreak.models import embed_records, head_is_whole, record_answers, train_head
from tiebreak.project import ProjectContext, batch_size, current_round, wiring
from tiebreak.promise import (
    LoopHooks,
    NextAction,
    PromiseTerms,
    advance_campaign,
    ask_arrivals,
    current_terms,
    keep_terms,
    settle_promises,
    take_arrivals,
)
from tiebreak.review import open_batch_tasks
from tiebreak.review.quality import open_checks


def run_loop(context: ProjectContext, options: RunOptions) -> LoopRun:
    """Run the loop; see the module's words for what it reads and when it stops."""
    promise = current_terms(
        context,
        max_error=options.max_error,
        confidence=options.confidence,
        kind=options.promise,
        reviewer=options.reviewer,
    )
    if promise is not None and options.max_error is not None:
        keep_terms(context, promise)
    this = LoopRun(context, options, promise)
    if not len(context.table.pool):
        this.stopped, this.message = "import", "There are no records in the pool: import some."
        return this
    if options.reviewer == "labels" and context.store.gold.count() == 0:
        raise UsageError(
            "--reviewer labels has no sealed labels to answer from.",
            mend="Import a labelled file with: tiebreak import DIR FILE --labels-are gold",
        )
    if context.agent is not None:  # before any work, not after the embedding
        require_price(context.agent, wiring.price(context.settings, context.agent), this.limit)
    context.store.ledger.abandon()
    note_if_long(context, replace(options, prelabel=None) if this.endless else options)
    with this.timed("embed"):
        embed_records(context)
    with this.timed("drift"):
        watch_drift(context)
    if not head_is_whole(context):  # its file is gone or damaged: learn it again from the labels
        _learn(this, current_round(context))
    try:
        _arrive(this)
        _rounds(this)
        _score_heldout(this)
    except BudgetExceeded as stop:
        this.stopped, this.message = "budget", str(stop)
    if this.failures:
        n, last = len(this.failures), this.failures[-1].error
        context.progress.note(f"{n} records got no answer from the agent. The last error: {last}")
    if options.accept_unproved:
        _accept(this)
    _measure_people(this)
    context.store.notes.report("run", current_round(context), {"seconds": this.seconds})
    return this


def _accept(this: LoopRun) -> None:
    """Take proposals over without a person, unless a drift sensor holds that."""
    why = pause_reason(this.context)
    if not why:
        this.unproved = accept_unproved(this.context)
        return
    this.context.progress.note(f"paused: {why}. No proposal was taken over. {ADVICE['pause']}")


def _measure_people(this: LoopRun) -> None:
    """Open the checks that are due beside the other cards; nobody measures one who is alone."""
    acts = this.context.pool_state().standing.values()
    if this.stopped == "review" and len({a.who for a in acts if a.source == "person"}) > 1:
        open_checks(this.context)


@contextmanager
def progress_step(context: ProjectContext, name: str) -> Iterator[None]:
    """A step without a count of its own, told to the progress."""
    context.progress.start(name, None)
    try:
        yield
    finally:
        context.progress.done()


def _rounds(this: LoopRun) -> None:
    context, options = this.context, this.options
    while True:
        batch = context.store.batches.last()
        if batch is None or batch.phase == "closed":
            if this.promise is None:
                _learn(this, current_round(context))
            elif _prove(this, this.promise):
                return
            if limits_reached(this) or not _choose(this):
                _sweep(this)
                _close_queue(this)
                return
            continue
        _ready(this, batch)
        if options.reviewer == "queue" and context.store.queue.tasks(batch=batch.round):
            _sweep(this)
            this.stopped = "review"
            this.message = "People are needed: the selected records wait for their labels."
            return
        if options.reviewer == "labels":
            _simulate(this, batch.round)
        _learn(this, batch.round, close=True)


def _ready(this: LoopRun, batch: QueryBatch) -> None:
    """Take a chosen batch to where people can answer it. Each phase is done once."""
    context, batches = this.context, this.context.store.batches
    phase = batch.phase
    if phase == "selected":
        with this.timed("pre-label"):
            this.ask([item.record_id for item in batch.items], "batch")
        batches.advance(batch.round, "prelabelled")
        phase = "prelabelled"
    if phase == "prelabelled":
        with context.store.transaction():
            record_answers(context, batch)
            open_batch_tasks(context, batch)
            batches.advance(batch.round, "answered")
        phase = "answered"
    if phase == "answered":
        with this.timed("route"), context.store.transaction():
            route_all(context)
            batches.advance(batch.round, "routed")


def _learn(this: LoopRun, round: int, *, close: bool = False) -> None:
    """Train on what is new and route by it; the head's card and its routes are one transaction."""
    context = this.context
    with this.timed("train"), progress_step(context, "train"):
        card = train_head(context, round)
    with context.store.transaction():
        if card is not None:
            context.store.notes.put_model(card)
            with this.timed("route"):
                route_all(context)
        if close:
            context.store.batches.advance(round, "closed")
    if card is not None:
        kinds = ", ".join(f"{n} {by}" for by, n in card.trained_on.items())
        context.progress.note(f"round {round}: model {card.version} learnt from {kinds} labels")


def _arrive(this: LoopRun) -> None:
    """Let a stream's policy decide on what arrived, whether or not a batch waits for people."""
    if this.promise is None or not this.context.settings.promise.stream:
        return
    context = this.context
    with this.timed("prove"):
        settle_promises(
            context
        )  # first what people said since: the gate goes by it, and the monitor
        take_arrivals(context, this.promise, lambda ids: _sweep_for_proof(this, ids))
        ask_arrivals(context)
        settle_promises(context)
        route_all(context)


def _sweep_for_proof(this: LoopRun, ids: Ids) -> None:
    """Have the agent answer these records; duplicates have the answer of what they repeat."""
    repeats = this.context.pool_state().links
    with this.timed("pre-label"):
        this.ask([i for i in ids.tolist() if i not in repeats], "sweep")


def _prove(this: LoopRun, promise: PromiseTerms) -> bool:
    """Pursue the promise; whether people are needed for it now."""
    context, options = this.context, this.options

    def answer() -> int:
        tasks = [t for t in context.store.queue.tasks() if t.reason == "audit"]
        return answer_from_gold(this, tasks)

    simulated = options.reviewer == "labels"
    hooks = LoopHooks(
        sweep=lambda ids: _sweep_for_proof(this, ids),
        answer=answer if simulated else None,
        room=lambda: answers_left(this),
        learn=lambda: _learn(this, current_round(context)),
    )
    with this.timed("prove"):
        action = advance_campaign(context, promise, hooks)
        route_all(context)
    if action is NextAction.LEARN:
        return False
    this.stopped = "review"
    this.message = "People are needed: audits wait, among other blind cards. They earn the promise."
    return True


def _choose(this: LoopRun) -> bool:
    context, options = this.context, this.options
    size = batch_size(context, options.batch)
    if this.endless and context.pool_state().policies:  # to extend what is proved: growing
        size = max(size, len(context.pool_state().labelled) // 4)
    if options.max_labels is not None:
        size = min(size, options.max_labels - context.pool_state().answered_by_people)
    with this.timed("select"), progress_step(context, "select"):
        chosen = select(context, current_round(context) + 1, size)
    return chosen is not None


def _sweep(this: LoopRun) -> None:
    """Pre-label further records, once there is a model that could agree or disagree."""
    context, options = this.context, this.options
    if options.prelabel == 0 or context.head() is None:
        return
    ids = sweep_targets(context, options.prelabel)
    note_sweep(context, ids)
    with this.timed("pre-label"):
        this.ask(ids, "sweep")
    with this.timed("route"):
        route_all(context)


def _close_queue(this: LoopRun) -> None:
    """After the last batch: what the queue still holds goes to its reviewer."""
    context = this.context
    while this.options.reviewer == "labels" and _simulate(this, None):
        _learn(this, current_round(context))  # may send more to review: until the queue stays empty
    waiting = len({t.record_id for t in context.store.queue.tasks() if t.reason not in CHECKS})
    state = context.pool_state()
    if waiting and not (this.options.max_labels is not None and limits_reached(this)):
        this.stopped, this.message = "review", f"People are needed: {waiting} records wait."
    elif not len(state.unlabelled):
        this.stopped, this.message = "done", "Every record of the pool was answered."
        if out := len(state.released):
            this.message = (
                f"Every record of the pool was answered by a person, or is one of {out} that are "
                "labelled under a certificate in force."
            )
        if back := len(state.awaited - state.released.keys()):
            this.message += f" {back} labels of arrivals wait until they are proven."
    elif this.endless:
        this.stopped = "short"
        this.message = (
            f"The labels or rounds asked for are used up, and {len(state.unlabelled)} records have "
            "neither a person's label nor a certificate in force."
        )
    else:
        this.stopped, this.message = "run", "The rounds or labels asked for are done."


def _simulate(this: LoopRun, round: int | None) -> int:
    """Answer the batch's tasks, or the whole queue, from gold, within ``max_labels``; how many."""
    return answer_from_gold(this, this.context.store.queue.tasks(batch=round))


def _score_heldout(this: LoopRun) -> None:
    if this.options.score_heldout and this.context.agent is not None:
        with this.timed("score held-out"):
            this.ask(heldout_targets(this.context, this.options.score_heldout), "heldout")
