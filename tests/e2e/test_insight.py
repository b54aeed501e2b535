"""What a project says of itself, through the command line: forecast, curve, labels, drift, metrics.

The reviewer is simulated from sealed labels, wrong labels are planted, and the agent is a script.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest
from agent_projects import agent_project, set_key
from chat_stub import ChatStub
from commands import inside, inside_document
from contexts import slice_rows
from stores import rows

from tiebreak.api.project import Project
from tiebreak.domain.reviews import Annotation
from tiebreak.review.annotate import write_annotations

ROWS = slice_rows(240, 40)
NAMES = sorted({row["label"] for row in ROWS})


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven simulated rounds of 20, nine in ten of them drawn by lot, and a scripted agent."""
    folder = tmp_path_factory.mktemp("insight") / "project"
    with ChatStub('{"code": "none", "rationale": "scripted"}') as stub:
        agent_project(folder, stub.url, ROWS, toml="[select]\ncontrol_share = 0.9\nbatch = 20\n")
        inside("run", folder, "--reviewer", "labels", "--rounds", "7")
    return folder


@pytest.fixture
def folder(played: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(played, tmp_path / "project"))


def test_status_tells_the_forecast_the_advice_and_the_honest_curve(folder: Path) -> None:
    told = inside_document("status", folder)
    assert told["forecast"]["text"].startswith("60 more labels -> .")
    assert told["forecast"]["stop"]["why"]
    assert [p["accuracy"]["n"] for p in told["curve"]] == [18] * 6
    said = inside("status", folder).stdout
    assert f"Forecast: {told['forecast']['text']}" in said
    assert f"Go on: {told['forecast']['stop']['why']}" in said
    assert "│    100 │" in said
    assert "not of your data" in said
    point = told["curve"][-1]
    assert f"{point['accuracy']['accuracy']:.3f}" in said
    assert f"{point['selected']['accuracy']:.3f}  n=2" in said


def test_a_dry_run_tells_and_writes_nothing(tmp_path: Path) -> None:
    with ChatStub() as stub:
        folder = agent_project(tmp_path / "p", stub.url, ROWS[:50], gold=False)
        digest = inside("verify", folder, "--hash").stdout
        said = inside("run", folder, "--dry-run", "--batch", "10").stdout
        told = inside_document("run", folder, "--dry-run", "--batch", "10")
        timed = len(stub.bodies)
    assert said.startswith("embed: 50 texts, about ")
    assert "agent: 10 calls, about " in said
    assert [step["n"] for step in told["steps"] if step["step"] == "agent"] == [10]
    assert timed == 6  # this server is on this machine and free: three calls to time it, twice
    assert inside("verify", folder, "--hash").stdout == digest
    assert not (folder / "vectors").exists()
    assert inside_document("status", folder)["spend"]["calls"] == 0


def test_planted_wrong_labels_come_up_and_a_person_at_the_desk_gets_them_blind(
    folder: Path,
) -> None:
    with Project.open(folder, agent="none") as project:
        context = project.context
        gold = context.store.gold.get(context.table.pool.tolist())
        rest = {i: gold[i][0] for i in sorted(set(gold) - set(context.pool_state().labelled))}
        wrong = {i: NAMES[(NAMES.index(rest[i]) + 1) % len(NAMES)] for i in list(rest)[::5]}
        write_annotations(context.store, context.schema, [
            Annotation(record_id=i, who="simulated Eve", source="person", outcome="label",
                       labels=(wrong.get(i, name),)) for i, name in rest.items()
        ])  # fmt: skip
    listed = inside_document("label-issues", folder, "--limit", "200")
    assert listed["judged"] + listed["unjudged"] == 240
    first = [s["record_id"] for s in listed["suspects"] if not s["control"]][:25]
    assert len(set(first) & wrong.keys()) >= 0.5 * len(wrong)
    said = inside("label-issues", folder, "--limit", "3").stdout
    assert "Labels of people: " in said
    worst = listed["suspects"][0]
    assert f"{worst['id']}: {worst['given']}, rather {worst['better']} (quality " in said
    before = inside_document("status", folder)["queue_by_reason"].get("relabel", 0)
    done = inside_document("label-issues", folder, "--queue", "40")["queue"]
    assert done["opened"] > 10
    assert before == 0
    told = inside_document("status", folder)
    assert told["queue_by_reason"]["relabel"] == done["opened"]
    assert told["next"] == "review"
    with Project.open(folder, agent="none") as project:
        cards = project.next_batch(100, who="ada")
        again = {card.record.id: card for card in cards if card.task.reason == "relabel"}
        assert len(again) == done["opened"]
        assert all(card.task.blind for card in again.values())
        record = next(i for i in again if i in wrong)
        truth = project.context.store.gold.get([record])[record][0]
        project.annotate(record, truth, who="ada", shown="blind")
        assert project.context.pool_state().labelled[record] == ("human", (truth,))
        assert project.verify() == []
    assert inside_document("status", folder)["queue_by_reason"]["relabel"] == done["opened"] - 1


