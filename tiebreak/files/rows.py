"""What every reader gives: rows, the rows that it cannot give, and what single cells become."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from tiebreak.domain.labels import SEPARATORS
from tiebreak.errors import InputError

_UNFIT = re.compile("[\0\ud800-\udfff]")  # no database keeps NUL, none stores a lone surrogate
_SEPARATORS = re.compile("|".join(map(re.escape, SEPARATORS)))


class Row(NamedTuple):
    """One row. ``number`` is where a person finds it: the line of a text file (the header is line
    1), the row of a sheet, the count from 1 in Parquet."""

    number: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with one row. ``kind`` is the same words for the same fault; ``why`` has the
    offending value. ``taken``: the row became a record all the same."""

    kind: str
    row: int
    why: str
    mend: str
    taken: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RowReader:
    """An open file. Each iteration reads it from the start, in bounded memory.

    ``columns`` are the header's names (of JSON Lines: the keys of the first thousand rows).
    ``encoding`` and ``delimiter`` are None where a format has none; ``encoding_given`` and
    ``delimiter_given`` say that the caller chose them. ``notes`` are remarks for the report.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    stream: Callable[[], Iterator[Row | Problem]]
    encoding: str | None = None
    encoding_given: bool = False
    delimiter: str | None = None
    delimiter_given: bool = False
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Row | Problem]:
        return self.stream()

    def head(self, n: int = 1000) -> list[Mapping[str, Any]]:
        """The good ones of the first *n* rows."""
        return [item.values for item in islice(self, n) if isinstance(item, Row)]


def unique_names(names: list[str]) -> tuple[str, ...]:
    """Header names as columns: an empty one is numbered, a repeated one gets a number behind."""
    unique: dict[str, None] = {}
    for position, raw in enumerate(names, start=1):
        name = base = raw.strip() or f"column_{position}"
        copy = 2
        while name in unique:
            name, copy = f"{base}_{copy}", copy + 1
        unique[name] = None
    return tuple(unique)


# -- files that cannot be read


def empty_file(path: Path) -> InputError:
    """The error for a file without rows."""
    return InputError(f"{str(path)!r} is empty.", mend="It needs a header and at least one row.")


def not_really(path: Path, wanted: str, why: object) -> InputError:
    """The error for a file that is not what its extension says."""
    return InputError(
        f"{str(path)!r} is not {wanted}: {first_line(why)}.",
        mend="Check that it arrived whole and that its extension is right.",
    )


def first_line(problem: object) -> str:
    """What another library's error says, shortly."""
    lines = str(problem).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(problem).__name__


# -- cells


def clean_text(text: str) -> str:
    """The text with what cannot be stored replaced by U+FFFD; the same object if it is fit."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNFIT.sub("\ufffd", text)


def text_cell(value: Any) -> str | None:
    """A text, not yet cleaned; None if the cell holds something else (a list, an object)."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return None if isinstance(value, list | tuple | dict) else _as_text(value)


def id_cell(value: Any) -> str:
    """An id as a string; empty if the cell is. 12.0, as spreadsheets write it, is 12."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean_text(text_cell(value) or "").strip()


def label_cell(value: Any) -> tuple[str, ...]:
    """The labels in a cell: none, one, or several if it is a list (also one written as JSON)."""
    if isinstance(value, str) and value[:1] == "[":
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return (clean_text(value).strip(),)
    items = value if isinstance(value, list | tuple) else (value,)
    return tuple(name for item in items if (name := id_cell(item)))


def set_cell(value: Any) -> tuple[str, ...] | None:
    """The labels in a cell where there may be any number: a list, or names parted by ; or |.

    None for an empty cell, which says nothing; an empty list says that no label applies.
    """
    if isinstance(value, str) and value[:1] != "[":
        names = [clean_text(name).strip() for name in _SEPARATORS.split(value)]
        return tuple(name for name in names if name) or None
    if isinstance(value, str | list | tuple):
        return label_cell(value)
    return label_cell(value) or None


def plain_value(value: Any) -> Any:
    """The value as JSON knows it, with texts cleaned; what it does not know, as text."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return clean_text(_as_text(value))


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    # datetime is a date
    return value.isoformat() if isinstance(value, date | time) else str(value)
