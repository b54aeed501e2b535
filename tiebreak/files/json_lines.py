"""JSON Lines: one object a line (jsonlines.org, ndjson)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from tiebreak.errors import InputError
from tiebreak.files import encodings, text
from tiebreak.files.rows import Problem, Row, RowReader

_COLUMNS_FROM = 1000
_ARRAY = "'[': "  # the problem of a line with nothing but an array's beginning


def open_json_lines(path: Path, compressed: bool, encoding: str | None) -> RowReader:
    """Look at the file's start: its encoding, and the keys of its first rows."""
    found = text.sample(path, compressed)
    known = encodings.check(path, found, encoding) if encoding else encodings.sniff(path, found)
    stream = partial(_rows, path, compressed, known)
    keys: dict[str, None] = {}
    for item in islice(stream(), _COLUMNS_FROM):
        if isinstance(item, Row):
            keys.update(dict.fromkeys(item.values))
    first = next(stream(), None)
    if not keys or (isinstance(first, Problem) and first.why.startswith(_ARRAY)):
        why = first.why if isinstance(first, Problem) else "no line has a key."
        raise InputError(
            f"{str(path)!r} is not one JSON object a line: {why}",
            mend="Write it so; an array becomes that with: jq -c '.[]' FILE",
        )
    return RowReader(
        path=path,
        format="jsonl",
        columns=tuple(keys),
        stream=stream,
        encoding=known,
        encoding_given=encoding is not None,
    )


def _rows(path: Path, compressed: bool, encoding: str) -> Iterator[Row | Problem]:
    number = 0
    try:
        for number, raw in enumerate(text.read_lines(path, compressed, encoding), start=1):
            line = raw.lstrip("\ufeff") if number == 1 else raw
            if text.marked_text(line):
                yield text.marked_problem(number, line, encoding)
            elif line.strip():
                yield _row(number, line)
    except text.Damaged as why:
        yield text.damaged_problem(number + 1, why)


def _row(number: int, line: str) -> Row | Problem:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as problem:
        why = f"{problem or type(problem).__name__}"
    else:
        if isinstance(value, dict):
            return Row(number, value)
        why = f"a {type(value).__name__}, not an object"
    return Problem(
        kind="not a JSON object",
        row=number,
        why=f"{line.strip()[:60]!r}: {why}.",
        mend="Write one whole object on the line.",
    )
