"""Project contexts for workflow tests: the in-memory store, the hashing encoder, real questions."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from clock import TickingClock

from tiebreak.config import Settings, parse
from tiebreak.domain.labels import LabelSchema
from tiebreak.domain.ports import Store
from tiebreak.domain.records import NewRecord
from tiebreak.project.context import ProjectContext
from tiebreak.project.init import names_schema
from tiebreak.store.memory import MemoryStore

SLICE = Path(__file__).parents[2] / "tiebreak/simulation/demo_data/banking77_cards.jsonl.gz"


def slice_rows(pool: int = 240, test: int = 60) -> list[dict[str, Any]]:
    """Rows of the shipped BANKING77 slice, the first so many of each split."""
    with gzip.open(SLICE, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [r for r in rows if r["split"] == "train"][:pool] + [
        r for r in rows if r["split"] == "test"
    ][:test]


def make_context(
    folder: Path,
    rows: list[dict[str, Any]] | None = None,
    *,
    settings: dict[str, Any] | None = None,
    store: Store | None = None,
    gold: bool = True,
    schema: LabelSchema | None = None,
) -> ProjectContext:
    """A project context over *rows* (id, text, label, split), whose labels are sealed as gold; they
    are the schema's, unless one is given."""
    rows = slice_rows() if rows is None else rows
    clock = TickingClock()
    store = store or MemoryStore(clock)
    made: Settings = parse(
        {"embedder": {"name": "hashing"}, "agent": {"name": "none"}, **(settings or {})}
    )
    schema = schema or names_schema(sorted({r["label"] for r in rows if r["label"]}))
    store.notes.put_schema(schema)
    store.records.add(
        [
            NewRecord(
                source="slice",
                external_id=r["id"],
                text=r["text"],
                split=r["split"],
                heldout=r["split"] == "test",
            )
            for r in rows
        ]
    )
    if gold:
        ids = store.records.find("slice", [r["id"] for r in rows])
        store.gold.put({ids[r["id"]]: (r["label"],) for r in rows if r["label"]})
    return ProjectContext(folder=folder, settings=made, store=store, clock=clock)
