"""Half characters, control characters and the id 0: taken, kept and given out without a crash."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from commands import tiebreak

from tiebreak.api.project import Project

HALF = "\ud800"
ITEMS = [
    {"id": 0, "text": "the id nought"},
    {"id": f"half{HALF}", "text": f"half {HALF} a character", "metadata": {f"k{HALF}": HALF}},
    {"id": "late", "text": f"more {HALF}", "metadata": {"rate": float("nan")}},
    "no id at all",
]


def test_the_loop_with_odd_ids_texts_and_metadata(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    with Project.create(folder, labels=["a", "b"], agent="none", embedder="hashing") as project:
        assert project.add(ITEMS)["inserted"] == 4
        assert project.add(ITEMS)["existing"] == 4
        project.run(batch=4)
        for n, card in enumerate(project.next_batch(4, who="ada")):
            project.annotate(card.record.id, "ab"[n % 2], who="ada")
        assert project.run(batch=4).next == "done"
        assert project.verify() == []
        project.export(tmp_path / "out.csv")
        project.export(tmp_path / "out.parquet")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    assert ids[:3] == ["0", "half\ufffd", "late"]

    asked = [{"id": f"{HALF}\x9b\u202eé", "text": f"more {HALF}"}, {"text": "more \ufffd"}]
    stdin = "".join(json.dumps(row) + "\n" for row in asked)
    told = tiebreak("predict", folder, stdin=stdin).stdout
    assert not set("\x9b\u202e") & set(told), "it could drive a terminal"
    first, second = map(json.loads, told.splitlines())
    assert first.pop("id") == asked[0]["id"]
    assert first == second
