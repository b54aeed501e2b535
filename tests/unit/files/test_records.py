from __future__ import annotations

import json
from pathlib import Path

import pytest

from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.ports import Added
from tiebreak.errors import InputError
from tiebreak.files import FileImport, ImportOptions, labels_of_column
from tiebreak.files.file_import import SAMPLES
from tiebreak.results import to_json

DATA = Path(__file__).parents[2] / "data" / "files"
SCHEMA = LabelSchema(labels=(Label(name="arrival"), Label(name="money")))


@pytest.fixture
def opened(tmp_path):
    def opener(content, name="x.jsonl", **options):
        path = tmp_path / name
        if isinstance(content, list):
            content = "\n".join(json.dumps(row) for row in content)
        path.write_text(content, encoding="utf-8")
        return FileImport.open(path, ImportOptions(source="here", **options))

    return opener


def take(report):
    return list(report.records(SCHEMA, max_text_chars=1000))


def counts(report):
    return {kind: problem.count for kind, problem in report.problems.items()}


def test_a_record_has_everything_that_the_row_says(opened):
    row = {"id": 7.0, "text": " Where? ", "label": "money", "split": "train", "at": 1.5, "no": None}
    (record,) = take(opened([row, {"id": "8", "text": "."}][:1]))
    assert (record.source, record.external_id, record.text) == ("here", "7", " Where? ")
    assert (record.split, record.heldout, record.labels) == ("train", False, ("money",))
    assert record.metadata == {"at": 1.5}


def test_what_is_not_taken_and_why(opened):
    report = opened(
        [
            {"id": 1, "text": "fine", "label": "money"},
            {"id": 2, "text": "  "},
            {"id": 3, "text": "x" * 1001},
            {"id": 4, "text": ["a", "list"]},
            {"id": 5, "text": "half \ud83d", "label": "mony"},
            {"id": 6, "text": "two", "label": ["money", "arrival"]},
            {"id": 1, "text": "another text", "label": "money"},
            {"id": 1, "text": "fine", "label": "money"},
            {"id": 9},
            {"id": 8, "text": 42, "label": "money"},
        ],
        id="id",
    )
    records = take(report)
    assert [(r.external_id, r.text, r.labels) for r in records] == [
        ("1", "fine", ("money",)),
        ("5", "half \ufffd", None),
        ("6", "two", None),
        ("8", "42", ("money",)),
    ]
    assert counts(report) == {
        "empty text": 2,
        "text too long": 1,
        "not a text": 1,
        "characters replaced": 1,
        "label not in the schema": 1,
        "several labels": 1,
        "id used twice": 1,
    }
    assert (report.rows, report.offered, report.repeated, report.not_taken) == (10, 4, 1, 5)
    (sample,) = report.problems["label not in the schema"].samples
    assert sample.row == 5 and "'mony'" in sample.why and "'money'" in sample.mend


def test_rows_that_the_reader_cannot_give_are_in_the_report():
    report = FileImport.open(DATA / "open_quote.csv", ImportOptions())
    assert [r.external_id for r in take(report)] == ["1", "3", "4", "5", "8", "11"]
    assert counts(report) == {"quote left open": 2, "not a row": 3}
    assert report.rows == report.offered + report.not_taken + report.repeated == 11


def test_the_same_file_gives_the_same_ids_again(opened):
    rows = [{"text": t} for t in ["a", "b", "a", "c", "a"]]
    report = opened(rows)
    ids = [r.external_id for r in take(report)]
    assert len(set(ids)) == 5
    assert [i[-2:] for i in ids] == ["-1", "-1", "-2", "-1", "-3"]
    assert [r.external_id for r in take(opened([*rows, {"text": "new"}]))][:5] == ids


def test_an_empty_id_is_made_from_the_text(opened):
    report = opened([{"id": "x", "text": "a"}, {"id": None, "text": "b"}], id="id")
    records = take(report)
    assert records[0].external_id == "x" and records[1].external_id.startswith("text-")
    assert counts(report) == {"no id": 1} and report.not_taken == 0


