"""``tiebreak simulate``: from raw text in a file to curves, a plot and an honest verdict."""

from __future__ import annotations

import csv
import json
import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from commands import document, inside, inside_document, tiebreak
from contexts import slice_rows

from tiebreak.config import SelectPart

WORDS = {
    "billing": "invoice refund charge payment price card money owed bank receipt",
    "crash": "error freeze stack trace bug broken restart fails screen dump",
    "account": "login password email profile name username reset signup delete avatar",
    "delivery": "parcel courier late address street box shipped track arrive door",
}
DEFAULT = SelectPart().strategy
KEYS = {"data", "protocol", "targets", "baseline", "strategies"}


def synthetic(path: Path, n: int = 240, *, shuffled: bool = False, split: bool = False) -> Path:
    """A CSV of made-up messages, rare labels among them; *shuffled*: labels drawn by lot."""
    rng = random.Random(0)
    names = rng.choices(list(WORDS), weights=[12, 6, 2, 1], k=n)
    texts = [
        " ".join([*rng.choices(WORDS[name].split(), k=5), f"ref {i}"])
        for i, name in enumerate(names)
    ]
    if shuffled:
        rng.shuffle(names)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "body", "topic", *(["part"] if split else [])])
        for i, (text, name) in enumerate(zip(texts, names, strict=True)):
            part = ["test" if i % 4 == 0 else "train"] if split else []
            writer.writerow([i, text, name, *part])
    return path


QUICK = ("--embedder", "hashing", "--batch", "8", "--labels", "48", "--seeds", "2")


