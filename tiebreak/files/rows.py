"""What every reader gives: rows with their place in the file, and the rows that it cannot give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One row. ``number`` is where a person finds it: the line of a text file (the header is line
    1), the row of a sheet, the count from 1 in Parquet."""

    number: int
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
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
    made: dict[str, None] = {}
    for at, raw in enumerate(names, start=1):
        name = base = raw.strip() or f"column_{at}"
        copy = 2
        while name in made:
            name, copy = f"{base}_{copy}", copy + 1
        made[name] = None
    return tuple(made)
