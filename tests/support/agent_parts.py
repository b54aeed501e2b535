"""Schemas, tasks and labellers for the tests of the agent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tiebreak.agents.labeller import Labeller, LabelTask
from tiebreak.config import AgentPart
from tiebreak.domain.evidence import Neighbour
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.ports import LabelModel, Ledger
from tiebreak.store.memory import MemoryStore


def schema(*names: str, **parts: Any) -> LabelSchema:
    return LabelSchema(labels=tuple(Label(name=n) for n in names or ("spam", "ham")), **parts)


def neighbour(record_id: int, text: str, label: str, similarity: float) -> Neighbour:
    return Neighbour(record_id=record_id, similarity=similarity, text=text, labels=(label,))


def task(text: str = "Win a prize!", record_id: int = 1, **parts: Any) -> LabelTask:
    return LabelTask(record_id=record_id, text=text, **parts)


def labeller(
    model: LabelModel, labels: LabelSchema | None = None, *, seed: int = 0, **settings: Any
) -> Labeller:
    return Labeller(
        model,
        labels or schema(),
        task="Is this mail wanted?",
        settings=AgentPart(**settings),
        seed=seed,
    )


def ledger() -> Ledger:
    return MemoryStore(lambda: datetime(2026, 1, 1, tzinfo=UTC)).ledger