def test_from_raw_text_to_report_curve_and_plot(tmp_path: Path) -> None:
    file, out = synthetic(tmp_path / "messages.csv"), tmp_path / "out"
    told = document("simulate", file, "--text", "body", "--label", "topic", *QUICK, "--out", out)
    assert told.keys() == KEYS | {"files", "seconds"}
    assert told["files"] == [str(out / x) for x in ("report.json", "curve.csv", "curve.svg")]
    assert told["data"]["records"] + told["data"]["test"] == 240
    assert told["data"]["split"] == "25% of the labelled records, by lot"
    assert told["data"]["labels"] == sorted(WORDS)
    assert told["data"]["embedder"] == "hashing-345-384"
    assert told["protocol"]["seeds"] == [0, 1]
    assert told["protocol"]["pool"] == 162  # 90 % of 180
    assert (told["protocol"]["batches"], told["protocol"]["control_share"]) == (6, 0.1)
    assert list(told["strategies"]) == [DEFAULT, "random_uniform"]
    for name, found in told["strategies"].items():
        assert found["labels"] == [8, 16, 24, 32, 40, 48]
        assert len(found["by_seed"]) == 2
        for at, mean in enumerate(found["accuracy"]):
            assert mean == pytest.approx(sum(run[at] for run in found["by_seed"]) / 2, abs=1e-4)
        assert min(found["accuracy"]) <= found["area"]["value"] <= max(found["accuracy"])
        assert [x["target"] for x in found["to_target"]] == told["targets"]
        assert (found["saved"] is None) == (name == "random_uniform")
    most = told["data"]["majority"]
    assert most["label"] == "billing"
    assert 0.4 < most["accuracy"] < 0.8  # about 12 of 21
    assert max(told["strategies"][DEFAULT]["accuracy"]) > 0.8
    assert told["targets"][0] == 0.8

    kept = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert kept == {key: told[key] for key in KEYS}
    with (out / "curve.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 12
    assert float(rows[0]["accuracy"]) == told["strategies"][DEFAULT]["accuracy"][0]
    drawn = ElementTree.parse(out / "curve.svg").getroot()
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(drawn.findall("{http://www.w3.org/2000/svg}polyline")) == 2


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    file = synthetic(tmp_path / "m.csv")

    def written(out: str, *more: str) -> list[bytes]:
        inside("simulate", file, *QUICK, "--seeds", "1", *more, "--out", tmp_path / out)
        return [
            (tmp_path / out / x).read_bytes() for x in ("report.json", "curve.csv", "curve.svg")
        ]

    first = written("a")
    assert written("b") == first
    other = written("c", "--seed", "7")
    assert all(one != two for one, two in zip(first, other, strict=True))


def test_labels_that_do_not_follow_the_texts_give_no_gain(tmp_path: Path) -> None:
    file = synthetic(tmp_path / "m.csv", shuffled=True)
    told = inside_document("simulate", file, *QUICK, "--seeds", "3")
    saved = told["strategies"][DEFAULT]["saved"]
    assert saved["low"] <= 0 <= saved["high"]
    assert saved["verdict"] == "no gain on this data"
    assert told["targets"] == []  # none of the usual ones is in reach
    said = inside("simulate", file, *QUICK, "--target", ".95").stdout
    assert "no gain on this data" in said
    assert said.count("95 %: not reached (0 of 2 seeds)") == 2
    assert "always 'billing' would be right on" in said


def test_a_test_split_is_the_test_part_and_other_strategies_are_played(tmp_path: Path) -> None:
    file = synthetic(tmp_path / "m.csv", split=True)
    asked = ("--split", "part", "--strategies", "margin, kmeans_seeds", "--target", ".5,.99")
    told = inside_document("simulate", file, *QUICK, *asked)
    assert told["data"]["split"] == "the split 'test'"
    assert (told["data"]["records"], told["data"]["test"]) == (180, 60)
    assert list(told["strategies"]) == ["margin", "kmeans_seeds", "random_uniform"]
    assert told["targets"] == [0.5, 0.99]
    goal = told["strategies"]["margin"]["to_target"][0]
    assert (goal["reached"], goal["seeds"]) == (2, 2)
    assert 8 <= goal["labels"] <= 48
    firsts = {name: found["by_seed"][0][0] for name, found in told["strategies"].items()}
    assert firsts["margin"] == firsts["kmeans_seeds"]  # both start with k-means seeds


def test_it_says_what_it_will_take_and_leaves_unlabelled_rows_out(tmp_path: Path) -> None:
    file = synthetic(tmp_path / "m.csv")
    with file.open("a", encoding="utf-8") as more:
        more.write("900,nobody labelled this,\n901,nor this,\n")
    done = tiebreak("simulate", file, *QUICK)
    assert "2 strategies x 2 seeds x 6 batches of 8: at most about " in done.stderr
    assert "no calls, no money" in done.stderr
    assert "2 of 242 rows have no one label: left out" in done.stdout
    assert "label column: topic" in done.stdout
    assert "labels saved against random" in done.stdout


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_other_formats_are_read(tmp_path: Path, suffix: str) -> None:
    from tiebreak.files import write_rows

    rows = slice_rows(150, 40)
    file = tmp_path / f"cards.{suffix}"
    write_rows(file, ["id", "text", "label", "split"], rows)
    told = inside_document("simulate", file, "--embedder", "hashing", "--seeds", "1")
    assert (told["data"]["records"], told["data"]["test"]) == (150, 40)
    assert told["protocol"]["labels"] == int(0.6 * 135)  # ten a label would be more
    found = told["strategies"][DEFAULT]
    assert set(found["low"]) == {None}  # one seed: no interval over seeds
    assert found["saved"]["low"] < found["saved"]["high"]  # but one over the test records


def labelled_project(folder: Path, file: Path, *more: str) -> Path:
    tiebreak("init", folder, "--labels-from", f"{file}:label", "--embedder", "hashing",
             "--agent", "none")  # fmt: skip
    tiebreak("import", folder, file, *more)
    return folder


def written_file(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_projects_own_labels_are_played(tmp_path: Path) -> None:
    rows = slice_rows(160, 40)
    file = written_file(tmp_path / "cards.jsonl", rows)
    folder = labelled_project(tmp_path / "p", file)
    told = document("simulate", folder, "--seeds", "1", "--labels", "60", "--batch", "12")
    assert told["data"]["name"] == "p"
    assert (told["data"]["records"], told["data"]["test"]) == (160, 40)
    assert told["data"]["notes"] == []
    before = document("status", folder)
    assert before["rounds"] == 0  # the project itself is as it was
    assert before["model"] is None
    wrong = tiebreak("simulate", folder, "--label", "label", code=2)
    assert "is a project" in wrong.stderr


def test_machine_and_simulated_labels_of_a_project_are_not_played(tmp_path: Path) -> None:
    file = written_file(tmp_path / "cards.jsonl", slice_rows(160, 40))
    folder = labelled_project(tmp_path / "p", file, "--labels-are", "gold")
    document("run", folder, "--reviewer", "labels", "--rounds", "3", "--batch", "30")
    wrong = tiebreak("simulate", folder, code=2)
    assert "0 labelled records to choose from and 40 to test on" in wrong.stderr


@pytest.mark.parametrize(
    ("asked", "fact"),
    [
        (("--strategies", "clever"), "'clever'"),
        (("--labels", "150"), "150 labels are more than 60%"),
        (("--labels", "8", "--batch", "8"), "make no curve"),
        (("--target", "85"), "A target of 85.0 is no accuracy"),
        (("--target", "high"), "is no list of accuracies"),
        (("--label", "subject"), "There is no column 'subject'"),
        (("--label", "body", "--text", "topic"), "labels for"),
    ],
)
def test_what_cannot_be_played_is_said_at_once(
    tmp_path: Path, asked: tuple[str, ...], fact: str
) -> None:
    file = synthetic(tmp_path / "m.csv")
    done = inside("simulate", file, "--embedder", "hashing", *asked, code=2)
    assert fact in done.stderr


def test_too_few_records_and_one_label(tmp_path: Path) -> None:
    few = synthetic(tmp_path / "few.csv", 30)
    assert "A simulation needs 40 and 10" in inside("simulate", few, code=2).stderr
    one = written_file(
        tmp_path / "one.jsonl",
        [{"text": f"text {i}", "label": "a" if i < 80 else "b",
          "split": "train" if i < 80 else "test"} for i in range(120)],
    )  # fmt: skip
    assert "have one label" in inside("simulate", one, "--embedder", "hashing", code=2).stderr
    none = written_file(tmp_path / "none.jsonl", [{"text": f"text {i}"} for i in range(80)])
    assert "looks like the label" in inside("simulate", none, code=2).stderr


def test_a_target_below_the_commonest_label_is_no_target(tmp_path: Path) -> None:
    rows = [
        {"text": f"{'spam offer win' if i % 8 == 0 else 'hello dear friend'} {i}",
         "label": "spam" if i % 8 == 0 else "ham", "split": "test" if i % 3 == 0 else "train"}
        for i in range(300)
    ]  # fmt: skip
    file = written_file(tmp_path / "mail.jsonl", rows)
    told = inside_document("simulate", file, *QUICK)
    assert told["data"]["majority"]["label"] == "ham"
    assert 0.85 < told["data"]["majority"]["accuracy"] < 0.9
    assert told["targets"] == [0.9]
    said = inside("simulate", file, *QUICK, "--target", ".5").stdout
    assert "50 %: 8 labels or fewer" in said
