"""``tiebreak report`` through the command line: the page, the document, the words."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import inside, inside_document
from promise_projects import two_kinds
from report_projects import PageReader

from tiebreak.api.project import Project


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated certificate."""
    place = tmp_path_factory.mktemp("report") / "p"
    with Project.create(
        place, labels=["refund", "login"], agent="none", embedder="hashing",
        settings={
            "promise": {"max_error": 0.1, "labels": 30, "audits": 60, "audit_batch": 20},
            "learn": {"head": "logistic"},
        },
    ) as project:  # fmt: skip
        rows = two_kinds()
        project.add({"id": row["id"], "text": row["text"]} for row in rows)
        ids = {r.external_id: r.id for r in project.context.store.records.scan(limit=500)}
        project.context.store.gold.put({ids[r["id"]]: (r["label"],) for r in rows})
        project.run(reviewer="labels", batch=16)
    return place


def test_the_page_the_document_and_the_status_say_the_same(folder: Path) -> None:
    said = inside("report", folder).stdout
    page = folder / "report.html"
    assert f"Wrote {page}" in said
    told = inside_document("report", folder)
    (promised,) = told["promised"]
    assert promised["sentence"] in said
    assert promised["sentence"].startswith("SIMULATED")
    read = PageReader(page.read_text(encoding="utf-8"))
    assert promised["sentence"] in read.text
    found = inside_document("status", folder)
    assert told["labels"]["autonomous_simulated"] == found["labelled"]["autonomous"] > 100
    assert told["labels"]["simulated"] == found["labelled"]["simulated"]
    assert [c["sentence"] for c in told["certificates"]] == [
        c["sentence"] for c in found["certificates"]
    ]
    shown = dict(read.terms)["Autonomous, under a SIMULATED certificate"]
    assert shown == str(found["labelled"]["autonomous"])


def test_out_says_where(folder: Path, tmp_path: Path) -> None:
    own = folder / "report.html"
    own.unlink(missing_ok=True)
    inside_document("report", folder)
    assert not own.exists()  # a document was asked for, and no page
    inside_document("report", folder, "--out", tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert not own.exists()
    problem = inside("report", folder, "--out", tmp_path / "no" / "a.html", code=2)
    assert "cannot be written: No such file or directory." in problem.stderr


def test_an_empty_project_has_a_page_too(tmp_path: Path) -> None:
    inside("init", tmp_path / "p", "--labels", "a,b", "--embedder", "hashing", "--agent", "none")
    said = inside("report", tmp_path / "p").stdout
    assert said.startswith("Nothing is promised.\nNo error was asked for")
    read = PageReader((tmp_path / "p" / "report.html").read_text(encoding="utf-8"))
    assert dict(read.terms)["Records in the pool"] == "0"
