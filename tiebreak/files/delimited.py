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
from tiebreak.files import encodings, formats, text
from tiebreak.files.rows import Problem, Row, RowReader, unique_names

MAX_LINES = 50_000
"""More lines than this in one row are taken for a quote left open."""

_CANDIDATES = ",;\t|"
_SNIFF_ROWS, _SNIFF_CHARS = 200, 1 << 18
_LOOK_AGAIN = 50
_OPEN = "unexpected end of data"  # the csv module's words for a quote that nothing closes
_EXCEL_HINT = re.compile(r"sep=(.)\s*$")


def open_delimited(
    path: Path, format: str, compressed: bool, encoding: str | None, delimiter: str | None
) -> RowReader:
    """Look at the file's start: encoding, delimiter, header."""
    found = text.sample(path, compressed)
    known = encodings.check(path, found, encoding) if encoding else encodings.sniff(path, found)
    csv.field_size_limit(max(csv.field_size_limit(), text.MAX_CHARS + 1))
    tabs = format == "tsv"
    chosen = _check(delimiter) if delimiter else _sniff(path, compressed, known, tabs)
    rows = _Rows(path, compressed, known, chosen)
    return RowReader(
        path=path,
        format=format,
        columns=rows.columns,
        stream=lambda: iter(_Rows(path, compressed, known, chosen)),
        encoding=known,
        encoding_given=encoding is not None,
        delimiter=chosen,
        delimiter_given=delimiter is not None,
    )


class _Rows:
    """One pass over the file; the header is read at once."""

    def __init__(self, path: Path, compressed: bool, encoding: str, delimiter: str) -> None:
        self._lines = text.read_lines(path, compressed, encoding)
        self._again: deque[str] = deque()  # lines of a bad row that are rows of their own
        self._taken: list[str] = []  # lines of the row that is being read
        self._encoding = encoding
        self._delimiter = delimiter
        self._line = 1  # number of the row's first line
        self._damage: text.Damaged | None = None
        self.columns = self._header(path)

    def __iter__(self) -> Iterator[Row | Problem]:
        taken, width = self._taken, len(self.columns)
        reader = self._reader()
        while True:
            taken.clear()
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
                why = f"{len(cells)} cells, and the header has {width}"
                yield self._bad(why, broken=False)
                continue
            if any(map(text.marked_text, taken)):
                yield text.marked_problem(self._line, "".join(taken), self._encoding)
            elif len(cells) == width:
                yield Row(self._line, dict(zip(self.columns, cells, strict=True)))
            self._line += len(taken)
        if self._damage:
            yield text.damaged_problem(self._line, self._damage)

    # -- lines

    def _next_line(self) -> str | None:
        if self._again:
            return self._again.popleft()
        try:
            return next(self._lines, None)
        except text.Damaged as why:
            self._damage = why
            return None

    def _feed(self) -> Iterator[str]:
        """Lines for the csv module, noted as belonging to the row that it is reading."""
        chars = 0
        while (line := self._next_line()) is not None:
            taken = self._taken
            chars = chars + len(line) if taken else len(line)
            taken.append(line)
            if chars > text.MAX_CHARS or len(taken) > MAX_LINES:
                raise csv.Error(_OPEN)
            yield line

    def _header(self, path: Path) -> tuple[str, ...]:
        while (line := self._next_line()) is not None:
            bare = line.strip("\ufeff \r\n")
            if bare and not _EXCEL_HINT.match(bare):
                self._again.append(line.lstrip("\ufeff"))
                break
            self._line += 1
        try:
            cells = next(self._reader(), None)
        except csv.Error as problem:
            raise formats.not_really(path, "a table with a header", problem) from None
        if not cells:
            raise formats.empty_file(path)
        bad = next((x for x in self._taken if text.marked_text(x)), None)
        if bad is not None:
            found = text.marked_problem(self._line, bad, self._encoding)
            raise InputError(
                f"The header of {str(path)!r} cannot be read: {found.why}", mend=found.mend
            )
        self._line += len(self._taken)
        return unique_names(cells)

    # -- rows

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._delimiter, strict=True)

    def _bad(self, why: str, *, broken: bool) -> Row | Problem:
        """Say what is wrong with the row just read, and give back lines that it swallowed."""
        at = self._line
        first, behind = self._taken[0], self._taken[1:]
        literal = first.rstrip("\r\n").split("\t") if self._delimiter == "\t" else []
        plain = len(literal) == len(self.columns) and not text.marked_text(first)
        swallowed = bool(behind) and (plain or self._look_like_rows(behind, broken))
        if swallowed:
            self._again.extendleft(reversed(behind))
        self._line += 1 if swallowed else len(self._taken)
        if plain:  # TSV has no quoting: a quote is a character
            return Row(at, dict(zip(self.columns, literal, strict=True)))
        if text.marked_text(first):
            return text.marked_problem(at, first, self._encoding)
        if swallowed or why == _OPEN:
            return Problem(
                kind="quote left open",
                row=at,
                why=f"A quote in {first[:60]!r} is not closed in its row.",
                mend="Close it, or double it if it belongs to the text.",
            )
        return Problem(
            kind="not a row",
            row=at,
            why=f"{first[:60]!r}: {why}.",
            mend=f"Quote cells with a {self._delimiter!r} or a line break in them, and double "
            "quotes inside.",
        )

    def _look_like_rows(self, lines: list[str], broken: bool) -> bool:
        """Whether rows were swallowed: any, where the quoting is broken; else most of the lines,
        since a cell may well have line breaks, and a line of it the form of a row."""
        if broken:
            return any(map(self._is_row, lines))
        looked = lines[:_LOOK_AGAIN]
        return 2 * sum(map(self._is_row, looked)) > len(looked)

    def _is_row(self, line: str) -> bool:
        """Whether the line alone is a row, or the start of one with a line break in a cell."""
        try:
            cells = next(csv.reader([line], delimiter=self._delimiter, strict=True), [])
        except csv.Error as why:
            return str(why) == _OPEN
        return len(cells) == len(self.columns) and line.count('"') % 2 == 0


# -- the delimiter


def _check(delimiter: str) -> str:
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InputError(
            f"The delimiter {delimiter!r} is not one character that can separate cells.",
            mend="Give one like ',' or ';'.",
        )
    return delimiter


def _sniff(path: Path, compressed: bool, encoding: str, tabs: bool) -> str:
    """The delimiter that splits the header and splits most rows alike."""
    start: list[str] = []
    with suppress(text.Damaged):  # reading will say so
        for line in islice(text.read_lines(path, compressed, encoding), _SNIFF_ROWS):
            start.append(line)
            if sum(map(len, start)) > _SNIFF_CHARS:
                break
    hint = _EXCEL_HINT.match(start[0].lstrip("\ufeff") if start else "")
    if hint:
        return hint.group(1)
    order = "\t,;|" if tabs else _CANDIDATES
    return max(order, key=lambda c: (_agreement(start, c), -order.index(c)))


def _agreement(start: list[str], delimiter: str) -> float:
    """The share of rows with as many cells as the first; 0 if that has only one."""
    widths: list[int] = []
    with suppress(csv.Error):
        widths += [len(cells) for cells in csv.reader(start, delimiter=delimiter) if cells]
    if not widths or widths[0] < 2:
        return 0.0
    return widths.count(widths[0]) / len(widths)
