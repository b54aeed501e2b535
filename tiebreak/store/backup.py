"""Portable backup of every table: JSON lines in a zip, the same from SQLite and PostgreSQL.

An archive holds ``store/<table>.jsonl`` (one JSON list per row, byte strings in hexadecimal) and
``store/manifest.json``: the migrations that the rows are from, and for each table its columns, its
row count and the SHA-256 of its lines.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    LargeBinary,
    Text,
    column,
    delete,
    func,
    insert,
    select,
    table,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from tiebreak.errors import StoreCorrupt, UsageError
from tiebreak.store.sql import SqlStore
from tiebreak.store.sql.database import Database
from tiebreak.store.sql.engine import connect
from tiebreak.store.sql.migrations import NAMES, applied, check_known, migrate
from tiebreak.store.sql.schema import balance, metadata

MANIFEST = "store/manifest.json"
FORMAT = 1
CHUNK = 1000
"""Rows in memory at a time."""

_RAW: dict[str, TypeEngine[Any]] = {
    "int": BigInteger(),
    "float": Double(),
    "bool": Boolean(),
    "text": Text(),
    "bytes": LargeBinary(),
}

Columns = list[tuple[str, str]]
"""Names and kinds (keys of ``_RAW``) of a table's columns."""


def backup_tables(store: SqlStore, archive: zipfile.ZipFile) -> dict[str, int]:
    """Write every table into *archive*, as all stood at one moment; rows by table.

    Others may go on writing meanwhile. Needs memory for a thousand rows.
    """
    with store.database.snapshot() as conn:
        tables = [
            _write(conn, name, _columns(definition.columns), archive)
            for name, definition in metadata.tables.items()
        ]
        manifest = {"format": FORMAT, "migrations": list(applied(conn)), "tables": tables}
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    return {entry["name"]: entry["rows"] for entry in tables}


def restore_tables(store: SqlStore, archive: zipfile.ZipFile) -> dict[str, int]:
    """Fill an empty database from *archive*, all or nothing; rows by table.

    An archive of an earlier version is brought up to date on the way.

    Raises:
        UsageError: the database holds something already.
        StoreCorrupt: the archive is damaged or is none of ours; nothing was written.
        StoreError: a newer Tiebreak wrote the archive.
    """
    with _damage_named(archive):
        manifest = json.loads(archive.read(MANIFEST))
        check_known(set(manifest["migrations"]))
        for entry in manifest["tables"]:
            _check(archive, entry)
    with _up_to_date(archive, manifest) as rows, store.database.transaction() as conn:
        _refuse_unless_empty(conn)
        conn.execute(delete(balance))
        return {
            name: _insert(conn, name, _columns(definition.columns), rows(name))
            for name, definition in metadata.tables.items()
        }


def _columns(columns: Iterable[Column[Any]]) -> Columns:
    kinds = []
    for item in columns:
        type_engine = item.type.impl_instance if isinstance(item.type, TypeDecorator) else item.type
        kind = next(kind for kind, type_ in _RAW.items() if isinstance(type_engine, type(type_)))
        kinds.append((item.name, kind))
    return kinds


def _rows(conn: Connection, name: str, columns: Columns) -> Iterator[list[Any]]:
    """A table's rows as the database holds them, in the order of its primary key."""
    definition = metadata.tables[name]
    stmt = select(*(type_coerce(definition.c[each], _RAW[kind]) for each, kind in columns))
    stmt = stmt.order_by(*definition.primary_key.columns)
    for row in conn.execution_options(yield_per=CHUNK).execute(stmt):
        yield list(row)


def _write(
    conn: Connection, name: str, columns: Columns, archive: zipfile.ZipFile
) -> dict[str, Any]:
    digest, rows = hashlib.sha256(), 0
    blobs = [i for i, (_, kind) in enumerate(columns) if kind == "bytes"]
    with archive.open(_member(name), "w", force_zip64=True) as file:
        for row in _rows(conn, name, columns):
            for i in blobs:
                row[i] = bytes(row[i]).hex()
            line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            file.write(line)
            digest.update(line)
            rows += 1
    return {"name": name, "columns": columns, "rows": rows, "sha256": digest.hexdigest()}


def _member(name: str) -> str:
    return f"store/{name}.jsonl"


def _check(archive: zipfile.ZipFile, entry: dict[str, Any]) -> None:
    digest, rows = hashlib.sha256(), 0
    with archive.open(_member(entry["name"])) as file:
        for line in file:
            digest.update(line)
            rows += 1
    if digest.hexdigest() != entry["sha256"] or rows != entry["rows"]:
        raise ValueError(f"the rows of {entry['name']} are not those that were written")


@contextmanager
def _damage_named(archive: zipfile.ZipFile) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, TypeError) as error:
        raise StoreCorrupt(
            f"The backup {archive.filename!r} is damaged: {error}.", mend="Take another backup."
        ) from error


@contextmanager
def _up_to_date(
    archive: zipfile.ZipFile, manifest: dict[str, Any]
) -> Iterator[Callable[[str], Iterator[list[Any]]]]:
    """Rows by table name, in today's columns.

    Rows of an earlier version go through a scratch database, which is migrated with them in it.
    """
    entries = {entry["name"]: entry for entry in manifest["tables"]}
    later = [name for name in NAMES if name not in manifest["migrations"]]
    if not later:
        yield lambda name: _read(archive, entries[name])
        return
    with tempfile.TemporaryDirectory(prefix="tiebreak-restore-") as folder:
        scratch = Database(connect(Path(folder) / "scratch.db"))
        try:
            migrate(scratch, stop_before=later[0])
            with scratch.transaction() as conn:
                for name, entry in entries.items():
                    conn.execute(delete(table(name)))
                    _insert(conn, name, entry["columns"], _read(archive, entry))
            migrate(scratch)
            with scratch.snapshot() as conn:
                yield lambda name: _rows(conn, name, _columns(metadata.tables[name].columns))
        finally:
            scratch.close()


def _read(archive: zipfile.ZipFile, entry: dict[str, Any]) -> Iterator[list[Any]]:
    blobs = [i for i, (_, kind) in enumerate(entry["columns"]) if kind == "bytes"]
    with archive.open(_member(entry["name"])) as file:
        for line in file:
            row = json.loads(line)
            for i in blobs:
                row[i] = bytes.fromhex(row[i])
            yield row


def _insert(conn: Connection, name: str, columns: Columns, rows: Iterator[Sequence[Any]]) -> int:
    names = [each for each, _ in columns]
    target = insert(table(name, *(column(each, _RAW[kind]) for each, kind in columns)))
    count = 0
    while chunk := [dict(zip(names, row, strict=True)) for row in islice(rows, CHUNK)]:
        conn.execute(target, chunk)
        count += len(chunk)
    return count


def _refuse_unless_empty(conn: Connection) -> None:
    for name, definition in metadata.tables.items():
        # The balance is one row from the start.
        n = conn.execute(select(func.count()).select_from(definition)).scalar_one()
        if n and definition is not balance:
            raise UsageError(
                f"The database already holds {n} rows of {name!r}.",
                mend="Restore into a new, empty project.",
            )
