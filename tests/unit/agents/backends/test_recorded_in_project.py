"""A project whose agent is a recording: what it says is stored as recorded, and costs nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from contexts import make_context

from tiebreak.agents.calling.calls import Failure
from tiebreak.loop.prelabel import prelabel
from tiebreak.models.embed import embed_records


def test_a_projects_suggestions_are_those_of_the_recording(tmp_path: Path) -> None:
    rows = [
        {"id": str(i), "text": f"{word} number {i}", "label": label, "split": "train"}
        for i, (word, label) in enumerate([("card", "cards"), ("loan", "loans")] * 3)
    ]
    path = tmp_path / "answers.jsonl"
    said = [
        {"text": r["text"], "label": "loans", "confidence": 0.6 + i / 20, "run": "gpt4"}
        for i, r in enumerate(rows[:5])
    ]
    path.write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    context = make_context(tmp_path, rows, settings={"agent": {"name": f"recorded:{path}#gpt4"}})
    embed_records(context)
    failures: list[Failure] = []
    ids = context.table.ids.tolist()
    prelabel(context, ids, "sweep", limit_nanos=None, failures=failures)
    told = context.suggested(by_agent=True)
    assert not failures
    assert {s.agent for s in told.values()} == {"recorded:gpt4@answers"}
    assert [told[i].confidence for i in ids[:5]] == [pytest.approx(0.6 + i / 20) for i in range(5)]
    assert {told[i].labels for i in ids[:5]} == {("loans",)}
    assert (told[ids[5]].labels, told[ids[5]].abstain) == (None, "rejected")
    assert context.store.ledger.totals().nanos == 0
    context.close()
