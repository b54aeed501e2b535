"""Text files, plain or gzipped: which encoding they have, and their lines.

A BOM tells the encoding; else it is UTF-8 if most lines are, else a guess among the older ones.
What a decoder cannot read stays in its line as marks, so that it costs one row only.
"""

from __future__ import annotations

import codecs
import difflib
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from encodings.aliases import aliases
from pathlib import Path
from typing import BinaryIO, cast

from tiebreak.errors import InputError
from tiebreak.files.rows import Problem, empty_file, not_really

MAX_CHARS = 16_000_000
"""The longest line, and the longest row, that is looked at as one."""

_START_BYTES, _SLICES, _SLICE_BYTES, _GUESS_BYTES = 1 << 18, 8, 1 << 16, 1 << 16
_MAGIC = (
    (b"PAR1", "Parquet", ".parquet"),
    (b"PK\x03\x04", "a zip archive or an Excel sheet", ".xlsx"),
    (b"\x1f\x8b", "gzip", "its extension and .gz"),
    (b"\xd0\xcf\x11\xe0", "an old Excel sheet", ".xlsx, after saving it as that"),
    (b"%PDF", "a PDF document", "something else: it holds no rows"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# Families that a guesser mixes up within, the commonest of each first.
_FAMILIES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"cp125[0247]|latin|iso8859_(?![5-8]|11)|mac_(?!cyr|greek)|hp_roman8|cp437|cp85"),
     ("cp1252", "cp1250", "iso8859_2", "mac_roman")),
    (re.compile(r"cp1251|koi8|iso8859_5|cp866|cp855|mac_cyr|kz1048|ptcp154"),
     ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")),
)  # fmt: skip
_LETTER = r"[^\W\d_]"
_SYMBOL_IN_WORD = re.compile(
    rf"{_LETTER}(?:[^\w\s'’\-./,;:|&+@\"()]+|[¹²³¼½¾]+|(?<=[a-zа-я])[A-ZА-Я])(?={_LETTER})"
)

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


class DamagedFile(Exception):
    """The rest of the file cannot be read (a torn or damaged gzip stream)."""

    def problem(self, row: int) -> Problem:
        """The problem of the first row that is lost."""
        why = f"The file cannot be read from here on: {self}."
        mend = "Get it again; rows that are in already are not taken twice."
        return Problem("file damaged", row, why, mend)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file whose encoding is known."""

    path: Path
    compressed: bool
    encoding: str

    def lines(self) -> Iterator[str]:
        """Lines with their ends, of at most `MAX_CHARS` (the rest of a longer one is skipped).

        Raises:
            DamagedFile: from here on the file cannot be read.
        """
        with gzip.open(self.path, "rb") if self.compressed else self.path.open("rb") as raw:
            bytes_in = cast(BinaryIO, raw)
            text = io.TextIOWrapper(bytes_in, encoding=self.encoding, errors=_ERRORS, newline="")
            try:
                while line := text.readline(MAX_CHARS):
                    if len(line) == MAX_CHARS and line[-1] not in "\r\n":
                        while (rest := text.readline(MAX_CHARS)) and rest[-1] not in "\r\n":
                            pass
                        line = f"{line[:-1]}{_CUT}\n"
                    yield line
            except (OSError, EOFError, zlib.error) as problem:
                raise DamagedFile(str(problem)) from None

    def problem(self, row: int, text: str) -> Problem | None:
        """What is wrong with the text of a row: too long, or bytes that are not the encoding's."""
        if text.isascii():
            return None
        marks = _MARK.search(text)
        if marks is not None:
            wrong = bytes(ord(mark) - 0xDC00 for mark in marks.group())
            before = text[max(0, marks.start() - 20) : marks.start()]
            why = f"{wrong!r} after {before!r} is not {self.encoding}."
            mend = "Mend that place, or give the file's encoding."
            return Problem("undecodable bytes", row, why, mend)
        if _CUT in text:
            why = f"It has more than {MAX_CHARS:,} characters."
            return Problem("row too large", row, why, "Split it.")
        return None


def open_text(path: Path, compressed: bool, encoding: str | None) -> TextFile:
    """A text file in the *encoding* given, or in the one that it seems to have.

    Raises:
        InputError: it is empty or no text, there is no such encoding, or it is not in it.
    """
    pieces = [_gzip_start(path)] if compressed else _pieces(path)
    start = pieces[0]
    if not start.strip():
        raise empty_file(path)
    for magic, is_really, name in _MAGIC:
        if start.startswith(magic):
            raise InputError(f"{str(path)!r} is {is_really}, not text.", mend=f"Name it {name}.")
    lines = [line for i, piece in enumerate(pieces) for line in _lines_in(piece, i > 0)]
    odd = [line for line in lines if not line.isascii()]
    if encoding is None:
        encoding = _likely(path, start, odd)
    else:
        _check(path, start, odd, encoding)
    return TextFile(path, compressed, encoding)


