"""About what calls to the agent will take: records to ask about, seconds a call, tokens, money.

Nothing is bought: an agent off this machine is never called here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import numpy as np

from tiebreak.agents import CallEstimate, LabelTask, estimate_calls
from tiebreak.domain.ports import LabelModel
from tiebreak.loop.prelabel import label_tasks, make_labeller, sweep_targets
from tiebreak.loop.results import EstimatedStep
from tiebreak.loop.running import RunOptions
from tiebreak.project import ProjectContext, batch_size, wiring

PROMPTS = 20
CALLS = 2
LAST = 200
MIN_ANSWERS = 10


def records_to_ask(context: ProjectContext, options: RunOptions) -> list[int]:
    """Records that the agent would be asked about; for a batch to come some drawn at random."""
    last = context.store.batches.last()
    known = context.suggested(by_agent=True)
    prelabel = None if options.max_error else options.prelabel
    ids: list[int] = []
    if last is None or last.phase == "closed":
        unlabelled = context.rng("outlook-batch").permutation(context.pool_state().unlabelled)
        ids = unlabelled[: batch_size(context, options.batch)].tolist()
    elif last.phase == "selected":
        ids = [item.record_id for item in last.items]
    if prelabel != 0 and context.store.notes.last_model() is not None:
        ids += sweep_targets(context, prelabel)
    return [i for i in dict.fromkeys(ids) if i not in known]


def agent_step(
    context: ProjectContext, options: RunOptions, *, ready: bool, call: bool
) -> list[EstimatedStep]:
    """The agent's part of a run, if it would be asked; with *call* it may be called, to time it."""
    model = context.agent
    ids = records_to_ask(context, options) if model is not None else []
    if model is None or not ids:
        return []
    chosen = ids[:PROMPTS]
    tasks = label_tasks(context, chosen, "batch") if ready else _bare(context, chosen)
    plan = _planned(context, model, tasks, len(ids))
    seconds, basis = seconds_a_call(context)
    if seconds is None and call and not model.remote and not plan.priced:
        seconds, basis = _timed_calls(context, model, tasks), f"{CALLS} calls timed"
    return [
        EstimatedStep(
            step="agent",
            n=len(ids),
            unit="calls",
            seconds=None if seconds is None else seconds * len(ids),
            basis=f"{len(tasks)} of the prompts counted; {basis}",
            tokens=plan.tokens,
            money=plan.money if plan.priced or not model.remote else None,
            line=_calls_in_words(context, model, plan),
        )
    ]


def sweep_estimate(context: ProjectContext, ids: Sequence[int]) -> CallEstimate | None:
    """What asking about records beside the batches will take, from a sample of the prompts; None
    without an agent, and where it was asked about all of them."""
    model, known = context.agent, context.suggested(by_agent=True)
    todo = [i for i in ids if i not in known]
    if model is None or not todo:
        return None
    return _planned(context, model, label_tasks(context, todo[:PROMPTS], "sweep"), len(todo))


def note_sweep(context: ProjectContext, ids: Sequence[int]) -> None:
    """Note what asking about records beside the batches will take, if there is anything to ask."""
    plan = sweep_estimate(context, ids)
    if plan is None or context.agent is None:
        return
    each, basis = seconds_a_call(context)
    context.progress.note(
        f"pre-labelling {len(ids)} more records: {_calls_in_words(context, context.agent, plan)}, "
        f"{about(None if each is None else each * len(ids))} ({basis})"
    )


def _planned(
    context: ProjectContext, model: LabelModel, tasks: list[LabelTask], n: int
) -> CallEstimate:
    """What *n* calls will take, by some of them."""
    price = wiring.price(context.settings, model)
    return estimate_calls(make_labeller(context, model), tasks, n, price)


def _calls_in_words(context: ProjectContext, model: LabelModel, plan: CallEstimate) -> str:
    money = f"{plan.money:.4f} {context.settings.budget.currency}"
    if not plan.priced:
        money = "at an unknown price" if model.remote else "free, on this machine"
    return f"{plan.calls} calls, about {plan.tokens} tokens, {money}"


def _bare(context: ProjectContext, ids: list[int]) -> list[LabelTask]:
    """Tasks without labelled neighbours, which cannot be found before there are vectors."""
    records = context.records(ids)
    return [LabelTask(record_id=i, text=records[i].text) for i in ids]


def seconds_a_call(context: ProjectContext) -> tuple[float | None, str]:
    """Seconds from one answer of this agent to the next, the median of the last 200, with the
    basis in words; None before it gave ten. Calls that run at once are counted as they ran."""
    answers = context.suggested(by_agent=True).values()
    stamps = sorted(datetime.fromisoformat(s.created_at) for s in answers)[-LAST:]
    if len(stamps) < MIN_ANSWERS:
        return None, "too few answers yet to time them"
    gaps = [(b - a).total_seconds() for a, b in pairwise(stamps)]
    return float(np.median(gaps)), f"its last {len(stamps)} answers timed"


def _timed_calls(context: ProjectContext, model: LabelModel, tasks: list[LabelTask]) -> float:
    """Seconds a call, after one to warm up; the replies are thrown away."""
    labeller = make_labeller(context, model)
    requests = [labeller.prepare(task).request for task in tasks[: CALLS + 1]]
    model.complete(requests[0])
    begun = time.perf_counter()
    for request in requests[1:] or requests:
        model.complete(request)
    return (time.perf_counter() - begun) / max(1, len(requests) - 1)


def about(seconds: float | None) -> str:
    """Seconds for people, which may not be known."""
    return "time unknown" if seconds is None else f"about {duration(seconds)}"


def duration(seconds: float) -> str:
    """Seconds for people: ``4 s``, ``3 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
