"""The command line from a file of texts to exported labels, with people at the terminal."""

from __future__ import annotations

import csv
import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from commands import document, tiebreak
from contexts import slice_rows

ROWS = slice_rows(60, 20)
NAMES = sorted({r["label"] for r in ROWS})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, ["id", "text", "label", "split"])
        writer.writeheader()
        writer.writerows(ROWS)
    return path


@pytest.fixture
def project(tmp_path: Path, file: Path) -> Path:
    folder = tmp_path / "project"
    tiebreak("init", folder, "--labels-from", f"{file}:label", "--embedder", "hashing",
             "--agent", "none")  # fmt: skip
    return folder


@pytest.fixture
def filled(project: Path, file: Path) -> Path:
    tiebreak("import", project, file, "--labels-are", "gold")
    return project


def test_the_loop_with_a_person_at_the_terminal(filled: Path, tmp_path: Path) -> None:
    first = document("run", filled, "--batch", "10")
    assert (first["next"], first["queue"]) == ("review", 10)
    assert first["queue_by_reason"] == {"control": 1, "selected": 9}

    # digits choose, / names, s skips, d: none fits, u takes back, x is no key, q quits
    keys = ["1", "2", f"/{NAMES[3]}", "s", "d", "x", "3", "u", "4", "q"]
    told = tiebreak("label", filled, "--who", "ada", stdin="\n".join(keys) + "\n")
    assert "Blind" in told.stdout
    status = document("status", filled)
    assert status["labelled"] == {"human": 4, "simulated": 0, "autonomous": 0, "unproved": 0}
    assert (status["skipped"], status["none_fits"]) == (1, 1)

    tiebreak("label", filled, "--who", "ada", stdin="1\n" * 10)
    again = document("run", filled, "--batch", "10")
    assert again["rounds"] == 2
    assert again["model"]["trained_on"] == {"human": 8}

    out = tmp_path / "labels.csv"
    tiebreak("export", filled, out)
    exported = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert len(exported) == 60  # the pool; held-out rows are not exported
    mine = [r for r in exported if r["by"]]
    assert len(mine) == 8
    assert {r["who"] for r in mine} == {"ada"}
    assert document("verify", filled)["problems"] == []


def test_import_twice_is_import_once(filled: Path, file: Path) -> None:
    again = document("import", filled, file, "--labels-are", "gold")["files"][0]
    assert (again["taken"], again["existing"]) == (0, 80)
    assert document("status", filled)["records"] == 80


def test_labels_in_a_file_are_imported_annotations_and_held_out_ones_are_sealed(
    project: Path, file: Path
) -> None:
    tiebreak("import", project, file)
    status = document("status", project)
    assert status["labelled"]["human"] == 60
    assert status["heldout"]["test"]["n"] == 20
    report = document("run", project, "--batch", "5")
    assert report["model"]["trained_on"] == {"human": 60}
    assert report["heldout"]["test"]["model"]["n"] == 20


def test_corrections_by_id_replace_labels_and_the_same_file_twice_changes_nothing(
    project: Path, file: Path, tmp_path: Path
) -> None:
    tiebreak("import", project, file)
    fixed = tmp_path / "fixed.csv"
    other = NAMES[0] if ROWS[0]["label"] != NAMES[0] else NAMES[1]
    fixed.write_text(f"id,label\n{ROWS[0]['id']},{other}\nnobody,{other}\n{ROWS[1]['id']},wat\n")
    told = document("import", project, fixed, "--corrections", "--who", "bea")["files"][0]
    assert told["taken"] == 1
    assert {k: v["count"] for k, v in told["problems"].items()} == {
        "label not in the schema": 1, "no record to correct": 1,
    }  # fmt: skip
    before = document("verify", project)["hash"]
    tiebreak("import", project, fixed, "--corrections", "--who", "bea")
    assert document("verify", project)["hash"] == before
    out = tmp_path / "out.jsonl"
    tiebreak("export", project, out)
    rows = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    row = next(r for r in rows if r["id"] == ROWS[0]["id"])
    assert (row["label"], row["by"], row["who"]) == (other, "human", "bea")


