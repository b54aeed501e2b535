"""Readers: every format, every way of being broken; a bad row costs itself only."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tiebreak.errors import InputError
from tiebreak.files import delimited, text
from tiebreak.files.read import read_rows
from tiebreak.files.rows import Problem, Row, unique_names

DATA = Path(__file__).parents[2] / "data" / "files"


def rows_of(reader):
    return [item for item in reader if isinstance(item, Row)]


def problems_of(reader):
    return [item for item in reader if isinstance(item, Problem)]


def kinds_of(reader):
    return [(p.row, p.kind) for p in problems_of(reader)]


@pytest.fixture
def write(tmp_path):
    def writer(name, content):
        path = tmp_path / name
        raw = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return path

    return writer


# ------------------------------------------------------------------------------ paths


def test_what_is_no_file_of_rows_says_what_to_do(write, tmp_path):
    path = write("mails.csv", "a,b\n1,2\n")
    with pytest.raises(InputError, match="Did you mean 'mails"):
        read_rows(tmp_path / "mail.csv")
    with pytest.raises(InputError, match="Check the path"):
        read_rows(tmp_path / "nowhere" / "x.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        read_rows(tmp_path / "folder.csv")
    for name in ("notes.txt", "noextension", "old.xls", "x.gz"):
        with pytest.raises(InputError, match=r"no extension that is known.*\.csv"):
            read_rows(write(name, b"text"))
    with pytest.raises(InputError, match="Unpack it first"):
        read_rows(path.with_name("x.parquet.gz"))


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.jsonl", "x.parquet", "x.xlsx"])
def test_an_empty_file(write, name):
    with pytest.raises(InputError, match="is empty"):
        read_rows(write(name, b""))


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.jsonl"])
def test_a_file_of_blank_lines_is_empty(write, name):
    with pytest.raises(InputError, match="is empty"):
        read_rows(write(name, "\n\n  \n"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.csv.gz", None, "not gzip"),
        ("x.parquet", b"text, and no Parquet at all", "not a Parquet file"),
        ("x.xlsx", b"text, and no workbook at all", "not an Excel workbook"),
        ("x.csv", b"PK\x03\x04 and so on", "zip archive or an Excel sheet"),
        ("x.jsonl", b"PAR1 and so on", "is Parquet"),
        ("x.tsv", gzip.compress(b"a\tb\n", mtime=0), "is gzip, not text"),
        ("x.csv", bytes(range(256)) + b"\0" * 100, "is no text"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(b"not packed" if content is None else content)
    with pytest.raises(InputError, match=says):
        read_rows(tmp_path / name)


def test_a_zip_that_is_no_workbook(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(InputError, match="not an Excel workbook"):
        read_rows(tmp_path / "x.xlsx")


# ---------------------------------------------------------------------------- CSV and TSV


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.csv.gz"])
def test_delimiters_and_line_ends(write, ending, delimiter, name):
    lines = ["text,label", '"a; b| c",x', '"d\te",y', "last without an end,z"]
    joined = ending.join(delimiter.join(line.rsplit(",", 1)) for line in lines)
    reader = read_rows(write(name, joined))
    assert (reader.delimiter, reader.delimiter_given) == (delimiter, False)
    assert [dict(row.values) for row in reader] == [
        {"text": "a; b| c", "label": "x"},
        {"text": "d\te", "label": "y"},
        {"text": "last without an end", "label": "z"},
    ]
    assert list(reader) == list(reader)  # each pass starts again


def test_an_excel_file_from_germany():
    reader = read_rows(DATA / "excel_german.csv")
    assert (reader.encoding, reader.delimiter) == ("cp1252", ";")
    assert reader.columns == ("Nr", "Anfragetext", "Kategorie")
    rows = rows_of(reader)
    assert [row.number for row in rows] == [3, 4, 5]
    assert rows[0].values["Anfragetext"].endswith("kostet 5 € – für „Größe“ gar nichts")
    assert rows[1].values["Anfragetext"] == "Straße falsch; bitte ändern"


def test_open_quotes_and_wrong_widths_cost_their_rows_only():
    reader = read_rows(DATA / "open_quote.csv")
    assert [row.values["id"] for row in rows_of(reader)] == ["1", "3", "4", "5", "8", "11"]
    assert kinds_of(reader) == [
        (3, "quote left open"),
        (8, "not a row"),
        (9, "not a row"),
        (11, "not a row"),
        (12, "quote left open"),
    ]
    texts = {row.values["id"]: row.values["text"] for row in rows_of(reader)}
    assert texts["5"] == "Two\nlines" and texts["8"] == 'He said "hi" in the middle'
    assert {row.values["id"]: row.number for row in rows_of(reader)}["8"] == 10
    first, wide, short, *_ = problems_of(reader)
    assert "This one was never closed" in first.why and first.mend.startswith("Close it")
    assert "4 cells, and the header has 3" in wide.why and "2 cells" in short.why


def test_a_bad_row_of_several_lines_is_not_taken_for_rows(write):
    path = write("x.csv", 'text,label\n"one\ntwo, three and more\nfour",x,extra\nfine,y\n')
    reader = read_rows(path)
    assert [row.values["text"] for row in rows_of(reader)] == ["fine"]
    assert kinds_of(reader) == [(2, "not a row")]
    assert rows_of(reader)[0].number == 5


def test_an_open_quote_far_from_the_end_is_given_up(write, monkeypatch):
    monkeypatch.setattr(delimited, "MAX_LINES", 50)
    good = [f"text {i},x\n" for i in range(400)]
    path = write(
        "x.csv", "".join(["text,label\n", '"open,x\n', *good[:200], '"o2,x\n', *good[200:]])
    )
    reader = read_rows(path)
    assert [row.values["text"] for row in rows_of(reader)] == [f"text {i}" for i in range(400)]
    assert kinds_of(reader) == [(2, "quote left open"), (203, "quote left open")]


def test_a_row_beyond_the_limit_is_given_up(write, monkeypatch):
    monkeypatch.setattr(text, "MAX_CHARS", 1000)
    lines = ["text,label\n", "a,x\n", f"{'b' * 5000},x\n", "c,x\n", '"open,x\n']
    reader = read_rows(write("x.csv", "".join([*lines, *(f"{'d' * 99},x\n" for _ in range(30))])))
    assert len(rows_of(reader)) == 32
    assert kinds_of(reader) == [(3, "row too large"), (5, "quote left open")]


def test_five_megabytes_in_a_cell(write):
    big = "all in one cell\n" * 330_000
    reader = read_rows(write("x.csv", f'text,label\n"{big}",x\nafter,y\n'))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "MAX_LINES", 400_000)
        assert [len(row.values["text"]) for row in reader] == [len(big), 5]
    one_line = read_rows(write("y.csv", f"text,label\n{'z' * 5_000_000},x\n"))
    assert [len(row.values["text"]) for row in one_line] == [5_000_000]


def test_quotes_are_characters_in_tsv(write):
    path = write(
        "x.tsv", 'label\ttext\nham\t"Hello" she said\nspam\t"open\nham\tfine\nham\t"a\tb"\n'
    )
    reader = read_rows(path)
    assert [row.values["text"] for row in rows_of(reader)] == [
        '"Hello" she said',
        '"open',
        "fine",
        "a\tb",
    ]
    assert problems_of(reader) == []


def test_blank_rows_trailing_delimiters_and_odd_headers(write):
    path = write("x.csv", '\ufeff\n,text,text,"la\nbel"\n\n1,a,b,c,,\n   \n2,d,e,f\n')
    reader = read_rows(path)
    assert reader.columns == ("column_1", "text", "text_2", "la\nbel")
    assert [row.number for row in rows_of(reader)] == [5, 7]
    assert problems_of(reader) == []


def test_a_file_of_one_column(write):
    reader = read_rows(write("x.csv", 'text\nhello\n"with, comma"\n'))
    assert (reader.columns, reader.delimiter) == (("text",), ",")
    assert [row.values["text"] for row in reader] == ["hello", "with, comma"]


def test_a_given_delimiter_is_used_and_checked(write):
    path = write("x.csv", "a:b,c\n1:2,3\n")
    reader = read_rows(path, delimiter=":")
    assert (reader.columns, reader.delimiter_given) == (("a", "b,c"), True)
    for bad in ('"', "::", "\n"):
        with pytest.raises(InputError, match="not one character"):
            read_rows(path, delimiter=bad)


def test_nul_bytes_are_read(write):
    reader = read_rows(write("x.csv", "text,label\nbefore\0after and much more text,x\n"))
    assert [row.values["text"] for row in reader] == ["before\0after and much more text"]


def test_a_torn_gzip_keeps_what_came_before(tmp_path):
    content = "text,label\n" + "".join(f"row number {i} of many,{i % 3}\n" for i in range(5000))
    whole = gzip.compress(content.encode())
    for name in ("x.csv.gz", "x.jsonl.gz"):
        raw = whole
        if "json" in name:
            raw = gzip.compress(b"".join(b'{"text": "%d"}\n' % i for i in range(5000)))
        (tmp_path / name).write_bytes(raw[: len(raw) * 2 // 3])
        reader = read_rows(tmp_path / name)
        rows, problems = rows_of(reader), problems_of(reader)
        assert len(rows) > 1000
        assert [p.kind for p in problems] == ["file damaged"]
        assert problems[0].row == rows[-1].number + 1
        flipped = bytearray(raw)
        flipped[len(raw) // 2] ^= 255
        (tmp_path / name).write_bytes(flipped)
        assert kinds_of(read_rows(tmp_path / name))[-1][1] in ("file damaged", "not a row")


# ----------------------------------------------------------------------------- encodings


SAYS = {
    "german": "Wie überweise ich Geld? Größe ändern – jetzt für 5 €",
    "french": "Où est ma carte ? Ça n'a pas marché à l'étranger, j'ai été débité",
    "polish": "Gdzie jest moja karta? Chcę zwrócić pieniądze, płatność zażółć gęślą jaźń",
    "russian": "Где моя карта? Я хочу вернуть деньги",
    "japanese": "私のカードはどこですか?お金を返してほしい",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *((language, e) for language in SAYS for e in ("utf-8", "utf-8-sig", "utf-16", "utf-32")),
        *((language, e) for language in ("german", "russian") for e in ("utf-16-le", "utf-16-be")),
        ("german", "cp1252"),
        ("french", "cp1252"),
        ("french", "mac_roman"),
        ("polish", "cp1250"),
        ("polish", "iso8859_2"),
        ("russian", "cp1251"),
        ("russian", "koi8_r"),
        ("japanese", "shift_jis"),
        ("japanese", "euc_jp"),
    ],
)
def test_encodings_are_found(write, language, encoding):
    said = SAYS[language]
    raw = "".join(["text;label\n", *(f"{said};{i}\n" for i in range(30))]).encode(
        encoding, "replace"
    )
    reader = read_rows(write("x.csv", raw))
    assert {row.values["text"] for row in reader} == {raw.decode(encoding).split("\n")[1][:-2]}
    assert reader.columns == ("text", "label")
    assert not reader.encoding_given
    given = read_rows(write("x.csv", raw), encoding=encoding)
    assert given.encoding_given and rows_of(given) == rows_of(reader)


def test_a_bad_byte_costs_its_row_only(write):
    good = b"na\xc3\xafve,x\n"
    reader = read_rows(write("x.csv", b"text,label\n" + good * 5 + b"caf\xe9,x\n" + good))
    assert (reader.encoding, len(rows_of(reader))) == ("utf-8", 6)
    (problem,) = problems_of(reader)
    assert (problem.row, problem.kind) == (7, "undecodable bytes")
    assert problem.why == r"b'\xe9' after 'caf' is not utf-8."


def test_an_odd_byte_behind_the_sample_costs_its_row_only(write):
    line = b"just plain ASCII in this row,x\n"
    head = b"text,label\n" + line * 60_000  # the sample's slices miss a single row
    reader = read_rows(write("x.csv", head + b"caf\xe9 au lait,x\n" + line * 7))
    assert len(rows_of(reader)) == 60_007 and kinds_of(reader) == [(60_002, "undecodable bytes")]


def test_utf_16_cut_in_half_a_character(write):
    raw = "text,label\nfirst,x\nsecond,y\n".encode("utf-16")
    reader = read_rows(write("x.csv", raw + b"z"))
    assert [row.values["label"] for row in rows_of(reader)] == ["x", "y"]
    assert kinds_of(reader) == [(4, "undecodable bytes")]


def test_a_wrong_encoding_is_an_error(write):
    german = "text,label\n" + "Größe für,x\n" * 10
    utf8, old = write("utf8.csv", german), write("old.csv", german.encode("cp1252"))
    wide = write("wide.csv", german.encode("utf-16"))
    without_bom = write("without_bom.csv", german.encode("utf-16-le"))
    for path, encoding, says in (
        (old, "utf-8", "looks like another"),
        (utf8, "utf-16", "looks like one with 8-bit units"),
        (utf8, "cp1252", "looks like utf-8"),
        (wide, "cp1252", "looks like utf-16"),
        (wide, "utf-8", "looks like utf-16"),
        (wide, "utf-32", "looks like utf-16"),
        (without_bom, "utf-16", "looks like utf-16-le"),
        (write("bom.csv", b"\xef\xbb\xbftext,label\na,b\n"), "cp1252", "looks like utf-8"),
    ):
        with pytest.raises(InputError, match=f"{says}.*Leave the encoding out"):
            read_rows(path, encoding=encoding)
    for unknown in ("utf-9", "base64", "nonsense"):
        with pytest.raises(InputError, match=f"There is no encoding '{unknown}'"):
            read_rows(utf8, encoding=unknown)


# ---------------------------------------------------------------------------- JSON Lines


def test_broken_json_lines_cost_their_rows_only():
    reader = read_rows(DATA / "broken.jsonl")
    assert reader.columns == ("id", "text", "label", "extra")
    assert [(row.number, row.values["id"]) for row in rows_of(reader)] == [(1, 1), (7, 4), (8, 5)]
    assert kinds_of(reader) == [
        (2, "not a JSON object"),
        (4, "not a JSON object"),
        (5, "undecodable bytes"),
        (6, "not a JSON object"),
    ]
    assert [p.why for p in problems_of(reader)][1] == '\'["a", "list"]\': a list, not an object.'


def test_json_that_is_hard_on_a_parser(write):
    lines = ["[" * 100_000, '{"a": ' * 50_000, '{"a": 1' + "0" * 5000 + "}", '{"text": "good"}']
    reader = read_rows(write("x.jsonl", "\n".join(lines)))
    assert [row.number for row in rows_of(reader)] == [4]
    assert len(problems_of(reader)) == 3


def test_a_json_array_gets_the_command_that_helps(write):
    for name, content in (
        ("x.json", '[\n {"text": "a"},\n {"text": "b"}\n]'),
        ("x.jsonl", '[{"text": "a"}]'),
        ("y.jsonl", '"a"\n"b"\n'),
    ):
        with pytest.raises(InputError, match=r"jq -c '\.\[\]' FILE"):
            read_rows(write(name, content))


def test_json_lines_with_bom_blank_lines_and_late_keys(write):
    reader = read_rows(write("x.ndjson.gz", '\ufeff{"b": 1}\r\n\r\n{"a": 2, "b": 3}\r\n'))
    assert reader.columns == ("b", "a")
    assert [(row.number, dict(row.values)) for row in reader] == [
        (1, {"b": 1}),
        (3, {"a": 2, "b": 3}),
    ]


# ------------------------------------------------------------------------------- Parquet


def parquet(path, columns, **options):
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_parquet_values_and_row_groups(tmp_path):
    when = datetime(2024, 1, 2, tzinfo=UTC)
    path = parquet(
        tmp_path / "x.parquet",
        {
            "text": [f"t{i}" for i in range(25)],
            "label": pa.array(["a"] * 25).dictionary_encode(),
            "tags": [["x", "y"]] * 25,
            "when": [when] * 25,
            "price": [Decimal("1.50")] * 25,
        },
        row_group_size=10,
    )
    reader = read_rows(path)
    assert (reader.format, reader.encoding, reader.delimiter) == ("parquet", None, None)
    rows = rows_of(reader)
    assert [row.number for row in rows] == list(range(1, 26))
    assert dict(rows[24].values) == {
        "text": "t24", "label": "a", "tags": ["x", "y"], "when": when, "price": Decimal("1.50"),
    }  # fmt: skip


def test_parquet_with_a_text_that_is_no_utf8(tmp_path):
    raw = pa.array([b"good", b"caf\xe9", b"fine"])
    bad = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    reader = read_rows(parquet(tmp_path / "x.parquet", {"id": [1, 2, 3], "text": bad}))
    assert [row.values["text"] for row in rows_of(reader)] == ["good", "fine"]
    (problem,) = problems_of(reader)
    assert (problem.row, problem.kind) == (2, "undecodable bytes") and "'text'" in problem.why


def test_parquet_with_a_damaged_row_group(tmp_path):
    path = parquet(
        tmp_path / "x.parquet",
        {"text": [f"some text {i * 7919}" for i in range(300)]},
        row_group_size=100,
        compression="zstd",
        use_dictionary=False,
    )
    chunk = pq.ParquetFile(path).metadata.row_group(1).column(0)
    raw = bytearray(path.read_bytes())
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    raw[middle : middle + 40] = b"\xff" * 40
    path.write_bytes(raw)
    reader = read_rows(path)
    numbers = [row.number for row in rows_of(reader)]
    assert numbers[:100] == list(range(1, 101)) and numbers[-100:] == list(range(201, 301))
    assert kinds_of(reader) == [(101, "file damaged")]


def test_parquet_without_rows(tmp_path):
    with pytest.raises(InputError, match="is empty"):
        read_rows(parquet(tmp_path / "x.parquet", {"text": pa.array([], pa.string())}))


# --------------------------------------------------------------------------------- XLSX


def workbook(path, rows, *, more=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for title in more:
        book.create_sheet(title)
    book.save(path)
    return path


def test_xlsx(tmp_path):
    rows = [[], ["id", "text", None], [1, "a", True], [], [2, "b"], [3, "c", None, "beyond"]]
    reader = read_rows(workbook(tmp_path / "x.xlsx", rows, more=["Old", "Notes"]))
    assert reader.columns == ("id", "text")
    assert [(row.number, dict(row.values)) for row in rows_of(reader)] == [
        (5, {"id": 2, "text": "b"})
    ]
    assert kinds_of(reader) == [(3, "not a row"), (6, "not a row")]
    assert reader.notes == ("Only the first sheet, 'Sheet', is read; left out: 'Old', 'Notes'.",)


def test_xlsx_with_wrong_dimensions_loses_nothing(tmp_path):
    path = workbook(tmp_path / "x.xlsx", [["text", "label"], *([f"t{i}", "x"] for i in range(30))])
    inner = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert b'ref="A1:B31"' in parts[inner]
    parts[inner] = parts[inner].replace(b'ref="A1:B31"', b'ref="A1:A2"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    assert len(rows_of(read_rows(path))) == 30


def test_xlsx_that_breaks_off_keeps_what_came_before(tmp_path):
    path = workbook(tmp_path / "x.xlsx", [["text"], *([f"t{i}"] for i in range(30))])
    inner = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[inner] = parts[inner][: parts[inner].index(b'<row r="20"')]
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    reader = read_rows(path)
    assert len(rows_of(reader)) == 18
    assert [kind for _, kind in kinds_of(reader)] == ["file damaged"]


def test_xlsx_without_rows(tmp_path):
    with pytest.raises(InputError, match="is empty"):
        read_rows(workbook(tmp_path / "x.xlsx", []))


# --------------------------------------------------------------------------------- rest


def test_head_gives_good_rows_only(write):
    reader = read_rows(write("x.csv", "a,b\n1,2\nbad\n3,4\n5,6\n"))
    assert [row["a"] for row in reader.head(3)] == ["1", "3"]


def test_names_are_made_unique():
    assert unique_names(["", "a", "a", "a_2", " b "]) == ("column_1", "a", "a_2", "a_2_2", "b")


def test_lines_keep_their_ends(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"a\r\nb\nc\rd")
    assert list(text.TextFile(path, False, "utf-8").lines()) == ["a\r\n", "b\n", "c\r", "d"]
