"""Writers: CSV, JSON Lines, Parquet; the file appears whole or not at all."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from tiebreak.domain.labels import SEPARATORS
from tiebreak.errors import InputError
from tiebreak.files.rows import clean_text, plain_value

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_EXTENSIONS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
_BATCH = 10_000

Rows = Iterable[Mapping[str, Any]]


def write_rows(
    path: Path,
    columns: Sequence[str] | Mapping[str, type],
    rows: Rows,
    *,
    format: str | None = None,
) -> int:
    """Write rows to *path*; returns how many.

    In CSV, a text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a
    carriage return) gets a leading ' (OWASP, "CSV Injection"); numbers do not.

    Args:
        path: with ``.gz`` behind, text formats are compressed. A file that is there is replaced.
        columns: names, in order; for Parquet, a mapping to str, int, float, bool or list (of texts;
            names alone are all str). A key that a row lacks is written as missing. In CSV a list's
            texts are parted by ``;``, and an empty list is ``[]``.
        rows: taken one by one.
        format: csv, jsonl or parquet; None: by the extension.

    Raises:
        InputError: an unknown format, or a folder that is not there or cannot be written.
    """
    write = _WRITERS[_format(path, format)]
    types = dict(columns) if isinstance(columns, Mapping) else dict.fromkeys(columns, str)
    with whole_file(path) as raw:
        if path.suffix.lower() == ".gz" and write is not _parquet:
            with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
                return write(cast(IO[bytes], packed), types, rows)
        return write(raw, types, rows)


def _format(path: Path, format: str | None) -> str:
    bare = Path(path.stem) if path.suffix.lower() == ".gz" else path
    known = format or _EXTENSIONS.get(bare.suffix.lower(), "")
    if known not in _WRITERS:
        raise InputError(
            f"There is no export format for {format or path.name!r}.",
            mend=f"Known: {', '.join(_WRITERS)}. Use one as the extension, or give the format.",
        )
    return known


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file beside *path* that takes its place when all is written."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        file = part.open("wb")
    except OSError as problem:
        raise InputError(
            f"{str(path)!r} cannot be written: {problem.strerror}.", mend="Choose another place."
        ) from None
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _csv(raw: IO[bytes], types: Mapping[str, type], rows: Rows) -> int:
    n = 0
    with _text(raw) as file:
        out = csv.writer(file, lineterminator="\r\n")
        out.writerow([_safe(name) for name in types])
        for row in rows:
            out.writerow([_csv_cell(row.get(name), kind) for name, kind in types.items()])
            n += 1
    return n


def _csv_cell(value: Any, kind: type) -> Any:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if kind is list:
        return _safe(SEPARATORS[0].join(value) or "[]")
    return _safe(_string(value))


def _safe(text: str) -> str:
    """The text as no spreadsheet runs it."""
    fit = clean_text(text)
    return f"'{fit}" if fit.startswith(_FORMULA) else fit


def _json_lines(raw: IO[bytes], types: Mapping[str, type], rows: Rows) -> int:
    n = 0
    with _text(raw) as file:
        for row in rows:
            values = {name: plain_value(row.get(name)) for name in types}
            file.write(json.dumps(values, ensure_ascii=False) + "\n")
            n += 1
    return n


def _parquet(raw: IO[bytes], types: Mapping[str, type], rows: Rows) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    kinds[list] = pa.list_(pa.string())
    schema = pa.schema([(name, kinds[kind]) for name, kind in types.items()])
    stream, n = iter(rows), 0
    with pq.ParquetWriter(raw, schema) as out:
        while batch := list(islice(stream, _BATCH)):
            columns = [
                [_typed(row.get(name), kind) for row in batch] for name, kind in types.items()
            ]
            out.write_batch(pa.record_batch(columns, schema=schema))
            n += len(batch)
    return n


def _typed(value: Any, kind: type) -> Any:
    if value is None:
        return None
    if kind is list:
        return [clean_text(item) for item in value]
    return clean_text(_string(value)) if kind is str else kind(value)


def _string(value: Any) -> str:
    """A value as text: itself, or as JSON writes it."""
    fit = plain_value(value)
    return fit if isinstance(fit, str) else json.dumps(fit, ensure_ascii=False)


@contextmanager
def _text(raw: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    file = io.TextIOWrapper(raw, encoding="utf-8", newline="")
    yield file
    file.detach()  # flushed, and *raw* stays open


_WRITERS = {"csv": _csv, "jsonl": _json_lines, "parquet": _parquet}