def test_simulated_rounds_and_predict(filled: Path) -> None:
    report = document("run", filled, "--reviewer", "labels", "--rounds", "2", "--batch", "20")
    assert report["labelled"] == {"human": 0, "simulated": 40, "autonomous": 0, "unproved": 0}
    lines = ['{"id": 7, "text": "my card was swallowed"}', "not json", '"a bare text"']
    done = tiebreak("predict", filled, stdin="\n".join(lines) + "\n", code=2)
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert first["id"] == 7
    assert first["label"] in NAMES
    assert 0 < first["confidence"] <= 1
    assert second["line"] == 2
    assert "no JSON" in second["error"]
    assert len(third["top"]) == 3


def test_backup_and_restore_give_the_same_project(filled: Path, tmp_path: Path) -> None:
    tiebreak("run", filled, "--reviewer", "labels", "--rounds", "1", "--batch", "10")
    digest = document("verify", filled)["hash"]
    tiebreak("backup", filled, tmp_path / "all.zip")
    copy = tmp_path / "copy"
    tiebreak("restore", tmp_path / "all.zip", copy)
    assert document("verify", copy) == {"hash": digest, "problems": []}
    report = document("run", copy, "--reviewer", "labels", "--rounds", "2", "--batch", "10")
    assert report["rounds"] == 2
    tiebreak("restore", tmp_path / "all.zip", copy, code=2)  # not empty


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--text", "txet"], "Did you mean 'text'"),
        (["--encoding", "utf-16"], "utf-16"),
        (["--labels-are", "silver"], "annotations, or gold"),
    ],
)
def test_bad_import_says_what_and_the_mend(
    project: Path, file: Path, args: list[str], says: str
) -> None:
    assert says in tiebreak("import", project, file, *args, code=2).stderr
    assert document("status", project)["records"] == 0


def test_bad_rows_are_reported_and_good_ones_kept(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    good = {"id": "a", "text": "where is my card", "label": NAMES[0]}
    path.write_text(
        "\n".join(
            [
                json.dumps(good),
                '{"id": "b", "text": "cut',
                json.dumps({**good, "id": "c", "text": "  "}),
                json.dumps({**good, "id": "d", "text": "x" * 5_000_000}),
                json.dumps({**good, "text": "the same id, another text"}),
                json.dumps({**good, "id": "e", "label": NAMES[0] + "x"}),
            ]
        )
    )
    told = document("import", project, path, "--id", "id")["files"][0]
    assert told["taken"] == 2  # a, and e without its label
    assert sum(p["count"] for p in told["problems"].values()) == 5
    assert all(p["samples"][0]["mend"] for p in told["problems"].values())


def test_errors_are_one_sentence_with_a_mend_and_a_document(project: Path, tmp_path: Path) -> None:
    told = document("run", tmp_path / "nowhere", code=2)
    assert "tiebreak init" in told["error"]["mend"]
    (project / "tiebreak.toml").write_text("[agent]\nnam = 1\n")
    assert "Did you mean 'name'" in tiebreak("status", project, code=2).stderr


def test_a_corrupt_database_says_so(filled: Path) -> None:
    database = filled / "tiebreak.db"
    database.write_bytes(b"\0" * 5000 + database.read_bytes()[5000:])
    for spare in filled.glob("tiebreak.db-*"):
        spare.unlink()
    assert "restore" in tiebreak("status", filled, code=1).stderr


def test_a_project_that_is_running_refuses_a_second_run(filled: Path) -> None:
    from tiebreak.project import wiring

    with wiring.project_lock(filled):
        assert "Another process" in tiebreak("run", filled, code=1).stderr


@pytest.mark.skipif(
    find_spec("sentence_transformers") is None, reason="not installed: sentence-transformers"
)
def test_doctor_names_what_is_missing(filled: Path) -> None:
    told = document("doctor", filled)
    assert told["ok"]
    assert {c["name"] for c in told["checks"]} >= {
        "python",
        "project",
        "store",
        "embedder",
        "agent",
    }
    (filled / "labels.yaml").unlink()
    bad = document("doctor", filled, code=1)
    assert [c["mend"] for c in bad["checks"] if not c["ok"]] != [""]
