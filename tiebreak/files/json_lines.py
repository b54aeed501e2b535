"""JSON Lines: one object a line (jsonlines.org, ndjson)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from tiebreak.errors import InputError
from tiebreak.files.rows import Problem, Row, RowReader
from tiebreak.files.text import DamagedFile, TextFile, open_text

_COLUMNS_FROM = 1000
_ARRAY = "'[': "  # the problem of a line with nothing but an array's beginning


def open_json_lines(path: Path, compressed: bool, encoding: str | None) -> RowReader:
    """Look at the file's start: its encoding, and the keys of its first rows."""
    file = open_text(path, compressed, encoding)
    start = list(islice(_rows(file), _COLUMNS_FROM))
    keys = dict.fromkeys(key for item in start if isinstance(item, Row) for key in item.values)
    problem = start[0] if start and isinstance(start[0], Problem) else None
    if not keys or (problem and problem.why.startswith(_ARRAY)):
        why = problem.why if problem else "no line has a key."
        raise InputError(
            f"{str(path)!r} is not one JSON object a line: {why}",
            mend="Write it so; an array becomes that with: jq -c '.[]' FILE",
        )
    return RowReader(
        path=path,
        format="jsonl",
        columns=tuple(keys),
        stream=partial(_rows, file),
        encoding=file.encoding,
        encoding_given=encoding is not None,
    )


def _rows(file: TextFile) -> Iterator[Row | Problem]:
    number = 0
    try:
        for number, raw in enumerate(file.lines(), start=1):
            line = raw.lstrip("\ufeff") if number == 1 else raw
            if problem := file.problem(number, line):
                yield problem
            elif line.strip():
                yield _row(number, line)
    except DamagedFile as damage:
        yield damage.problem(number + 1)


def _row(number: int, line: str) -> Row | Problem:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        why = f"{error or type(error).__name__}"
    else:
        if isinstance(value, dict):
            return Row(number, value)
        why = f"a {type(value).__name__}, not an object"
    why = f"{line.strip()[:60]!r}: {why}."
    return Problem("not a JSON object", number, why, "Write one whole object on the line.")
