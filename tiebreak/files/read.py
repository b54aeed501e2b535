"""Open a file of rows, whatever its format."""

from __future__ import annotations

from pathlib import Path

from tiebreak.files import formats
from tiebreak.files.rows import RowReader


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
    format, compressed = formats.format_of(path)
    formats.check_there(path)
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
