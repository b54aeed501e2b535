"""A project whose agent is a recording: what it says is stored as recorded, and costs nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benches import make_bench

from tiebreak.agents.calling import Failure
from tiebreak.workflow.embed import embed
from tiebreak.workflow.prelabel import prelabel


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
    bench = make_bench(tmp_path, rows, settings={"agent": {"name": f"recorded:{path}#gpt4"}})
    embed(bench)
    failures: list[Failure] = []
    ids = bench.table.ids.tolist()
    prelabel(bench, ids, "sweep", limit_nanos=None, failures=failures)
    told = bench.suggested(by_agent=True)
    assert not failures
    assert {s.agent for s in told.values()} == {"recorded:gpt4@answers"}
    assert [told[i].confidence for i in ids[:5]] == [pytest.approx(0.6 + i / 20) for i in range(5)]
    assert {told[i].labels for i in ids[:5]} == {("loans",)}
    assert (told[ids[5]].labels, told[ids[5]].abstain) == (None, "rejected")
    assert bench.store.ledger.totals().nanos == 0
    bench.close()
