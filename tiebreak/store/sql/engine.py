"""Opening a database: which engine, its settings, and whether its file is whole."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from tiebreak.errors import ConfigError, MissingPackage, StoreBusy, StoreCorrupt, StoreError
from tiebreak.store.sql.failures import RESTORE

BUSY_TIMEOUT = 10.0
"""Seconds to wait for another writer before `StoreBusy`."""

MAX_CHECKED_BYTES = 50_000_000
"""Bytes: larger SQLite files are not read through on opening."""

MAGIC = b"SQLite format 3\0"


def connect(where: str | Path) -> Engine:
    """An engine for a path (SQLite) or a URL (``sqlite:///…``, ``postgresql://…``).

    Raises:
        ConfigError: another kind of URL, or a broken one.
        MissingPackage: PostgreSQL without psycopg.
        StoreCorrupt: the file is not a database, or is damaged.
        StoreBusy: another process holds the file.
    """
    if "://" not in str(where):
        return _sqlite(Path(where))
    try:
        url = make_url(str(where))
    except (ArgumentError, ValueError) as error:
        raise ConfigError("store.url is not a URL.", mend=_KNOWN) from error
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite" and url.database not in (None, "", ":memory:"):
        return _sqlite(Path(str(url.database)))
    if kind in ("postgresql", "postgres"):
        return _postgresql(url)
    raise ConfigError(
        f"store.url {url.render_as_string(hide_password=True)!r} is not a database that Tiebreak "
        "knows.",
        mend=_KNOWN,
    )


_KNOWN = "Use postgresql://user@host/name, or leave it empty for a file in the project's folder."


def _postgresql(url: URL) -> Engine:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise MissingPackage(
            f"PostgreSQL needs psycopg, which cannot be imported ({error}).",
            mend="Install it: pip install 'tiebreak[postgres]'",
        ) from None
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": int(BUSY_TIMEOUT), "application_name": "tiebreak"},
        pool_pre_ping=True,
        max_overflow=-1,
    )

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: object) -> None:
        connection.execute(f"SET lock_timeout = '{BUSY_TIMEOUT:.0f}s'")
        connection.commit()

    return engine


def _sqlite(path: Path) -> Engine:
    _check_file(path)
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        # No isolation level: sqlite3 then begins nothing by itself, and `_begin` alone does.
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT, "check_same_thread": False},
        max_overflow=-1,
    )

    @event.listens_for(engine, "connect")
    def settings(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        # A reply that was paid for must outlive a power cut once it is committed.
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(conn: Any) -> None:
        writes = conn.get_execution_options().get("writes", False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _check_file(path: Path) -> None:
    """Refuse a file that is no database or is damaged, and turn the write-ahead log on."""
    try:
        size = path.stat().st_size if path.exists() else 0
        if size:
            with path.open("rb") as file:
                head = file.read(len(MAGIC))
            if head != MAGIC:
                raise StoreCorrupt(f"{str(path)!r} is not an SQLite database.", mend=RESTORE)
        opened = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
        with closing(opened) as connection:
            _use_wal(connection, path)
            if 0 < size < MAX_CHECKED_BYTES:
                _quick_check(connection, path)
    except OSError as error:
        raise StoreError(
            f"The database {str(path)!r} cannot be read: {error}.", mend="Check its permissions."
        ) from error
    except sqlite3.DatabaseError as error:
        raise _opening_error(error, path) from error


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    # The switch does not wait for other connections by itself, and several may be first at once.
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            if time.monotonic() > deadline:
                raise StoreBusy(
                    f"Another process holds the database {str(path)!r}.",
                    mend="Wait for it to end, or stop it.",
                ) from error
        time.sleep(0.05)


def _quick_check(connection: sqlite3.Connection, path: Path) -> None:
    result = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if result != "ok":
        raise StoreCorrupt(f"The database {str(path)!r} is damaged: {result}.", mend=RESTORE)


def _opening_error(error: sqlite3.DatabaseError, path: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreCorrupt(f"The database {str(path)!r} is damaged: {error}.", mend=RESTORE)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(
            f"Another process holds the database {str(path)!r}.",
            mend="Wait for it to end, or stop it.",
        )
    return StoreError(
        f"The database {str(path)!r} cannot be opened: {error}.",
        mend="Check that its folder exists and can be written.",
    )
