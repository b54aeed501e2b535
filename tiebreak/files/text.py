"""Lines of a text file, plain or gzipped: decoded, with what could not be decoded marked."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from tiebreak.files import formats
from tiebreak.files.encodings import ByteSample
from tiebreak.files.rows import Problem

MAX_CHARS = 16_000_000
"""The longest line, and the longest row, that is looked at as one."""

_HEAD = 1 << 18
_SLICES, _SLICE = 8, 1 << 16

# Decoders give no lone surrogates, so they can mark what no decoder gave.
_ERRORS = "tiebreak-mark"
_CUT = "\ud8ff"
_MARK = re.compile("[\udc00-\udcff]+")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in wrong), error.end


codecs.register_error(_ERRORS, _mark)


class Damaged(Exception):
    """The rest of the file cannot be read (a torn or damaged gzip stream)."""


def open_bytes(path: Path, compressed: bool) -> BinaryIO:
    """The file's bytes, unpacked."""
    return cast(BinaryIO, gzip.open(path, "rb")) if compressed else path.open("rb")


def sample(path: Path, compressed: bool) -> ByteSample:
    """The start of a text file and slices across it; an `InputError` if it is no text file."""
    if compressed:
        pieces = [_gzip_head(path)]
    else:
        with path.open("rb") as file:
            pieces = [file.read(_HEAD)]
            size = path.stat().st_size
            for at in range(_SLICES if size > _HEAD else 0):
                file.seek(_HEAD + (size - _HEAD) * at // _SLICES)
                pieces.append(file.read(_SLICE))
    if not pieces[0].strip():
        raise formats.empty_file(path)
    formats.check_text(path, pieces[0])
    return ByteSample(pieces)


def _gzip_head(path: Path) -> bytes:
    found = b""
    with gzip.open(path, "rb") as file:
        try:
            while len(found) < _HEAD and (piece := file.read1(_SLICE)):
                found += piece
        except (OSError, EOFError, zlib.error) as problem:
            if not found:
                raise formats.not_really(path, "gzip", problem) from None
    return found


def read_lines(path: Path, compressed: bool, encoding: str) -> Iterator[str]:
    """Lines with their ends, of at most `MAX_CHARS` (the rest of a longer one is skipped).

    Raises:
        Damaged: from here on the file cannot be read.
    """
    with open_bytes(path, compressed) as raw:
        file = io.TextIOWrapper(raw, encoding=encoding, errors=_ERRORS, newline="")
        try:
            while line := file.readline(MAX_CHARS):
                if len(line) == MAX_CHARS and line[-1] not in "\r\n":
                    while (rest := file.readline(MAX_CHARS)) and rest[-1] not in "\r\n":
                        pass
                    line = f"{line[:-1]}{_CUT}\n"
                yield line
        except (OSError, EOFError, zlib.error) as problem:
            raise Damaged(str(problem)) from None


def marked_text(line: str) -> bool:
    """Whether the line is too long, or has bytes that its encoding cannot read."""
    return not line.isascii() and (_CUT in line or _MARK.search(line) is not None)


def marked_problem(row: int, text: str, encoding: str) -> Problem:
    """The problem of a row whose text is marked."""
    found = _MARK.search(text)
    if found is None:
        return too_large(row)
    wrong = bytes(ord(mark) - 0xDC00 for mark in found.group())
    before = text[max(0, found.start() - 20) : found.start()]
    return Problem(
        kind="undecodable bytes",
        row=row,
        why=f"{wrong!r} after {before!r} is not {encoding}.",
        mend="Mend that place, or give the file's encoding.",
    )


def too_large(row: int) -> Problem:
    """The problem of a row or line beyond `MAX_CHARS`."""
    return Problem(
        kind="row too large",
        row=row,
        why=f"It has more than {MAX_CHARS:,} characters.",
        mend="Split it.",
    )


def damaged_problem(row: int, why: Damaged) -> Problem:
    """The problem of a file that ends early."""
    return Problem(
        kind="file damaged",
        row=row,
        why=f"The file cannot be read from here on: {why}.",
        mend="Get it again; rows that are in already are not taken twice.",
    )
