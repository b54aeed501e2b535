"""The SQL store: one code path for SQLite and PostgreSQL."""

from tiebreak.store.sql.store import SqlStore

__all__ = ["SqlStore"]
