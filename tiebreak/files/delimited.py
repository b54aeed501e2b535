"""CSV and TSV (RFC 4180, and the IANA registration of text/tab-separated-values).

A row is read strictly: a stray quote or a wrong number of cells is a bad row, not another row's
text. A quote left open makes a parser swallow the rows behind it; so the lines of a bad row of
several lines are looked at again one by one, and if they look like rows, only the first is lost.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from tiebreak.errors import InputError
from tiebreak.files import text
from tiebreak.files.rows import Problem, Row, RowReader, empty_file, not_really, unique_names

MAX_LINES = 50_000
"""More lines than this in one row are taken for a quote left open."""

_SNIFF_ROWS, _SNIFF_CHARS = 200, 1 << 18
_MAX_LOOK_AGAIN = 50
_OPEN = "unexpected end of data"  # the csv module's words for a quote that nothing closes
_EXCEL_HINT = re.compile(r"sep=(.)\s*$")


def open_delimited(
    path: Path, format: str, compressed: bool, encoding: str | None, delimiter: str | None
) -> RowReader:
    """Look at the file's start: encoding, delimiter, header."""
    file = text.open_text(path, compressed, encoding)
    csv.field_size_limit(max(csv.field_size_limit(), text.MAX_CHARS + 1))
    if delimiter is None:
        separator = _sniff(file, "\t,;|" if format == "tsv" else ",;\t|")
    elif len(delimiter) == 1 and delimiter not in '"\r\n':
        separator = delimiter
    else:
        raise InputError(
            f"The delimiter {delimiter!r} is not one character that can separate cells.",
            mend="Give one like ',' or ';'.",
        )
    return RowReader(
        path=path,
        format=format,
        columns=_Pass(file, separator).columns,
        stream=lambda: iter(_Pass(file, separator)),
        encoding=file.encoding,
        encoding_given=encoding is not None,
        delimiter=separator,
        delimiter_given=delimiter is not None,
    )


class _Pass:
    """One pass over the file; the header is read at once."""

    def __init__(self, file: text.TextFile, delimiter: str) -> None:
        self._file = file
        self._delimiter = delimiter
        self._lines = file.lines()
        self._returned: deque[str] = deque()  # lines of a bad row that are rows of their own
        self._row_lines: list[str] = []  # lines of the row that is being read
        self._number = 1  # of the row's first line
        self._damage: text.DamagedFile | None = None
        self.columns = self._header()

    def __iter__(self) -> Iterator[Row | Problem]:
        lines, width = self._row_lines, len(self.columns)
        reader = self._reader()
        while True:
            lines.clear()
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield self._bad(str(error), broken=True)
                reader = self._reader()
                continue
            if cells is None:
                break
            if len(cells) > width and not any(cells[width:]):
                del cells[width:]  # a delimiter too many at the end
            if len(cells) != width and any(map(str.strip, cells)):
                yield self._bad(f"{len(cells)} cells, and the header has {width}", broken=False)
                continue
            problem = self._file.problem(self._number, "".join(lines))
            if problem:
                yield problem
            elif len(cells) == width:
                yield Row(self._number, dict(zip(self.columns, cells, strict=True)))
            self._number += len(lines)
        if self._damage:
            yield self._damage.problem(self._number)

    # -- lines

    def _next_line(self) -> str | None:
        if self._returned:
            return self._returned.popleft()
        try:
            return next(self._lines, None)
        except text.DamagedFile as damage:
            self._damage = damage
            return None

    def _feed(self) -> Iterator[str]:
        """Lines for the csv module, noted as belonging to the row that it is reading."""
        chars = 0
        while (line := self._next_line()) is not None:
            lines = self._row_lines
            chars = chars + len(line) if lines else len(line)
            lines.append(line)
            if chars > text.MAX_CHARS or len(lines) > MAX_LINES:
                raise csv.Error(_OPEN)
            yield line

    def _header(self) -> tuple[str, ...]:
        path = self._file.path
        while (line := self._next_line()) is not None:
            bare = line.strip("\ufeff \r\n")
            if bare and not _EXCEL_HINT.match(bare):
                self._returned.append(line.lstrip("\ufeff"))
                break
            self._number += 1
        try:
            cells = next(self._reader(), None)
        except csv.Error as error:
            raise not_really(path, "a table with a header", error) from None
        if not cells:
            raise empty_file(path)
        for line in self._row_lines:
            if problem := self._file.problem(self._number, line):
                raise InputError(
                    f"The header of {str(path)!r} cannot be read: {problem.why}", mend=problem.mend
                )
        self._number += len(self._row_lines)
        return unique_names(cells)

    # -- rows

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._delimiter, strict=True)

    def _bad(self, why: str, *, broken: bool) -> Row | Problem:
        """Say what is wrong with the row just read, and give back lines that it swallowed."""
        number = self._number
        first, behind = self._row_lines[0], self._row_lines[1:]
        undecodable = self._file.problem(number, first)
        literal = first.rstrip("\r\n").split("\t") if self._delimiter == "\t" else []
        unquoted = len(literal) == len(self.columns) and not undecodable
        swallowed = bool(behind) and (unquoted or self._look_like_rows(behind, broken))
        if swallowed:
            self._returned.extendleft(reversed(behind))
        self._number += 1 if swallowed else len(self._row_lines)
        if unquoted:  # TSV has no quoting: a quote is a character
            return Row(number, dict(zip(self.columns, literal, strict=True)))
        if undecodable:
            return undecodable
        if swallowed or why == _OPEN:
            why = f"A quote in {first[:60]!r} is not closed in its row."
            mend = "Close it, or double it if it belongs to the text."
            return Problem("quote left open", number, why, mend)
        mend = f"Quote cells with a {self._delimiter!r} or a line break in them, and double quotes"
        return Problem("not a row", number, f"{first[:60]!r}: {why}.", f"{mend} inside.")

    def _look_like_rows(self, lines: list[str], broken: bool) -> bool:
        """Whether rows were swallowed: any, where the quoting is broken; else most of the lines,
        since a cell may well have line breaks, and a line of it the form of a row."""
        if broken:
            return any(map(self._is_row, lines))
        first = lines[:_MAX_LOOK_AGAIN]
        return 2 * sum(map(self._is_row, first)) > len(first)

    def _is_row(self, line: str) -> bool:
        """Whether the line alone is a row, or the start of one with a line break in a cell."""
        try:
            cells = next(csv.reader([line], delimiter=self._delimiter, strict=True), [])
        except csv.Error as error:
            return str(error) == _OPEN
        return len(cells) == len(self.columns) and line.count('"') % 2 == 0


def _sniff(file: text.TextFile, candidates: str) -> str:
    """The delimiter that splits the header and splits most rows alike; of equals the first."""
    start: list[str] = []
    with suppress(text.DamagedFile):  # reading will say so
        for line in islice(file.lines(), _SNIFF_ROWS):
            start.append(line)
            if sum(map(len, start)) > _SNIFF_CHARS:
                break
    hint = _EXCEL_HINT.match(start[0].lstrip("\ufeff") if start else "")
    return hint.group(1) if hint else max(candidates, key=lambda one: _agreement(start, one))


def _agreement(start: list[str], delimiter: str) -> float:
    """The share of rows with as many cells as the first; 0 if that has only one."""
    widths: list[int] = []
    with suppress(csv.Error):
        widths += [len(cells) for cells in csv.reader(start, delimiter=delimiter) if cells]
    if not widths or widths[0] < 2:
        return 0.0
    return widths.count(widths[0]) / len(widths)
