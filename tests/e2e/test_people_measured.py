"""``tiebreak people`` through the command line, with simulated people who are named as such."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from commands import inside, inside_document

from tiebreak.api.project import Project
from tiebreak.models.embed import embed_records

NAMES = ("bug", "praise", "question")
ADA, BOB, CAY = "simulated Ada", "simulated Bob", "simulated Cay"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety records; Ada and Bob answered sixty as they should, Cay every third of them wrongly,
    and Ada twenty more alone."""
    tmp_path = tmp_path_factory.mktemp("people")
    data = tmp_path / "data.csv"
    lines = [f"{i},text number {i}" for i in range(90)]
    data.write_text("\n".join(["id,text", *lines]), encoding="utf-8")
    made = tmp_path / "project"
    inside("init", made, "--labels", ",".join(NAMES), "--embedder", "hashing")
    inside("import", made, data, "--id", "id", "--text", "text")
    with Project.open(made, agent="none") as project:
        for who, ids in ((ADA, range(80)), (BOB, range(60)), (CAY, range(60))):
            for i in ids:
                label = NAMES[(i + (who == CAY and i % 3 == 0)) % 3]
                project.annotate(str(i), label, who=who, shown="blind", seconds=3.0)
        embed_records(project.context)
    return made


@pytest.fixture
def folder(played: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(played, tmp_path / "project"))


def test_the_report_tells_careful_people_from_a_careless_one(folder: Path) -> None:
    told = inside_document("people", folder)
    rows = {row["who"]: row for row in told["people"]}
    assert rows[CAY]["gold"]["value"] == pytest.approx(40 / 60)
    assert rows[ADA]["gold"]["value"] == 1.0
    assert told["agreement"]["records"] == 60
    assert [(p["first"], p["second"]) for p in told["agreement"]["pairs"]] == [
        (ADA, BOB), (ADA, CAY), (BOB, CAY),
    ]  # fmt: skip
    assert told["shared_errors"] is None
    assert "queue" not in told
    said = inside("people", folder).stdout
    assert "Krippendorff's alpha" in said
    assert f"kappa: {ADA}, {BOB}" in said
    assert "0.67 [0.53," in said
    assert "bug: people do not tell it apart" in said
    assert "no audit adjudicated yet" in said


def test_checks_go_into_the_queue_blind_and_a_dispute_gets_a_third_look(folder: Path) -> None:
    config = folder / "tiebreak.toml"
    shares = "\n[people]\nsecond = 1.0\nrepeat = 1.0\ngold = 0.0\n"
    config.write_text(config.read_text(encoding="utf-8") + shares, encoding="utf-8")
    opened = inside_document("people", folder, "--queue")["queue"]
    assert opened == {"adjudicate": 0, "second": 20, "repeat": 0, "gold": 0}
    with Project.open(folder, agent="none") as project:
        cards = project.next_batch(100, who=BOB)
        assert len(cards) == 20
        assert all(card.task.blind and card.suggestion is None for card in cards)
        first = cards[0].record
        for card in cards:
            right = NAMES[int(card.record.external_id) % 3]
            wrong = NAMES[(int(card.record.external_id) + 1) % 3]
            said = wrong if card.record.id == first.id else right
            project.annotate(card.record.id, said, who=BOB, shown="blind")
        (third,) = project.next_batch(100, who=CAY)
        assert (third.record.id, third.task.reason, third.task.blind) == (first.id, "relabel", True)
        project.annotate(first.id, NAMES[int(first.external_id) % 3], who=CAY, shown="blind")
        assert project.verify() == []
    assert inside_document("people", folder)["agreement"]["records"] == 80
    said = inside("people", folder, "--queue").stdout
    assert "Into the queue, blind: 0 adjudications of audits, 0 second answers" in said


@pytest.mark.parametrize("method", ["majority", "dawid_skene", "crowdlab"])
def test_labels_that_all_answers_together_contradict(folder: Path, method: str) -> None:
    """Cay answered last, so that the label in force is wrong on every third record of sixty."""
    told = inside_document("people", folder, "--consensus", method)["consensus"]
    assert told["records"] == 60
    assert {int(row["id"]) for row in told["differ"]} == set(range(0, 60, 3))
    assert all(row["consensus"] == NAMES[int(row["id"]) % 3] for row in told["differ"])
    assert told["people"][CAY] < min(told["people"][ADA], told["people"][BOB])
    said = inside("people", folder, "--consensus", method).stdout
    assert f"0: praise, by {method} bug (" in said
    assert "20 listed, of 60 records with several answers." in said


def test_nobody_yet_and_bad_asks(tmp_path: Path) -> None:
    made = tmp_path / "empty"
    inside("init", made, "--labels", "a,b")
    assert "No person has answered anything yet." in inside("people", made).stdout
    problem = inside("people", made, "--annotators", "cheap", code=2).stderr
    assert "Use expert, skilled, crowd" in problem
    problem = inside("people", made, "--consensus", "vote", code=2).stderr
    assert "Use majority, dawid_skene, crowdlab" in problem
    assert (
        inside_document("people", made, "--consensus", "dawid_skene")["consensus"]["differ"] == []
    )
