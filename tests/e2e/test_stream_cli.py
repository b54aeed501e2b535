"""Records that keep coming, through the command line and SQLite: status, verify, tampering."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import inside, inside_document
from promise_projects import two_kinds

ASK = ("--max-error", "0.2", "--batch", "16", "--reviewer", "labels")
SETTINGS = """
[promise]
labels = 30
audits = 60
stream = true
audit_rate = 0.5

[learn]
head = "logistic"
"""


def rows_come(folder: Path, name: str, n: int, seed: int) -> None:
    rows = [{**row, "id": f"{name}-{row['id']}"} for row in two_kinds(n, seed=seed)]
    file = folder.parent / f"{name}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    inside("import", folder, file, "--labels-are", "gold")


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stream") / "p"
    inside("init", folder, "--labels", "refund,login", "--embedder", "hashing", "--agent", "none")
    with (folder / "tiebreak.toml").open("a") as toml:
        toml.write(SETTINGS)
    for seed, n in enumerate((240, 120, 120)):
        rows_come(folder, f"part{seed}", n, seed)
        assert inside_document("run", folder, *ASK)["next"] == "done"
    return folder


def test_the_status_tells_what_is_promised_of_a_stream(streamed: Path) -> None:
    report = inside_document("status", streamed)
    told = report["certificates"][-1]
    assert told["mode"] == "stream"
    assert told["audited"] > 0
    assert told["simulated"]
    by_mode = {c["mode"]: c["labels"] for c in report["certificates"] if c["labels"]}
    assert sum(c["labels"] for c in report["certificates"]) == report["labelled"]["autonomous"]
    assert by_mode["file"] > 0
    assert ", what arrives: SIMULATED" in " ".join(inside("status", streamed).stdout.split())


CHANGES = {
    "an audit that is not there": (
        "DELETE FROM audits WHERE record_id = (SELECT max(a.record_id) FROM audits a "
        "JOIN candidates c USING (policy, record_id) WHERE c.pi IS NOT NULL)",
        "does not say what became of it",
    ),
    "another rate": (
        "UPDATE candidates SET pi = 0.25 WHERE record_id = "
        "(SELECT max(record_id) FROM candidates WHERE pi IS NOT NULL)",
        "did not arrive after it was frozen, at its rate",
    ),
    "a release": (
        "UPDATE candidates SET release = NOT release WHERE pi IS NOT NULL",
        "does not match its seal",
    ),
    "the bound": (
        "UPDATE certificates SET bound = replace(bound, '\"uncaught\":', '\"uncaught\":1') "
        "WHERE mode = 'stream'",
        "do not follow from the evidence",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_verify_names_what_was_tampered_with_in_a_stream(
    streamed: Path, tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "p"
    shutil.copytree(streamed, folder)
    assert inside_document("verify", folder)["problems"] == []
    change, found = CHANGES[what]
    with closing(sqlite3.connect(folder / "tiebreak.db")) as database, database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {name}")
        assert database.execute(change).rowcount > 0
    problems = inside_document("verify", folder, code=1)["problems"]
    assert any(found in problem for problem in problems), problems
