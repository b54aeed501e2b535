"""Files: what is written is read again, and a bad row never costs a good one."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.files import FileImport, clean_text, write_rows
from tiebreak.files.columns import Columns
from tiebreak.files.read import read_rows
from tiebreak.files.rows import Problem, Row
from tiebreak.results import to_json

SCHEMA = LabelSchema(labels=(Label(name="x"), Label(name="y")))
anything = st.text(max_size=30)
table = st.lists(st.fixed_dictionaries({"id": anything, "text": anything}), max_size=12)


def read(path):
    items = list(read_rows(path))
    return [i for i in items if isinstance(i, Row)], [i for i in items if isinstance(i, Problem)]


@given(rows=table)
def test_what_is_written_is_read_again(rows):
    rows = [{"id": "first", "text": "a plain row, so that there is one"}, *rows]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("x.csv", "x.csv.gz", "x.jsonl", "x.jsonl.gz", "x.parquet"):
            path = Path(folder, name)
            assert write_rows(path, ["id", "text"], rows) == len(rows)
            found, problems = read(path)
            assert problems == []
            want = [{key: clean_text(value) for key, value in row.items()} for row in rows]
            if "csv" in name:
                want = [{key: safe(value) for key, value in row.items()} for row in want]
            assert [dict(row.values) for row in found] == want


def safe(cell):
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


# Texts begin with a letter: behind an open quote, one that begins with a delimiter or a line break
# is not told from the quote's end by any parser.
texts = st.builds(lambda a, b: a + b, st.sampled_from("abcü"), st.text('ab ,"\n;é🙂', max_size=20))
good = st.tuples(st.just("good"), texts)
bad = st.sampled_from(
    [
        ("bad", b'"never closed,x\n'),
        ("bad", b'7,"never closed\n'),
        ("bad", b"one,two,three,four,five\n"),
        ("bad", b"one\n"),
        ("bad", b'9,"a "stray" quote",x\n'),
        ("bad", b"10,caf\xe9,x\n"),
    ]
)


@given(lines=st.lists(good | bad, max_size=15))
def test_bad_rows_of_csv_never_cost_a_good_one(lines):
    raw = io.BytesIO(b"id,text,label\n")
    raw.seek(0, io.SEEK_END)
    want = ["it is naïve", "to think so"]  # and tells that the encoding is UTF-8
    for text in want:
        raw.write(f"0,{text},x\n".encode())
    raw.write("0,ö\n".encode() * len(lines))  # short rows
    for kind, content in lines:
        if kind == "bad":
            raw.write(content)
        else:
            line = io.StringIO()
            csv.writer(line, lineterminator="\n").writerow(["1", content, "x"])
            raw.write(line.getvalue().encode())
            want.append(content)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.csv")
        path.write_bytes(raw.getvalue())
        found, problems = read(path)
    texts_found = [row.values["text"] for row in found]
    assert [text for text in texts_found if text in want] == want
    assert len(problems) >= sum(kind == "bad" for kind, _ in lines)
    numbers = [item.number for item in found] + [item.row for item in problems]
    assert len(numbers) == len(set(numbers))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=5,
)
broken = st.sampled_from([b'{"text": "cut', b"[1, 2]", b"nonsense", b'"text"', b'{"t": "\xff"}'])


@given(lines=st.lists(st.dictionaries(anything, values, max_size=3) | broken, max_size=15))
def test_bad_rows_of_json_lines_never_cost_a_good_one(lines):
    lines = [{"text": "ä"} for _ in range(len(lines) + 1)] + lines
    raw = b"\n".join(
        line
        if isinstance(line, bytes)
        else json.dumps(line, ensure_ascii=False).encode("utf-8", "replace")
        for line in lines
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.jsonl")
        path.write_bytes(raw)
        found, problems = read(path)
    assert [row.number for row in found] == [
        at for at, line in enumerate(lines, start=1) if isinstance(line, dict)
    ]
    assert [p.row for p in problems] == [
        at for at, line in enumerate(lines, start=1) if isinstance(line, bytes)
    ]


@given(n=st.integers(1, 200), share=st.floats(0.2, 1))
def test_a_torn_gzip_gives_a_prefix(n, share):
    lines = [json.dumps({"text": f"row {i} {hash(str(i)) % 10**9}"}) for i in range(n)]
    raw = gzip.compress("\n".join(lines).encode() + b"\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.jsonl.gz")
        path.write_bytes(raw[: max(40, int(len(raw) * share))])
        try:
            found, _ = read(path)
        except Exception as problem:
            assert type(problem).__name__ == "InputError"  # nothing whole arrived
            return
    assert [row.number for row in found] == list(range(1, len(found) + 1))
    assert all(json.loads(lines[row.number - 1]) == row.values for row in found)


cells = st.none() | st.sampled_from(["1", "2", "3", 1, 2.0]) | anything


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"id": cells, "text": cells | st.lists(st.integers(), max_size=1), "label": cells},
            optional={"split": st.sampled_from(["train", "TEST", "valid", "x", None])},
        ),
        min_size=1,
        max_size=15,
    ),
    with_id=st.booleans(),
)
def test_every_row_is_accounted_for_and_ids_are_stable(rows, with_id):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.jsonl")
        write_rows(path, ["id", "text", "label", "split"], rows)
        columns = Columns(text="text", label="label", id="id" if with_id else None, split="split")
        passes = []
        for _ in range(2):
            report = FileImport(source="s", reader=read_rows(path), columns=columns)
            records = list(report.records(SCHEMA, max_text_chars=20))
            passes.append(records)
            assert report.rows == len(rows)
            assert report.rows == report.offered + report.repeated + report.not_taken
            assert report.offered == len(records) == sum(report.splits.values())
            assert report.labelled == sum(r.labels is not None for r in records)
            json.dumps(to_json(report.summary()))
    assert passes[0] == passes[1]
    ids = [r.external_id for r in passes[0]]
    assert len(ids) == len(set(ids)) and all(ids)
    for record in passes[0]:
        assert record.text.strip() and len(record.text) <= 20
        assert record.labels in (None, ("x",), ("y",))
        assert record.heldout == (record.split in ("test", "val"))
        record.text.encode()
        json.dumps(dict(record.metadata), allow_nan=False).encode()