def _pieces(path: Path) -> list[bytes]:
    """The start of a file, and slices across the rest."""
    with path.open("rb") as file:
        pieces = [file.read(_START_BYTES)]
        size = path.stat().st_size
        for at in range(_SLICES if size > _START_BYTES else 0):
            file.seek(_START_BYTES + (size - _START_BYTES) * at // _SLICES)
            pieces.append(file.read(_SLICE_BYTES))
    return pieces


def _gzip_start(path: Path) -> bytes:
    start = b""
    with gzip.open(path, "rb") as file:
        try:
            while len(start) < _START_BYTES and (piece := file.read1(_SLICE_BYTES)):
                start += piece
        except (OSError, EOFError, zlib.error) as problem:
            if not start:
                raise not_really(path, "gzip", problem) from None
    return start


def _lines_in(piece: bytes, begins_mid_line: bool) -> list[bytes]:
    lines = piece.split(b"\n")[begins_mid_line:]
    return lines[:-1] if len(lines) > 1 else lines


def _likely(path: Path, start: bytes, odd: Sequence[bytes]) -> str:
    """The encoding by a file's start and by lines of it with bytes beyond ASCII.

    UTF-8 also when a few lines break it: those are bad rows, not another encoding.
    """
    wide = _wide(start)
    if wide:
        return wide
    if start.count(b"\0") * 20 > len(start):
        raise InputError(
            f"{str(path)!r} is no text: a twentieth of it is NUL bytes.",
            mend="Give --encoding if it is text all the same.",
        )
    return _older(b"\n".join(odd)[:_GUESS_BYTES]) if _mostly_not(odd, "utf-8") else "utf-8"


def _check(path: Path, start: bytes, odd: Sequence[bytes], given: str) -> None:
    """Raise if the file cannot be in the encoding that the caller gave."""
    try:
        with suppress(UnicodeDecodeError):
            b"a".decode(given)
    except (LookupError, UnicodeError):
        near = difflib.get_close_matches(given.lower().replace("-", "_"), aliases, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "Leave it out to have it guessed."
        raise InputError(f"There is no encoding {given!r}.", mend=hint) from None
    wide = _wide(start)
    is_utf8 = wide is not None or (len(odd) >= 3 and all(_reads(line, "utf-8") for line in odd))
    likely = None
    if _is_wide(given):
        if wide is None and b"\0" not in start:
            likely = "one with 8-bit units"
        elif not _begins(start, given):
            likely = wide or "another"
    elif wide and _is_wide(wide):
        likely = wide
    elif _mostly_not(odd, given):
        likely = "another"
    elif is_utf8 and not codecs.lookup(given).name.startswith("utf-8"):
        likely = "utf-8"
    if likely:
        raise InputError(
            f"{str(path)!r} is not in the encoding {given!r}: it looks like {likely}.",
            mend="Leave the encoding out to have it guessed, or give another.",
        )


def _wide(start: bytes) -> str | None:
    """The encoding by its BOM, or a 16-bit one by where the NUL bytes stand."""
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name
    half = max(1, len(start) // 2)
    even, odd = start[::2].count(b"\0") / half, start[1::2].count(b"\0") / half
    if odd > 0.02 and even < odd / 10 and b"\n\0" in start:
        return "utf-16-le"
    return "utf-16-be" if even > 0.02 and odd < even / 10 and b"\0\n" in start else None


def _is_wide(encoding: str) -> bool:
    return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))


def _begins(start: bytes, encoding: str) -> bool:
    """Whether a decoder takes the file's start; those of UTF-16 and UTF-32 ask for a BOM."""
    try:
        codecs.getincrementaldecoder(encoding)(_ERRORS).decode(start[:8])
    except UnicodeError:
        return False
    return True


def _reads(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeError:
        return False
    return True


def _mostly_not(lines: Sequence[bytes], encoding: str) -> bool:
    """Whether the encoding can read fewer than half of the lines."""
    return 2 * sum(_reads(line, encoding) for line in lines) < len(lines)


def _older(raw: bytes) -> str:
    """An older encoding.

    charset-normalizer tells scripts apart, but within one it takes the first encoding that fits.
    There the one is taken that leaves the fewest symbols and capitals inside words.
    """
    from charset_normalizer import from_bytes

    best = from_bytes(raw).best()
    guess: str = best.encoding if best else "cp1252"
    for family, members in _FAMILIES:
        if family.match(guess):
            fit = [name for name in (*members, guess) if _reads(raw, name)]
            return min(fit, key=lambda name: len(_SYMBOL_IN_WORD.findall(raw.decode(name))))
    return guess