def test_label_issues_of_agent_and_model_and_bad_asks(folder: Path) -> None:
    assert inside_document("label-issues", folder, "--of", "agent")["judged"] == 0  # it abstained
    assert inside_document("label-issues", folder, "--of", "model")["suspects"] == []
    assert (
        "Use people, agent, model" in inside("label-issues", folder, "--of", "cat", code=2).stderr
    )
    assert "flagged" in inside("label-issues", folder, "--queue", "some", code=2).stderr
    assert inside_document("label-issues", folder, "--queue", "flagged")["queue"]["opened"] >= 0


def test_the_former_name_of_label_issues_works_and_says_so(folder: Path) -> None:
    former, now = inside("doubts", folder, "--json"), inside("label-issues", folder, "--json")
    assert former.stdout == now.stdout
    assert "'doubts' is now 'label-issues'" in former.stderr
    assert "'doubts'" not in now.stderr
    assert "doubts" not in inside("--help").stdout


def test_drift_pauses_what_takes_no_person_and_looking_ends_it(folder: Path) -> None:
    set_key(folder, 'name = "openai:stub"', 'name = "none"')
    with Project.open(folder) as project:
        project.context.store.records.add(
            rows([f"comet {i} orbits planet {i * 7} past nebula {i * 3}" for i in range(450)])
        )
    report = inside_document("run", folder, "--accept-unproved", "--batch", "20")
    assert report["drift"]["state"] == "pause"
    assert report["unproved_now"] == 0
    said = inside("status", folder).stdout
    assert "paused: " in said
    assert "tiebreak drift DIR --acknowledge" in said
    told = inside_document("drift", folder)
    assert (told["state"], told["after"], told["new"]) == ("pause", 240, 450)
    assert "known / new records" in inside("drift", folder).stdout
    assert inside_document("drift", folder, "--acknowledge") == {
        "acknowledged": True,
        "looked": True,
        "after": 730,
    }
    assert inside_document("status", folder)["drift"] is None
    assert "known ones" not in inside("status", folder).stdout


def test_metrics_go_to_a_table_and_without_mlflow_its_extra_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "metrics.csv"
    told = inside_document("metrics", folder, "--to", out)
    assert (told["file"], told["rows"], len(told["metrics"])) == (str(out), 7, 7)
    with out.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [int(row["labels"]) for row in read] == [20, 40, 60, 80, 100, 120, 140]
    assert float(read[-1]["agent_accuracy"]) == 0.0  # an abstention is not right
    assert int(read[-1]["agent_n"]) == 7 * 18
    assert json.loads(json.dumps(told["metrics"])) == told["metrics"]
    said = inside("metrics", folder).stdout
    assert "Metrics by model" in said
    monkeypatch.setitem(sys.modules, "mlflow", None)
    problem = inside("metrics", folder, "--mlflow", tmp_path / "runs", code=1)
    assert "pip install 'tiebreak[mlflow]'" in problem.stderr
    assert not (tmp_path / "runs").exists()
