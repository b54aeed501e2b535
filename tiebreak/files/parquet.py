"""Parquet files, a row group at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tiebreak.files.rows import Problem, Row, RowReader, empty_file, first_line, not_really

_BATCH = 1000
_BUFFER = 1 << 20  # read through a buffer, or a row group is held whole


def open_parquet(path: Path) -> RowReader:
    """Read the footer."""
    try:
        with _file(path) as file:
            columns, rows = tuple(file.schema_arrow.names), file.metadata.num_rows
    except (pa.ArrowException, OSError) as problem:
        raise not_really(path, "a Parquet file", problem) from None
    if not rows or not columns:
        raise empty_file(path)
    return RowReader(path=path, format="parquet", columns=columns, stream=partial(_rows, path))


def _file(path: Path) -> Any:
    return pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)


def _rows(path: Path) -> Iterator[Row | Problem]:
    with _file(path) as file:
        first = 1
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            yield from _group(file, group, first, first + count)
            first += count


def _group(file: Any, group: int, first: int, end: int) -> Iterator[Row | Problem]:
    at = first
    try:
        for batch in file.iter_batches(_BATCH, row_groups=[group], use_threads=False):
            yield from _batch(batch, at)
            at += batch.num_rows
    except (pa.ArrowException, OSError) as problem:
        why = f"Rows {at} to {end - 1} cannot be read: {first_line(problem)}."
        mend = "Get the file again; rows that are in already are not taken twice."
        yield Problem("file damaged", at, why, mend)


def _batch(batch: Any, first: int) -> Iterator[Row | Problem]:
    """Rows of a batch; one in which a value has no counterpart in Python is taken row by row."""
    columns: list[list[Any]] = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            columns.append(column.to_pylist())
        except (ValueError, OverflowError, pa.ArrowException) as problem:
            if batch.num_rows > 1:
                for at in range(batch.num_rows):
                    yield from _batch(batch.slice(at, 1), first + at)
            else:
                why = f"Column {name!r}: {first_line(problem)}."
                yield Problem("undecodable bytes", first, why, "Mend that value in the file.")
            return
    for number, cells in enumerate(zip(*columns, strict=True), start=first):
        yield Row(number, dict(zip(batch.schema.names, cells, strict=True)))
