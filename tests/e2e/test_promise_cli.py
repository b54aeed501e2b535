"""A promise through the command line: what is asked, exit codes, export, verify; kill -9."""

from __future__ import annotations

import csv
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from commands import ENV, inside, inside_document
from promise_projects import two_kinds

ASK = ("--max-error", "0.1", "--batch", "16", "--reviewer", "labels")
SETTINGS = """
[promise]
labels = 30
audits = 60
audit_batch = 20

[learn]
head = "logistic"
"""
CHILD = Path(__file__).parents[1] / "support" / "killed_run.py"


def project(folder: Path, **rows: Any) -> Path:
    file = folder.with_suffix(".jsonl")
    file.write_text("".join(json.dumps(r) + "\n" for r in two_kinds(**rows)))
    inside("init", folder, "--labels", "refund,login", "--embedder", "hashing", "--agent", "none")
    with (folder / "tiebreak.toml").open("a") as toml:
        toml.write(SETTINGS)
    inside("import", folder, file, "--labels-are", "gold")
    return folder


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("promise") / "p")


@pytest.fixture(scope="module")
def proved(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proved") / "p"
    shutil.copytree(fresh, folder)
    report = inside_document("run", folder, *ASK)
    assert report["next"] == "done"
    return folder


def test_the_status_tells_the_promise(proved: Path) -> None:
    report = inside_document("status", proved)
    (told,) = [c for c in report["certificates"] if c["in_force"]]
    assert told["labels"] == report["labelled"]["autonomous"] > 100
    assert told["simulated"]
    words = inside("status", proved).stdout
    assert "SIMULATED" in words
    assert "at most a 5 % chance" in " ".join(words.split())


def test_an_export_says_which_labels_nobody_looked_at(proved: Path, tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    counts = inside_document("export", proved, out)
    with out.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    machine = [r for r in rows if r["by"] == "autonomous"]
    assert len(machine) == counts["rows"]["autonomous"] > 100
    version = inside_document("status", proved)["certificates"][0]["version"]
    assert {r["policy_version"] for r in machine} == {version}
    assert {r["reasons"] for r in machine} == {"certified,tier:normal,simulated-audits"}
    assert {r["who"] for r in machine} == {""}
    assert {r["policy_version"] for r in rows if r["by"] == "simulated"} == {""}


def test_a_promise_that_the_labels_do_not_suffice_for_ends_with_4(
    fresh: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "p"
    shutil.copytree(fresh, folder)
    report = inside_document("run", folder, *ASK, "--max-labels", "50", code=4)
    assert report["next"] == "short"
    assert report["labelled"]["autonomous"] == 0


def test_people_who_are_needed_are_no_failure(fresh: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    shutil.copytree(fresh, folder)
    report = inside_document("run", folder, "--max-error", "0.1")
    assert report["next"] == "review"
    assert report["certificates"] == []


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (("--max-error", "1.5"), "promise.max_error = 1.5"),
        (("--max-error", "0.1", "--confidence", "0.2"), "confidence of 0.2"),
        (("--max-error", "0.1", "--promise", "world"), "Use label or dataset"),
    ],
)
def test_what_cannot_be_promised_is_refused(fresh: Path, bad: tuple[str, ...], said: str) -> None:
    assert said in inside("run", fresh, *bad, code=2).stderr


# ------------------------------------------------------------------------------ tampering

GUARDS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
CHANGES = {
    "an answer": (
        "UPDATE annotations SET labels = '[\"login\"]' WHERE shown = 'blind' AND record_id = "
        "(SELECT a.record_id FROM audits a JOIN candidates c USING (policy, record_id) "
        "WHERE c.labels = '[\"refund\"]' LIMIT 1)",
        "does not say what was counted",
    ),
    "a look made blind": (
        "UPDATE annotations SET shown = 'evidence' WHERE record_id = "
        "(SELECT record_id FROM audits LIMIT 1)",
        "does not say what was counted",
    ),
    "an audit's label": (
        "UPDATE candidates SET labels = '[\"login\"]' WHERE record_id = "
        "(SELECT record_id FROM candidates WHERE labels = '[\"refund\"]' LIMIT 1)",
        "does not match its seal",
    ),
    "a score": (
        "UPDATE candidates SET score = .999 WHERE record_id = "
        "(SELECT record_id FROM candidates ORDER BY score LIMIT 1)",
        "does not match its seal",
    ),
    "a coin": (
        "UPDATE candidates SET coin = zeroblob(32) WHERE record_id = "
        "(SELECT max(record_id) FROM candidates)",
        "is not the one that was drawn",
    ),
    "its figures": (
        "UPDATE certificates SET rungs = replace(rungs, '\"in_force\":false', '\"in_force\":true')"
        " WHERE seq = 1",
        "do not follow from the evidence",
    ),
    "the secret": ("UPDATE policies SET secret = replace(secret, '0', '1')", "is not the one"),
    "the bundle": (
        "UPDATE policies SET parts = replace(parts, 'hashing', 'another')",
        "do not have the hash",
    ),
    "a label that went out": (
        "UPDATE decisions SET labels = '[\"login\"]' WHERE \"by\" = 'autonomous' AND record_id = "
        "(SELECT min(record_id) FROM decisions WHERE \"by\" = 'autonomous' "
        "AND labels = '[\"refund\"]')",
        "no certificate in force says so",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_verify_names_what_was_tampered_with(proved: Path, tmp_path: Path, what: str) -> None:
    folder = tmp_path / "p"
    shutil.copytree(proved, folder)
    assert inside_document("verify", folder)["problems"] == []
    change, found = CHANGES[what]
    with closing(sqlite3.connect(folder / "tiebreak.db")) as database, database:
        for (name,) in database.execute(GUARDS).fetchall():
            database.execute(f"DROP TRIGGER {name}")
        assert database.execute(change).rowcount > 0
    problems = inside_document("verify", folder, code=1)["problems"]
    assert any(found in problem for problem in problems), problems


# ------------------------------------------------------------------------------ kill -9


def child(what: str, nth: int, folder: Path, counts: Path) -> int:
    command = [sys.executable, CHILD, what, nth, counts, "--", "run", folder, *ASK, "--json"]
    done = subprocess.run(
        [str(x) for x in command], env=ENV, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def coins(folder: Path) -> dict[tuple[int, int], bytes]:
    with closing(sqlite3.connect(folder / "tiebreak.db")) as database:
        return {
            (policy, record): coin
            for policy, record, coin in database.execute(
                "SELECT policy, record_id, coin FROM candidates"
            )
        }


@pytest.mark.slow
def test_kill_9_during_audits_never_draws_a_second_coin(fresh: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(fresh, whole)
    assert child("promise", 0, whole, tmp_path / "counts.json") == 0
    points = json.loads((tmp_path / "counts.json").read_text())["promise"]
    assert points > 8
    hashed = inside("verify", whole, "--hash").stdout
    folder = tmp_path / "killed"
    shutil.copytree(fresh, folder)
    seen: dict[tuple[int, int], bytes] = {}
    for nth in sorted(random.Random(5).sample(range(1, points), 5)):  # one life after the other
        child("promise", nth, folder, tmp_path / "counts.json")
        now = coins(folder)
        assert seen.items() <= now.items()
        seen = now
    assert child("any", 0, folder, tmp_path / "counts.json") == 0
    assert seen == coins(folder) == coins(whole)
    assert inside("verify", folder, "--hash").stdout == hashed
    assert inside_document("verify", folder)["problems"] == []
