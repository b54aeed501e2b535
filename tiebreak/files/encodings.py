"""Which encoding a text file has: BOM, then UTF-8, then a guess among the older ones."""

from __future__ import annotations

import codecs
import difflib
import re
from contextlib import suppress
from encodings.aliases import aliases
from pathlib import Path

from tiebreak.errors import InputError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Families that a guesser mixes up within, the commonest of each first.
_FAMILIES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(
            r"cp125[0247]|latin|iso8859_(?![5-8]|11)|mac_(?!cyr|greek)|hp_roman8|cp437|cp85"
        ),
        ("cp1252", "cp1250", "iso8859_2", "mac_roman"),
    ),
    (
        re.compile(r"cp1251|koi8|iso8859_5|cp866|cp855|mac_cyr|kz1048|ptcp154"),
        ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"),
    ),
)
_LETTER = r"[^\W\d_]"
_SYMBOL_IN_WORD = re.compile(
    rf"{_LETTER}(?:[^\w\s'’\-./,;:|&+@\"()]+|[¹²³¼½¾]+|(?<=[a-zа-я])[A-ZА-Я])(?={_LETTER})"
)
_GUESS_BYTES = 1 << 16


class ByteSample:
    """Pieces of a file's bytes, the first from its start; all but the first begin mid-line."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.start = pieces[0] if pieces else b""
        self.lines: list[bytes] = []
        for at, piece in enumerate(pieces):
            lines = piece.split(b"\n")
            if at:
                lines = lines[1:]
            self.lines += lines[:-1] if len(lines) > 1 else lines
        self.odd = [line for line in self.lines if not line.isascii()]

    def votes(self, encoding: str) -> tuple[int, int]:
        """How many lines with bytes beyond ASCII the encoding can read, and how many not."""
        bad = sum(not _reads(line, encoding) for line in self.odd)
        return len(self.odd) - bad, bad


def sniff(path: Path, sample: ByteSample) -> str:
    """The encoding of a file; one that is no text in any is an `InputError`.

    UTF-8 also when a few lines break it: those are bad rows, not another encoding.
    """
    wide = _wide(sample.start)
    if wide:
        return wide
    if sample.start.count(b"\0") * 20 > len(sample.start):
        raise InputError(
            f"{str(path)!r} is no text: a twentieth of it is NUL bytes.",
            mend="Give --encoding if it is text all the same.",
        )
    good, bad = sample.votes("utf-8")
    return "utf-8" if good >= bad else _guess(b"\n".join(sample.odd)[:_GUESS_BYTES])


def check(path: Path, sample: ByteSample, given: str) -> str:
    """The encoding that the caller gave, if the file can be in it; else an `InputError`."""
    try:
        with suppress(UnicodeDecodeError):
            b"a".decode(given)
    except (LookupError, UnicodeError):
        near = difflib.get_close_matches(given.lower().replace("-", "_"), aliases, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "Leave it out to have it guessed."
        raise InputError(f"There is no encoding {given!r}.", mend=hint) from None
    wide = _wide(sample.start)
    if _is_wide(given):
        if wide is None and b"\0" not in sample.start:
            raise _wrong(path, given, "one with 8-bit units")
        return given
    if wide and _is_wide(wide):
        raise _wrong(path, given, wide)
    good, bad = sample.votes(given)
    if bad > good:
        raise _wrong(path, given, "another")
    is_utf8 = wide is not None or (len(sample.odd) >= 3 and not sample.votes("utf-8")[1])
    if is_utf8 and not codecs.lookup(given).name.startswith("utf-8"):
        raise _wrong(path, given, "utf-8")
    return given


def _wrong(path: Path, given: str, looks: str) -> InputError:
    return InputError(
        f"{str(path)!r} is not in the encoding {given!r}: it looks like {looks}.",
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


def _reads(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeError:
        return False
    return True


def _guess(raw: bytes) -> str:
    """An older encoding.

    charset-normalizer tells scripts apart, but within one it takes the first encoding that fits.
    There the one is taken that leaves the fewest symbols and capitals inside words.
    """
    from charset_normalizer import from_bytes

    best = from_bytes(raw).best()
    found: str = best.encoding if best else "cp1252"
    for family, members in _FAMILIES:
        if family.match(found):
            fit = [name for name in (*members, found) if _reads(raw, name)]
            return min(fit, key=lambda name: len(_SYMBOL_IN_WORD.findall(raw.decode(name))))
    return found
