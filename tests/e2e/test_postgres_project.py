"""The command line's loop over a project whose store is PostgreSQL, and back into SQLite."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from commands import inside, inside_document, tiebreak
from contexts import slice_rows

from benchmarks.agents.simulated_agent import SimulatedAgent

ROWS = slice_rows(60, 12)
RUN = ("--reviewer", "labels", "--batch", "10", "--rounds", "2", "--prelabel", "5",
       "--score-heldout", "4")  # fmt: skip


@pytest.mark.postgres
def test_the_loop_backup_and_restore_into_sqlite(postgres_url: str, tmp_path: Path) -> None:
    file, folder = tmp_path / "rows.jsonl", tmp_path / "p"
    file.write_text("".join(json.dumps(r) + "\n" for r in ROWS), encoding="utf-8")
    inside("init", folder, "--labels-from", f"{file}:label", "--embedder", "hashing",
           "--agent", "openai:simulated")  # fmt: skip
    with SimulatedAgent(ROWS, seed=1) as agent:
        settings = folder / "tiebreak.toml"
        with settings.open("a", encoding="utf-8") as toml:
            toml.write(f'base_url = "{agent.url}"\n[store]\nurl = "{postgres_url}"\n')
        told = inside_document("import", folder, file, "--labels-are", "gold")["files"][0]
        assert told["taken"] == 72
        report = inside_document("run", folder, *RUN)
        calls = agent.answered
        assert report["labelled"]["simulated"] >= 20
        assert report["heldout"]["test"]["agent"]["n"] == 4
        again = tiebreak("run", folder, *RUN, "--json")  # in a process of its own: from the store
        assert json.loads(again.stdout)["model"] == report["model"]
        assert agent.answered == calls == report["spend"]["calls"]
    assert not list(folder.glob("*.db*")), "something was kept in SQLite"

    status = inside_document("status", folder)
    assert status["spend"] == report["spend"]
    verified = inside_document("verify", folder)
    assert verified["problems"] == []
    inside("export", folder, tmp_path / "a.csv")

    inside("backup", folder, tmp_path / "all.zip")
    copy = tmp_path / "copy"
    inside("restore", tmp_path / "all.zip", copy, "--store", str(copy / "tiebreak.db"))
    assert (copy / "tiebreak.db").is_file()
    assert postgres_url not in (copy / "tiebreak.toml").read_text(encoding="utf-8")
    assert inside("verify", copy, "--hash").stdout.strip() == verified["hash"]
    assert inside_document("verify", copy) == verified
    inside("export", copy, tmp_path / "b.csv")
    assert _rows(tmp_path / "a.csv") == _rows(tmp_path / "b.csv")

    # the database that the archive names is full: refused, and no half-made folder is left
    back = tmp_path / "back"
    assert "new, empty project" in inside("restore", tmp_path / "all.zip", back, code=2).stderr
    assert not back.exists()
    assert inside_document("verify", folder) == verified


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
