"""Which format a path has, by its extension; and what a file is that lies about it."""

from __future__ import annotations

import difflib
from pathlib import Path

from tiebreak.errors import InputError

FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
}
TEXT = frozenset({"csv", "tsv", "jsonl"})
"""Formats that may also be compressed: their name then ends in ``.gz``."""

_MAGIC = (
    (b"PAR1", "Parquet", ".parquet"),
    (b"PK\x03\x04", "a zip archive or an Excel sheet", ".xlsx"),
    (b"\x1f\x8b", "gzip", "its extension and .gz"),
    (b"\xd0\xcf\x11\xe0", "an old Excel sheet", ".xlsx, after saving it as that"),
    (b"%PDF", "a PDF document", "something else: it holds no rows"),
)


def format_of(path: Path) -> tuple[str, bool]:
    """(format, compressed) by the extension; an unknown one is an `InputError`."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compressed = suffixes[-1:] == [".gz"]
    if compressed:
        suffixes.pop()
    known = FORMATS.get(suffixes[-1] if suffixes else "")
    if known is None:
        raise InputError(
            f"{path.name!r} has no extension that is known.",
            mend=f"Use one of {', '.join(sorted(FORMATS))} (text ones also with .gz).",
        )
    if compressed and known not in TEXT:
        raise InputError(
            f"{path.name!r} is {known} inside gzip, which is not read.", mend="Unpack it first."
        )
    return known, compressed


def check_there(path: Path) -> None:
    """A file that can be opened and is not empty, or an `InputError`."""
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a folder.", mend="Name the file in it.")
    if not path.exists():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, beside, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "Check the path."
        raise InputError(f"There is no file {str(path)!r}.", mend=hint)
    try:
        with path.open("rb") as file:
            start = file.read(1)
    except OSError as problem:
        raise InputError(
            f"{str(path)!r} cannot be read: {problem.strerror}.", mend="Check its permissions."
        ) from None
    if not start:
        raise empty_file(path)


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


def check_text(path: Path, start: bytes) -> None:
    """Raise if a file's first bytes are those of a format that is no text."""
    for magic, is_really, name in _MAGIC:
        if start.startswith(magic):
            raise InputError(f"{str(path)!r} is {is_really}, not text.", mend=f"Name it {name}.")
