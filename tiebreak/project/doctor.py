"""Doctor: does this machine have what a project needs? Each check has its mend."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tiebreak import config
from tiebreak.config import Settings
from tiebreak.domain.evidence import Neighbour
from tiebreak.domain.labels import LabelSchema, in_words
from tiebreak.errors import TiebreakError
from tiebreak.project import wiring
from tiebreak.project.context import utc_now
from tiebreak.project.init import LABELS, names_schema, read_labels

PACKAGES = (
    "langchain-openai", "openai", "sentence-transformers", "torch", "faiss-cpu", "scikit-learn",
    "streamlit", "sqlalchemy", "pandas", "pyarrow",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class DoctorCheck:
    """A check of the machine or of a project.

    Attributes:
        name: what was looked at.
        ok: whether it is as it should be.
        found: what is there.
        mend: how to put it right; empty where nothing is wrong.
    """

    name: str
    ok: bool
    found: str
    mend: str = ""


def run_checks(folder: Path | None = None) -> list[DoctorCheck]:
    """Checks of the machine, and of the project in *folder*."""
    checks = [_check("python", lambda: sys.version.split()[0]), *_packages()]
    settings = Settings()
    schema: LabelSchema = names_schema(["yes", "no"])
    if folder is not None:
        made = _check("project", lambda: _project(folder))
        checks.append(made)
        if not made.ok:
            return checks
        settings = config.load(folder)
        schema = read_labels(folder / LABELS)
        checks.append(_check("store", lambda: _store(folder, settings)))
    checks.append(_check("embedder", lambda: _embedder(settings)))
    checks.append(_check("agent", lambda: _agent(settings, schema)))
    return checks


def _check(name: str, look: Callable[[], str]) -> DoctorCheck:
    try:
        return DoctorCheck(name=name, ok=True, found=look())
    except TiebreakError as problem:
        return DoctorCheck(name=name, ok=False, found=problem.fact, mend=problem.mend)


def _packages() -> Iterator[DoctorCheck]:
    for name in PACKAGES:
        try:
            yield DoctorCheck(name=name, ok=True, found=version(name))
        except PackageNotFoundError:
            yield DoctorCheck(
                name=name, ok=False, found="not installed", mend=f"pip install {name}"
            )


def _project(folder: Path) -> str:
    wiring.project_folder(folder)
    config.load(folder)
    return f"{len(read_labels(folder / LABELS).names)} labels"


def _store(folder: Path, settings: Settings) -> str:
    store = wiring.open_store(folder, settings, utc_now)
    try:
        n = len(store.records.table().ids)
    finally:
        store.close()
    return f"{settings.store.url.partition(':')[0] or 'sqlite'}, {n} records"


def _embedder(settings: Settings) -> str:
    encoder = wiring.embedder(settings.embedder)
    shape = encoder.embed(["Is this thing on?"]).shape
    return f"{encoder.id}, {shape[1]} dimensions, window {encoder.window} tokens"


def _agent(settings: Settings, schema: LabelSchema) -> str:
    """Ask the agent for one label, by the way that a run asks."""
    from tiebreak.agents import Labeller, LabelTask

    model = wiring.language_model(settings, None)
    if model is None:
        return "none (agent.name is none)"
    try:
        labeller = Labeller(
            model, schema, task=settings.project.task, settings=settings.agent, seed=0
        )
        shown = tuple(
            Neighbour(record_id=i, similarity=0.5, text=f"an example of {name}", labels=(name,))
            for i, name in enumerate(schema.names[:2])
        )
        task = LabelTask(
            record_id=0,
            text="Is this thing on?",
            neighbours=shown,
            shortlist=schema.names[:10],
            purpose="predict",
        )
        answer = labeller.probe(task)
    finally:
        model.close()
    label = f"abstained: {answer.abstain}" if answer.labels is None else in_words(answer.labels)
    return f"{model.id} answers in mode {answer.mode} ({label!r})"
