"""Before a long step: about what a run will take, in time, memory, disk and money, and from what.

Every figure comes from a small timed sample or from the log, and says so. Nothing is written and
nothing is bought: an agent off this machine is never called here.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tiebreak.domain.ports import Embedder, Floats
from tiebreak.learner import DEFAULT_C, needs_choice
from tiebreak.loop.call_estimate import about, agent_step, duration, records_to_ask
from tiebreak.loop.results import EstimatedStep, RunEstimate
from tiebreak.loop.running import RunOptions
from tiebreak.models import NEAR
from tiebreak.project import ProjectContext, wiring

TEXTS = 32
"""Texts embedded as a sample; the half of them once before, to warm up."""
LONG_TEXTS, LONG_CALLS = 500, 50
"""From so many texts or calls on a step counts as long."""
MB = 1_000_000
FITS = 13
"""A choice of C fits four times three heads of two thirds of the rows, then the head itself."""


def estimate_run(
    context: ProjectContext, options: RunOptions | None = None, *, call: bool = True
) -> RunEstimate:
    """About what the next run with *options* will take, until people are needed.

    With a tolerated error (``options.max_error``) the agent is asked about every record. With
    *call* an agent on this machine that has no price is called twice to time it, if it has answered
    nothing yet.
    """
    options = options or RunOptions()
    todo = context.vectors.missing(context.table.hashes)
    sample, each = _timed_texts(context, todo)
    steps = (
        *_embed(context, len(todo), each, len(sample)),
        *_near(context),
        *agent_step(context, options, ready=not len(todo), call=call),
        *_train(context, sample),
    )
    money = [s.money for s in steps if s.step == "agent"]
    estimate = RunEstimate(
        steps=steps,
        seconds=round(sum(s.seconds or 0.0 for s in steps), 1),
        memory=_memory(context),
        disk=sum(s.disk for s in steps),
        calls=sum(s.n for s in steps if s.step == "agent"),
        tokens=sum(s.tokens for s in steps),
        money=None if None in money else sum(m for m in money if m is not None),
        currency=context.settings.budget.currency,
        lines=(),
    )
    return replace(estimate, lines=tuple(_in_words(estimate)))


def note_if_long(context: ProjectContext, options: RunOptions) -> None:
    """Note what the next run will take, if it is long; to see that costs next to nothing."""
    texts = len(context.vectors.missing(context.table.hashes))
    calls = 0 if context.agent is None else len(records_to_ask(context, options))
    if texts >= LONG_TEXTS or calls >= LONG_CALLS:
        for line in estimate_run(context, options, call=False).lines:
            context.progress.note(line)


def _in_words(estimate: RunEstimate) -> Iterator[str]:
    """A step a line, and all of them."""
    if not estimate.steps:
        yield "There is nothing long to do."
        return
    for step in estimate.steps:
        disk = f", about {step.disk / MB:.1f} MB on disk" if step.disk else ""
        more = f", {step.line}" if step.line else ""
        figures = f"{step.n} {step.unit}, {about(step.seconds)}{disk}{more}"
        yield f"{step.step}: {figures} ({step.basis})"
    unknown = " and what is unknown" if any(s.seconds is None for s in estimate.steps) else ""
    yield (
        f"in all about {duration(estimate.seconds)}{unknown}, about {estimate.memory / MB:.0f} MB "
        "of memory (this process now, and the pool's vectors)"
    )


def _timed_texts(
    context: ProjectContext, todo: Sequence[int] | np.ndarray[Any, Any]
) -> tuple[Floats, float]:
    """Vectors of a sample of the texts at these positions, and the seconds that one took."""
    none = np.zeros((0, 0), dtype=np.float32)
    if not len(todo):
        return none, 0.0
    drawn = context.rng("outlook").permutation(np.asarray(todo))[:TEXTS]
    texts = [r.text for r in context.store.records.get(context.table.ids[drawn].tolist())]
    seconds, vectors = seconds_to_embed(context.embedder, texts)
    return vectors, seconds


def seconds_to_embed(embedder: Embedder, texts: Sequence[str]) -> tuple[float, Floats]:
    """Seconds that one of these texts takes, after the half of them to warm up; and their vectors
    float32[n, d]."""
    embedder.embed(texts[: len(texts) // 2 + 1])
    begun = time.perf_counter()
    vectors = embedder.embed(texts)
    return (time.perf_counter() - begun) / len(texts), vectors


def _embed(context: ProjectContext, n: int, each: float, timed: int) -> list[EstimatedStep]:
    disk, basis = n * (4 * context.embedder.dim + 32), f"{timed} of them timed"
    step = EstimatedStep(step="embed", n=n, unit="texts", seconds=n * each, basis=basis, disk=disk)
    return [step] if n else []


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
    each = seconds_of(partial(np.matmul, rows, leaders.T)) / (len(rows) * len(leaders))
    pairs = (n * n - old * old) / 2
    return [
        EstimatedStep(step="near duplicates", n=n - old, unit="new records", seconds=pairs * each,
             basis=f"{len(rows)} x {len(leaders)} pairs timed")
    ]  # fmt: skip


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
    fit = partial(wiring.classifier("logistic").fit, sample, labels, names, DEFAULT_C)
    each = seconds_of(fit) * max(1.0, n / len(sample))
    fits = FITS if needs_choice(n, 0, len(names)) else 1
    basis = f"logistic regression on {len(sample)} records timed, scaled by rows"
    if context.settings.learn.head != "logistic":
        basis += "; a semi-supervised head takes several times that"
    return [_fit(n, fits * each, basis)]


def seconds_of(work: Callable[[], object]) -> float:
    """Seconds that a piece of work takes, done once."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _fit(n: int, seconds: float | None, basis: str) -> EstimatedStep:
    return EstimatedStep(step="train", n=n, unit="labels", seconds=seconds, basis=basis)


def _memory(context: ProjectContext) -> int:
    """Bytes: the most that this process held so far, and the arrays of a pool that is chosen from:
    its vectors, a part of them again, and its probabilities."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    now = most if sys.platform == "darwin" else most * 1024
    n = min(len(context.table.pool), context.settings.index.candidates_above)
    return int(now + n * (4 * context.embedder.dim * 2 + 8 * len(context.schema.names) * 3))
