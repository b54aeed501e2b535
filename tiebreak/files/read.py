"""Open a file of rows, whatever its format: the extension says which."""

from __future__ import annotations

import difflib
from pathlib import Path

from tiebreak.errors import InputError
from tiebreak.files.rows import RowReader, empty_file

_FORMATS = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".json": "jsonl", ".parquet": "parquet", ".pq": "parquet", ".xlsx": "xlsx",
}  # fmt: skip
_TEXT_FORMATS = frozenset({"csv", "tsv", "jsonl"})  # these may also be gzipped


def read_rows(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None
) -> RowReader:
    """Open CSV, TSV, JSON Lines (each also .gz), Parquet or XLSX, by the extension.

    Args:
        path: the file.
        encoding: of a text file; None to have it found out.
        delimiter: of CSV or TSV; None to have it found out.

    Raises:
        InputError: missing, a folder, empty, an unknown extension, not what its extension says,
            or not in the encoding given. A bad row is no error: it comes as a `Problem`.
    """
    format, compressed = _format_of(path)
    _check_readable(path)
    # a reader is imported when its format comes: Parquet and Excel need big packages
    if format == "jsonl":
        from tiebreak.files.json_lines import open_json_lines

        return open_json_lines(path, compressed, encoding)
    if format == "parquet":
        from tiebreak.files.parquet import open_parquet

        return open_parquet(path)
    if format == "xlsx":
        from tiebreak.files.xlsx import open_xlsx

        return open_xlsx(path)
    from tiebreak.files.delimited import open_delimited

    return open_delimited(path, format, compressed, encoding, delimiter)


def _format_of(path: Path) -> tuple[str, bool]:
    """(format, compressed) by the extension; an unknown one is an `InputError`."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compressed = suffixes[-1:] == [".gz"]
    if compressed:
        suffixes.pop()
    format = _FORMATS.get(suffixes[-1] if suffixes else "")
    if format is None:
        raise InputError(
            f"{path.name!r} has no extension that is known.",
            mend=f"Use one of {', '.join(sorted(_FORMATS))} (text ones also with .gz).",
        )
    if compressed and format not in _TEXT_FORMATS:
        raise InputError(
            f"{path.name!r} is {format} inside gzip, which is not read.", mend="Unpack it first."
        )
    return format, compressed


def _check_readable(path: Path) -> None:
    """A file that can be opened and is not empty, or an `InputError`."""
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a folder.", mend="Name the file in it.")
    if not path.exists():
        beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
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
