"""Excel sheets (.xlsx): the first sheet of the workbook, its first row with a value the header."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from tiebreak.files.rows import (
    Problem,
    Row,
    RowReader,
    empty_file,
    first_line,
    not_really,
    unique_names,
)

# What openpyxl lets out when it meets a broken file.
_BROKEN = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, EOFError, OSError,
    KeyError, IndexError, ValueError, TypeError, AttributeError,
)  # fmt: skip


def open_xlsx(path: Path) -> RowReader:
    """Read the names of the sheets and the header."""
    try:
        book = _open(path)
        sheets = book.sheetnames
        book.close()
        _, header = next(_cells(path), (0, ()))
    except _BROKEN as problem:
        raise not_really(path, "an Excel workbook", problem) from None
    if not header:
        raise empty_file(path)
    columns = unique_names(["" if cell is None else str(cell) for cell in header])
    left = ", ".join(map(repr, sheets[1:]))
    return RowReader(
        path=path,
        format="xlsx",
        columns=columns,
        stream=partial(_rows, path, columns),
        notes=(f"Only the first sheet, {sheets[0]!r}, is read; left out: {left}.",) if left else (),
    )


def _open(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions, which hold no rows
        return openpyxl.load_workbook(path, read_only=True, data_only=True)


def _cells(path: Path) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """(row number, cells without the empty ones at the end) of each row that has any."""
    book = _open(path)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some programs write wrong ones, and rows would be lost
        rows = enumerate(sheet.iter_rows(values_only=True), start=1)
        while True:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                number, cells = next(rows, (0, ()))
            if not number:
                return
            width = next((n for n in range(len(cells), 0, -1) if cells[n - 1] is not None), 0)
            if width:
                yield number, cells[:width]
    finally:
        book.close()


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row | Problem]:
    number, width = 0, len(columns)
    try:
        rows = _cells(path)
        next(rows)
        for number, cells in rows:
            if len(cells) > width:
                why = f"{len(cells)} cells, and the header has {width}."
                yield Problem("not a row", number, why, "Give every column a name in the header.")
            else:
                filled = cells + (None,) * (width - len(cells))
                yield Row(number, dict(zip(columns, filled, strict=True)))
    except _BROKEN as problem:
        why = f"The sheet cannot be read from here on: {first_line(problem)}."
        yield Problem("file damaged", number + 1, why, "Save it again from Excel.")
