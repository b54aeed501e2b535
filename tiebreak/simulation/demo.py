"""The demo: the whole loop on shipped real data, offline, with a simulated reviewer.

The reviewer is simulated from the file's own labels, and everything that it did is marked so. The
agent is real but tiny; the demo measures how weak it is rather than hide it.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from tiebreak.api import Project
from tiebreak.domain.decisions import Route
from tiebreak.domain.ports import Progress
from tiebreak.errors import MissingPackage
from tiebreak.files import labels_of_column
from tiebreak.loop import seconds_a_call, sweep_estimate, sweep_targets
from tiebreak.project import ProjectContext, QuietProgress, wiring
from tiebreak.simulation.random_baseline import random_choice
from tiebreak.simulation.results import (
    CheckedLabels,
    DemoImport,
    DemoProof,
    DemoReport,
    LeftOut,
    Ties,
)

SLICE = "banking77_cards.jsonl.gz"
TASK = "Choose the intent of a customer's question to a bank about cards and card payments."
BATCH = 12
ROUNDS = 8
SWEEP = 44
HELDOUT = 60
MAX_ERROR, AUDITS = 0.05, 120
"""Of all labels of the file; of answers for the proof."""
"""Agent calls: 8 x 12 selected + 44 others + 60 held out = 200, the most that the demo makes."""


def data_file() -> Path:
    """The shipped slice of BANKING77."""
    return Path(str(files("tiebreak.simulation"))) / "demo_data" / SLICE


def run_demo(
    folder: Path | None, *, agent: str = "embedded", progress: Progress | None = None
) -> DemoReport:
    """Play the whole loop, in *folder* (kept) or in a temporary one.

    Without the embedded model's packages it plays without an agent and says so.
    """
    place: AbstractContextManager[str] = (
        tempfile.TemporaryDirectory(prefix="tiebreak-demo-")
        if folder is None
        else nullcontext(str(folder))
    )
    began = time.perf_counter()
    with place as where:
        made = _play(Path(where) / "project" if folder is None else folder, agent, progress)
    return replace(made, seconds_total=round(time.perf_counter() - began, 1))


def _play(folder: Path, agent: str, progress: Progress | None) -> DemoReport:
    progress = progress or QuietProgress()
    notes: list[str] = []
    names = labels_of_column(data_file(), "label")
    agent = _agent_or_none(agent, notes)
    Project.create(folder, labels=names, task=TASK, agent=agent).close()
    with Project.open(folder, progress=progress) as project:
        imported = project.import_file(data_file(), labels_are="gold")
        result = project.run(
            batch=BATCH,
            rounds=ROUNDS,
            reviewer="labels",
            prelabel=SWEEP if agent != "none" else 0,
            score_heldout=HELDOUT if agent != "none" else 0,
        )
        assert result.model is not None  # the simulated reviewer answered every batch
        used = sum(result.model.trained_on.values())
        context = project.context
        agent_id = wiring.configured_agent_id(context.settings, None) or "none"
        random, ties, left_out = random_choice(context), _ties(context), _left_out(context)
    return DemoReport(
        data="BANKING77, 12 intents about cards (real; labels sealed as gold)",
        reviewer="simulated from the sealed labels",
        agent=agent_id,
        notes=tuple(notes),
        imported=DemoImport(taken=imported.taken, problems=imported.problems),
        status=result,
        human_labels_used=used,
        random=random,
        ties=ties,
        left_out=left_out,
        seconds=result.seconds,
        proof=_prove(folder, used, progress),
        seconds_total=0.0,
    )


def _prove(folder: Path, used: int, progress: Progress) -> DemoProof:
    """Earn a certificate for labels of the fast model alone: the agent was asked too little."""
    with Project.open(folder, agent="none", progress=progress) as project:
        result = project.run(
            batch=BATCH,
            reviewer="labels",
            max_error=MAX_ERROR,
            promise="dataset",
            max_labels=used + AUDITS,
        )
        released = project.context.pool_state().released
        gold = project.context.store.gold.get(sorted(released))
    wrong = sum(gold[i] != decision.labels for i, decision in released.items() if i in gold)
    return DemoProof(
        max_error=MAX_ERROR,
        audits=result.labelled.human + result.labelled.simulated - used,
        labels=len(released),
        checked=CheckedLabels(n=len(gold), wrong=wrong),
        certificates=result.certificates,
        labelled=result.labelled,
        seconds=result.seconds,
    )


def _agent_or_none(agent: str, notes: list[str]) -> str:
    """The agent asked for; without its packages none, and a note that says so."""
    if agent != "embedded":
        return agent
    from tiebreak.agents import find_model

    try:
        find_model(download=False)
    except MissingPackage as problem:
        notes.append(f"Running without an agent. {problem}")
        return "none"
    return agent


def _ties(context: ProjectContext) -> Ties:
    gold = context.store.gold.get(context.table.pool.tolist())
    standing = context.store.annotations.standing()
    first: dict[int, Route] = {}
    for route in context.store.routes.scan():
        if route.model_label is not None:
            first.setdefault(route.record_id, route)
    ties = [r for i, r in first.items() if r.reason == "disagreement" and i in standing]
    agent_wrong = [r.agent_labels != gold.get(r.record_id) for r in ties]
    model_wrong = [(r.model_label,) != gold.get(r.record_id) for r in ties]
    both = sum(a and m for a, m in zip(agent_wrong, model_wrong, strict=True))
    return Ties(
        sent_to_review=len(ties),
        agent_wrong=sum(agent_wrong) - both,
        model_wrong=sum(model_wrong) - both,
        both_wrong=both,
    )


def _left_out(context: ProjectContext) -> LeftOut | None:
    ids = sweep_targets(context, None)
    plan = sweep_estimate(context, ids)
    if plan is None:
        return None
    each, _ = seconds_a_call(context)
    return LeftOut(
        records=len(ids),
        tokens=plan.tokens,
        money=plan.money,
        minutes=round(len(ids) * (each or 0.0) / 60, 1),
    )
