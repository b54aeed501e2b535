"""Before a long step: about what a run will take, in time, memory, disk and money, and from what.

Every figure comes from a small timed sample or from the log, and says so. Nothing is written and
nothing is bought: an agent off this machine is never called here.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from tiebreak.agents.labelling.labeller import LabelTask
from tiebreak.domain.ports import Floats, LabelModel
from tiebreak.learner.choose_c import DEFAULT_C, needs_choice
from tiebreak.loop import prelabel as asking
from tiebreak.models.embed import NEAR
from tiebreak.project import wiring
from tiebreak.project.context import ProjectContext
from tiebreak.project.pool import batch_size

TEXTS = 32
"""Texts embedded as a sample; the half of them once before, to warm up."""
CALLS = 2
LAST = 200
MIN_ANSWERS = 10
LONG_TEXTS, LONG_CALLS = 500, 50
"""From so many texts or calls on a step counts as long."""
MB = 1_000_000
FITS = 13
"""A choice of C fits four times three heads of two thirds of the rows, then the head itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EstimatedStep:
    """A step to come: ``n`` of what it works through, ``seconds`` (None: not known) and on what
    ``basis``. ``tokens`` and ``money`` are the agent's; ``disk`` in bytes."""

    step: str
    n: int
    unit: str
    seconds: float | None
    basis: str
    disk: int = 0
    tokens: int = 0
    money: float | None = None
    line: str = ""


def run_estimate(
    context: ProjectContext,
    *,
    batch: int | None = None,
    prelabel: int | None = 0,
    call: bool = True,
) -> dict[str, Any]:
    """About what the next run will take, until people are needed.

    Args:
        context: the project.
        batch, prelabel: as in `tiebreak.loop.run.RunOptions`.
        call: an agent on this machine that has no price is called twice to time it, if it has
            answered nothing yet.

    Returns:
        ``{steps, seconds, memory, disk, calls, tokens, money, currency, lines}``: ``steps`` as
        `EstimatedStep`, ``seconds`` of all steps whose time is known, ``memory`` in bytes at most,
        ``disk`` in bytes more, ``money`` None if a call has an unknown price; ``lines`` say it all.
    """
    todo = context.vectors.missing(context.table.hashes)
    sample, each = _timed_texts(context, todo)
    steps = [
        *_embed(context, len(todo), each, len(sample)),
        *_near(context),
        *_agent(context, batch, prelabel, ready=not len(todo), call=call),
        *_train(context, sample),
    ]
    calls = sum(s.n for s in steps if s.step == "agent")
    money = [s.money for s in steps if s.step == "agent"]
    told: dict[str, Any] = {
        "steps": [asdict(s) for s in steps],
        "seconds": round(sum(s.seconds or 0.0 for s in steps), 1),
        "memory": _memory(context),
        "disk": sum(s.disk for s in steps),
        "calls": calls,
        "tokens": sum(s.tokens for s in steps),
        "money": None if None in money else sum(m for m in money if m is not None),
        "currency": context.settings.budget.currency,
    }
    return {**told, "lines": estimate_lines(told)}


def note_if_long(context: ProjectContext, *, batch: int | None, prelabel: int | None) -> None:
    """Note what the next run will take, if it is long; finding that out costs next to nothing."""
    texts = len(context.vectors.missing(context.table.hashes))
    calls = 0 if context.agent is None else len(_to_ask(context, batch, prelabel))
    if texts >= LONG_TEXTS or calls >= LONG_CALLS:
        for line in run_estimate(context, batch=batch, prelabel=prelabel, call=False)["lines"]:
            context.progress.note(line)


