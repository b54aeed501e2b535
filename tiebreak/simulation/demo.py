"""The demo: the whole loop on shipped real data, offline, with a simulated reviewer.

The reviewer is simulated from the file's own labels, and everything that it did is marked so. The
agent is real but tiny; the demo measures how weak it is rather than hide it.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from importlib.resources import files
from pathlib import Path
from typing import Any

from tiebreak.api.project import Project
from tiebreak.domain.ports import Progress
from tiebreak.errors import MissingPackage
from tiebreak.loop.ingest import labels_of_column
from tiebreak.loop.prelabel import forecast_calls, sweep_targets
from tiebreak.project import wiring
from tiebreak.project.context import ProjectContext, QuietProgress
from tiebreak.simulation.random_baseline import random_choice

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
) -> dict[str, Any]:
    """Play the whole loop; returns the report that ``tiebreak demo --json`` prints.

    In *folder* (kept) or in a temporary one. Without the embedded model's packages it plays
    without an agent and says so.
    """
    place: AbstractContextManager[str] = (
        tempfile.TemporaryDirectory(prefix="tiebreak-demo-")
        if folder is None
        else nullcontext(str(folder))
    )
    began = time.perf_counter()
    with place as where:
        report = _play(Path(where) / "project" if folder is None else folder, agent, progress)
    report["seconds_total"] = round(time.perf_counter() - began, 1)
    return report


def _play(folder: Path, agent: str, progress: Progress | None) -> dict[str, Any]:
    progress = progress or QuietProgress()
    notes: list[str] = []
    names = labels_of_column(data_file(), "label")
    agent = _agent_or_none(agent, notes)
    Project.create(folder, labels=names, task=TASK, agent=agent).close()
    with Project.open(folder, progress=progress) as project:
        imported = project.import_file(data_file(), labels_are="gold")
        status = project.run(
            batch=BATCH,
            rounds=ROUNDS,
            reviewer="labels",
            prelabel=SWEEP if agent != "none" else 0,
            score_heldout=HELDOUT if agent != "none" else 0,
        )
        context = project.context
        left_out = _left_out(context)
        report = {
            "data": "BANKING77, 12 intents about cards (real; labels sealed as gold)",
            "reviewer": "simulated from the sealed labels",
            "agent": wiring.configured_agent_id(context.settings, None) or "none",
            "notes": notes,
            "imported": {k: imported[k] for k in ("taken", "problems")},
            "status": status,
            "human_labels_used": sum(status["model"]["trained_on"].values()),
            "random": random_choice(context),
            "ties": _ties(context),
            "left_out": left_out,
            "seconds": status["seconds"],
        }
    return {**report, "proof": _prove(folder, report["human_labels_used"], progress)}


def _prove(folder: Path, used: int, progress: Progress) -> dict[str, Any]:
    """Earn a certificate for labels of the fast model alone: the agent was asked too little.

    ``checked``: how many of the labels that went out are wrong by the sealed ones, which only a
    demo can know.
    """
    with Project.open(folder, agent="none", progress=progress) as project:
        status = project.run(
            batch=BATCH,
            reviewer="labels",
            max_error=MAX_ERROR,
            promise="dataset",
            max_labels=used + AUDITS,
        )
        out = project.context.pool_state().released
        gold = project.context.store.gold.get(sorted(out))
    wrong = sum(gold[i] != decision.labels for i, decision in out.items() if i in gold)
    return {
        "max_error": MAX_ERROR,
        "audits": sum(status["labelled"][by] for by in ("human", "simulated")) - used,
        "labels": len(out),
        "checked": {"n": len(gold), "wrong": wrong},
        "certificates": status["certificates"],
        "labelled": status["labelled"],
        "seconds": status["seconds"],
    }


def _agent_or_none(agent: str, notes: list[str]) -> str:
    """The agent asked for; without its packages none, and a note that says so."""
    if agent != "embedded":
        return agent
    from tiebreak.agents.backends.embedded import find_model

    try:
        find_model(download=False)
    except MissingPackage as problem:
        notes.append(f"Running without an agent. {problem}")
        return "none"
    return agent


def _ties(context: ProjectContext) -> dict[str, int]:
    """Records where agent and model disagreed before the label, and who the label bore out."""
    gold = context.store.gold.get(context.table.pool.tolist())
    standing = context.pool_state().standing
    first: dict[int, Any] = {}
    for route in context.store.routes.scan():
        if route.model_label is not None:
            first.setdefault(route.record_id, route)
    ties = [r for i, r in first.items() if r.reason == "disagreement" and i in standing]
    agent_wrong = [r.agent_labels != gold.get(r.record_id) for r in ties]
    model_wrong = [(r.model_label,) != gold.get(r.record_id) for r in ties]
    both = sum(a and m for a, m in zip(agent_wrong, model_wrong, strict=True))
    return {
        "sent_to_review": len(ties),
        "agent_wrong": sum(agent_wrong) - both,
        "model_wrong": sum(model_wrong) - both,
        "both_wrong": both,
    }


def _left_out(context: ProjectContext) -> dict[str, Any] | None:
    """What the agent was not asked about, and what all of it would take."""
    ids = sweep_targets(context, None)
    plan = forecast_calls(context, ids, "sweep")
    if plan is None:
        return None
    asked = context.store.ledger.totals().calls
    spent = sum(
        p["seconds"].get("pre-label", 0.0) + p["seconds"].get("score held-out", 0.0)
        for step, _, p in context.store.notes.reports()
        if step == "run"
    )
    return {
        "records": len(ids),
        "tokens": plan["tokens"],
        "money": plan["money"],
        "minutes": round(len(ids) * spent / max(asked, 1) / 60, 1),
    }
