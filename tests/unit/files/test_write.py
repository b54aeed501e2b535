from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tiebreak.errors import InputError
from tiebreak.files.read import read_rows
from tiebreak.files.write import write_rows

ROWS = [
    {"id": "1", "text": 'a "quoted", text\nof two lines', "confidence": 0.5, "n": 3, "ok": True},
    {"id": "2", "text": "naïve 🙂 \r and more", "n": -4, "extra": "left out"},
]
TYPES = {"id": str, "text": str, "confidence": float, "n": int, "ok": bool}


def test_csv(tmp_path):
    path = tmp_path / "x.csv"
    assert write_rows(path, list(TYPES), ROWS) == 2
    assert [dict(row.values) for row in read_rows(path)] == [
        {"id": "1", "text": ROWS[0]["text"], "confidence": "0.5", "n": "3", "ok": "true"},
        {"id": "2", "text": ROWS[1]["text"], "confidence": "", "n": "-4", "ok": ""},
    ]


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r"])
def test_formulas_are_quoted_in_csv_only(tmp_path, lead):
    row = {"text": f"{lead}1+1", "number": -1.5, "fine": f"a{lead}"}
    write_rows(tmp_path / "x.csv", list(row), [row])
    (got,) = read_rows(tmp_path / "x.csv")
    assert dict(got.values) == {"text": f"'{lead}1+1", "number": "-1.5", "fine": f"a{lead}"}
    write_rows(tmp_path / "x.jsonl", list(row), [row])
    (got,) = read_rows(tmp_path / "x.jsonl")
    assert dict(got.values) == row


def test_a_formula_as_a_column_name_is_quoted(tmp_path):
    write_rows(tmp_path / "x.csv", ["=a", "b"], [{"=a": 1}])
    assert (tmp_path / "x.csv").read_bytes() == b"'=a,b\r\n1,\r\n"


def test_json_lines(tmp_path):
    when = datetime(2024, 1, 2, tzinfo=UTC)
    rows = [{"a": "ö\0", "b": [1, {"c": when}]}, {"b": None}]
    write_rows(tmp_path / "x.jsonl", ["a", "b"], rows)
    lines = (tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"a": "ö\ufffd", "b": [1, {"c": "2024-01-02T00:00:00+00:00"}]},
        {"a": None, "b": None},
    ]
    assert "ö" in lines[0]


def test_parquet(tmp_path):
    assert write_rows(tmp_path / "x.parquet", TYPES, ROWS) == 2
    table = pq.read_table(tmp_path / "x.parquet")
    assert table.schema.types == [pa.string(), pa.string(), pa.float64(), pa.int64(), pa.bool_()]
    assert table.to_pylist() == [{name: row.get(name) for name in TYPES} for row in ROWS]


def test_parquet_of_names_alone_is_text(tmp_path):
    write_rows(tmp_path / "x.parquet", ["id", "n", "ok"], ROWS)
    assert pq.read_table(tmp_path / "x.parquet").to_pylist() == [
        {"id": "1", "n": "3", "ok": "true"},
        {"id": "2", "n": "-4", "ok": None},
    ]


def test_parquet_in_many_batches(tmp_path):
    rows = ({"id": None if i < 15_000 else str(i), "n": i} for i in range(25_000))
    assert write_rows(tmp_path / "x.parquet", {"id": str, "n": int}, rows) == 25_000
    table = pq.read_table(tmp_path / "x.parquet")
    assert table["n"].to_pylist() == list(range(25_000)) and table["id"].null_count == 15_000


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.parquet"])
def test_no_rows_still_make_a_file(tmp_path, name):
    assert write_rows(tmp_path / name, ["a"], []) == 0
    assert (tmp_path / name).exists()


def test_gzip_by_the_extension(tmp_path):
    for name in ("x.csv.gz", "x.jsonl.gz"):
        write_rows(tmp_path / name, ["id"], ROWS)
        raw = (tmp_path / name).read_bytes()
        assert b"1" in gzip.decompress(raw)
        assert [str(row.values["id"]) for row in read_rows(tmp_path / name)] == ["1", "2"]
        write_rows(tmp_path / name, ["id"], ROWS)
        assert (tmp_path / name).read_bytes() == raw  # no clock in it


def test_the_format_beats_the_extension(tmp_path):
    write_rows(tmp_path / "x.txt", ["id"], ROWS, format="jsonl")
    assert json.loads((tmp_path / "x.txt").read_text().splitlines()[0]) == {"id": "1"}
    for name, format in (("x.txt", None), ("x.csv", "excel"), ("x", None)):
        with pytest.raises(InputError, match="Known: csv, jsonl, parquet"):
            write_rows(tmp_path / name, ["id"], ROWS, format=format)


def test_a_failure_leaves_what_was_there(tmp_path):
    def breaking():
        yield ROWS[0]
        raise RuntimeError("in the middle")

    for name in ("x.csv", "x.jsonl", "x.parquet", "x.csv.gz"):
        path = tmp_path / name
        path.write_text("as it was")
        with pytest.raises(RuntimeError, match="in the middle"):
            write_rows(path, ["id"], breaking())
        assert path.read_text() == "as it was"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        ["x.csv", "x.jsonl", "x.parquet", "x.csv.gz"]
    )


def test_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match=r"No such file.*Choose another place"):
        write_rows(tmp_path / "nowhere" / "x.csv", ["id"], ROWS)
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(InputError, match="Is a directory"):
        write_rows(tmp_path / "x.csv", ["id"], ROWS)
