"""Named, ordered migrations: each in its own transaction, the applied names kept in a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import ModuleType

from sqlalchemy import Connection, inspect, text

from tiebreak.errors import StoreError, UsageError
from tiebreak.store.sql.database import Database
from tiebreak.store.sql.dialect import lock_tables
from tiebreak.store.sql.history import (
    m001_records,
    m002_loop,
    m003_desk,
    m004_trial,
    m005_promises,
    m006_monitoring,
)

TYPES = {
    "sqlite": {"int": "INTEGER", "bytes": "BLOB"},
    "postgresql": {"int": "BIGINT", "bytes": "BYTEA"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One step of the schema's history. ``statements`` run first, then the engine's own."""

    name: str
    statements: tuple[str, ...]
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]

    def run(self, conn: Connection) -> None:
        """Apply it within the caller's transaction."""
        engine = conn.dialect.name
        for statement in self.statements:
            conn.exec_driver_sql(statement.format_map(TYPES[engine]))
        for statement in self.sqlite if engine == "sqlite" else self.postgresql:
            conn.exec_driver_sql(statement)


def _migration(module: ModuleType) -> Migration:
    return Migration(
        name=module.__name__.rpartition(".")[2],
        statements=module.STATEMENTS,
        sqlite=module.SQLITE,
        postgresql=module.POSTGRESQL,
    )


HISTORY = tuple(
    _migration(module)
    for module in (m001_records, m002_loop, m003_desk, m004_trial, m005_promises, m006_monitoring)
)
NAMES = tuple(migration.name for migration in HISTORY)


def applied(conn: Connection) -> tuple[str, ...]:
    """Names of the migrations that this database has had, in order.

    Raises:
        StoreError: one of them is unknown here, so a newer Tiebreak wrote the database.
    """
    if not inspect(conn).has_table("migrations"):
        return ()
    names = {row.name for row in conn.exec_driver_sql("SELECT name FROM migrations")}
    check_known(names)
    return tuple(name for name in NAMES if name in names)


def check_known(names: set[str]) -> None:
    """Refuse what a newer version of Tiebreak has written."""
    if newer := sorted(names - set(NAMES)):
        raise StoreError(
            f"The data is from a newer Tiebreak: it has the migration {newer[0]!r}.",
            mend="Upgrade: pip install --upgrade tiebreak",
        )


def migrate(database: Database, *, stop_before: str | None = None) -> list[str]:
    """Apply what is missing, in order; returns the names applied now.

    Several processes may do this at once: each migration is looked up again under a lock.

    Args:
        database: where to.
        stop_before: a migration's name; it and later ones are left out (to test from old data).
    """
    if stop_before is not None and stop_before not in NAMES:
        raise UsageError(
            f"There is no migration {stop_before!r}.", mend=f"Known: {', '.join(NAMES)}."
        )
    wanted = HISTORY[: NAMES.index(stop_before)] if stop_before else HISTORY
    with database.reading() as conn:
        done = applied(conn)
    missing = [migration for migration in wanted if migration.name not in done]
    return [m.name for m in missing if database.atomically(partial(_apply, migration=m))]


def _apply(conn: Connection, migration: Migration) -> bool:
    lock_tables(conn, "migrations")
    if migration.name in applied(conn):
        return False
    conn.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS migrations "
        "(name TEXT NOT NULL CONSTRAINT migrations_pk PRIMARY KEY)"
    )
    migration.run(conn)
    conn.execute(text("INSERT INTO migrations VALUES (:name)"), {"name": migration.name})
    return True