def test_splits(opened):
    names = ["train", "TEST", "Validation", "valid", "dev", "val", "extra", None]
    report = opened([{"text": f"t{i}", "split": name} for i, name in enumerate(names)])
    assert [(r.split, r.heldout) for r in take(report)] == [
        ("train", False), ("test", True), ("val", True), ("val", True), ("dev", True),
        ("val", True), ("extra", False), (None, False),
    ]  # fmt: skip
    doc = to_json(report.summary())
    assert {"name": "val", "rows": 3, "goes": "heldout"} in doc["splits"]
    assert doc["notes"] == [
        "Splits 'extra' have joined the pool; --heldout names those that measure."
    ]


def test_other_splits_can_be_held_out(opened):
    rows = [
        {"text": f"t{i}", "split": name} for i, name in enumerate(["Final", "test", "validation"])
    ]
    records = take(opened(rows, heldout={"final", "Validation"}))
    assert [(r.split, r.heldout) for r in records] == [
        ("final", True),
        ("test", False),
        ("val", True),
    ]
    assert not any(r.heldout for r in take(opened(rows, heldout=set())))


def test_the_report_as_json(opened):
    report = opened('text;label\n"a";money\nb;x\n', name="x.csv", label="label")
    records = take(report)
    report.stored(Added(inserted=(1,), existing=0, changed=("b",)))
    doc = json.loads(json.dumps(to_json(report.summary())))
    assert len(records) == 2
    assert doc["columns"] == {
        "text": {"name": "text", "how": "guessed"},
        "label": {"name": "label", "how": "given"},
        "id": {"name": None, "how": "none"},
        "split": {"name": None, "how": "none"},
    }
    assert (doc["encoding"], doc["encoding_how"]) == ("utf-8", "guessed")
    assert (doc["delimiter"], doc["delimiter_how"]) == (";", "guessed")
    assert (doc["rows"], doc["taken"], doc["existing"], doc["changed"]) == (
        2,
        1,
        0,
        1,
    )
    assert (doc["labelled"], doc["changed_ids"]) == (1, ["b"])
    assert doc["problems"]["label not in the schema"]["taken"] is True


def test_samples_are_few_and_counts_whole(opened):
    report = opened([{"text": "a"}, *({"text": ""} for _ in range(50))])
    take(report)
    assert report.problems["empty text"].count == 50
    assert len(report.problems["empty text"].samples) == SAMPLES


def test_metadata_is_json_and_without_empty_cells(opened):
    report = opened("text,label,note,n\nhello there,money,,1\n", name="x.csv")
    assert take(report)[0].metadata == {"n": "1"}


def test_labels_of_a_column(opened):
    rows = [{"text": "a", "y": "b"}, {"text": "b", "y": ["a", "b"]}, {"text": "c", "y": None}]
    path = opened(rows).reader.path
    assert labels_of_column(path, "y") == ["a", "b"]
    with pytest.raises(InputError, match="There is no column 'z'"):
        labels_of_column(path, "z")
    with pytest.raises(InputError, match=r"'text' of .* holds 1 labels: \['a'\]"):
        labels_of_column(opened(rows[:1]).reader.path, "text")


def test_corrections(opened):
    report = opened(
        "id,label,by\n1,money,human\n2,,\n,money,human\n4,mony,human\nshort\n",
        name="x.csv",
        corrections=True,
        id="id",
    )
    assert list(report.corrections(SCHEMA)) == [(2, "1", ("money",))]
    assert counts(report) == {"no id": 1, "label not in the schema": 1, "not a row": 1}
    assert (report.rows, report.not_taken) == (5, 3)


def test_corrections_need_both_columns(opened):
    report = opened("text,label\na,money\n", name="x.csv")
    with pytest.raises(InputError, match=r"no id column among \['text', 'label'\]"):
        list(report.corrections(SCHEMA))