def estimate_lines(told: dict[str, Any]) -> list[str]:
    """An outlook in sentences, a step a line."""
    if not told["steps"]:
        return ["There is nothing long to do."]
    said = []
    for step in told["steps"]:
        took = "time unknown" if step["seconds"] is None else f"about {duration(step['seconds'])}"
        more = [f", about {step['disk'] / MB:.1f} MB on disk"] if step["disk"] else []
        more += [f", {step['line']}"] if step["line"] else []
        said.append(
            f"{step['step']}: {step['n']} {step['unit']}, {took}{''.join(more)} ({step['basis']})"
        )
    unknown = " and what is unknown" if any(s["seconds"] is None for s in told["steps"]) else ""
    return [
        *said,
        f"in all about {duration(told['seconds'])}{unknown}, about {told['memory'] / MB:.0f} MB of "
        "memory (this process now, and the pool's vectors)",
    ]


def duration(seconds: float) -> str:
    """Seconds for people: ``4 s``, ``3 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _timed_texts(
    context: ProjectContext, todo: Sequence[int] | np.ndarray[Any, Any]
) -> tuple[Floats, float]:
    """Vectors of a sample of the texts at these positions, and the seconds that one took."""
    none = np.zeros((0, 0), dtype=np.float32)
    if not len(todo):
        return none, 0.0
    drawn = context.rng("outlook").permutation(np.asarray(todo))[:TEXTS]
    texts = [r.text for r in context.store.records.get(context.table.ids[drawn].tolist())]
    context.embedder.embed(texts[: len(texts) // 2 + 1])
    begun = time.perf_counter()
    vectors = context.embedder.embed(texts)
    return vectors, (time.perf_counter() - begun) / len(texts)


def _embed(context: ProjectContext, n: int, each: float, timed: int) -> list[EstimatedStep]:
    if not n:
        return []
    disk = n * (4 * context.embedder.dim + 32)
    basis = f"{timed} of them timed"
    return [
        EstimatedStep(step="embed", n=n, unit="texts", seconds=n * each, basis=basis, disk=disk)
    ]


def _near(context: ProjectContext) -> list[EstimatedStep]:
    """Near duplicates are looked for by all pairs with a new record: the work grows with n²."""
    last = context.store.notes.last_report(NEAR)
    pool = context.table.pool
    old = int((pool <= int(last["up_to"])).sum()) if last else 0
    n = len(pool)
    if n == old or n > context.settings.index.near_duplicates_max:
        return []
    rng = context.rng("outlook-near")
    rows = rng.normal(size=(256, context.embedder.dim)).astype(np.float32)
    leaders = rng.normal(size=(4096, context.embedder.dim)).astype(np.float32)
    begun = time.perf_counter()
    _ = (rows @ leaders.T > 1e9).any()
    each = (time.perf_counter() - begun) / (len(rows) * len(leaders))
    pairs = (n * n - old * old) / 2
    return [
        EstimatedStep(step="near duplicates", n=n - old, unit="new records", seconds=pairs * each,
             basis=f"{len(rows)} x {len(leaders)} pairs timed")
    ]  # fmt: skip


def _to_ask(context: ProjectContext, batch: int | None, n_sweep: int | None) -> list[int]:
    """Records that the agent would be asked about; those of a batch to come stand in by lot."""
    last = context.store.batches.last()
    known = context.suggested(by_agent=True)
    ids: list[int] = []
    if last is None or last.phase == "closed":
        free = context.pool_state().unlabelled
        ids = context.rng("outlook-batch").permutation(free)[: batch_size(context, batch)].tolist()
    elif last.phase == "selected":
        ids = [item.record_id for item in last.items]
    if n_sweep != 0 and context.store.notes.last_model() is not None:
        ids += asking.sweep_targets(context, n_sweep)
    return [i for i in dict.fromkeys(ids) if i not in known]


def _agent(
    context: ProjectContext, batch: int | None, n_sweep: int | None, *, ready: bool, call: bool
) -> list[EstimatedStep]:
    model = context.agent
    ids = _to_ask(context, batch, n_sweep) if model is not None else []
    if model is None or not ids:
        return []
    chosen = ids[: asking.SAMPLE]
    tasks = asking.label_tasks(context, chosen, "batch") if ready else _bare(context, chosen)
    plan = asking.plan_calls(context, model, tasks, len(ids))
    seconds, basis = seconds_a_call(context)
    if seconds is None and call and not model.remote and not plan["priced"]:
        seconds, basis = _timed_calls(context, model, tasks), f"{CALLS} calls timed"
    free = not plan["priced"] and not plan["remote"]
    return [
        EstimatedStep(
            step="agent",
            n=len(ids),
            unit="calls",
            seconds=None if seconds is None else seconds * len(ids),
            basis=f"{len(tasks)} of the prompts counted; {basis}",
            tokens=plan["tokens"],
            money=plan["money"] if plan["priced"] or free else None,
            line=asking.plan_in_words(plan),
        )
    ]


def _bare(context: ProjectContext, ids: list[int]) -> list[LabelTask]:
    """Tasks without labelled neighbours, which cannot be found before there are vectors."""
    records = context.records(ids)
    return [LabelTask(record_id=i, text=records[i].text) for i in ids]


def seconds_a_call(context: ProjectContext) -> tuple[float | None, str]:
    """Seconds from one answer of this agent to the next, the median of the last 200, with the
    basis in words; None before it gave ten. Calls that run at once are counted as they ran."""
    told = context.suggested(by_agent=True).values()
    stamps = sorted(datetime.fromisoformat(s.created_at) for s in told)[-LAST:]
    if len(stamps) < MIN_ANSWERS:
        return None, "too few answers yet to time them"
    gaps = [(b - a).total_seconds() for a, b in pairwise(stamps)]
    return float(np.median(gaps)), f"its last {len(stamps)} answers timed"


def _timed_calls(context: ProjectContext, model: LabelModel, tasks: list[LabelTask]) -> float:
    """Seconds a call, after one to warm up; the replies are thrown away."""
    labeller = asking.make_labeller(context, model)
    requests = [labeller.prepare(task).request for task in tasks[: CALLS + 1]]
    model.complete(requests[0])
    begun = time.perf_counter()
    for request in requests[1:] or requests:
        model.complete(request)
    return (time.perf_counter() - begun) / max(1, len(requests) - 1)


def _train(context: ProjectContext, sample: Floats) -> list[EstimatedStep]:
    """One fit, if there are new labels: as long as those so far; before there is one, as a timed
    fit of logistic regression scaled by its rows, which the other heads take longer than."""
    n, cards = len(context.pool_state().labelled), context.pool_state().models
    if not n or (cards and sum(cards[-1].trained_on.values()) == n):
        return []
    if cards:
        reports = [p for step, _, p in context.store.notes.reports() if step == "run"]
        each = sum(p["seconds"].get("train", 0.0) for p in reports) / len(cards)
        return [_fit(n, each, f"the {len(cards)} models so far timed")]
    names = context.schema.names
    if context.schema.multiple or not len(sample):
        return [_fit(n, None, "no model was trained yet")]
    labels = [names[i % len(names)] for i in range(len(sample))]
    begun = time.perf_counter()
    wiring.classifier("logistic").fit(sample, labels, names, DEFAULT_C)
    each = (time.perf_counter() - begun) * max(1.0, n / len(sample))
    fits = FITS if needs_choice(n, 0, len(names)) else 1
    basis = f"logistic regression on {len(sample)} records timed, scaled by rows"
    if context.settings.learn.head != "logistic":
        basis += "; a semi-supervised head takes several times that"
    return [_fit(n, fits * each, basis)]


def _fit(n: int, seconds: float | None, basis: str) -> EstimatedStep:
    return EstimatedStep(step="train", n=n, unit="labels", seconds=seconds, basis=basis)


def _memory(context: ProjectContext) -> int:
    """Bytes: the most that this process held so far, and the arrays of a pool that is chosen from:
    its vectors, a part of them again, and its probabilities."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    now = most if sys.platform == "darwin" else most * 1024
    n = min(len(context.table.pool), context.settings.index.candidates_above)
    return int(now + n * (4 * context.embedder.dim * 2 + 8 * len(context.schema.names) * 3))
