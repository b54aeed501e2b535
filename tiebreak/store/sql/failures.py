"""What the database says went wrong, in the words of `tiebreak.errors`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError, TimeoutError as PoolTimeout

from tiebreak.errors import Conflict, StoreBusy, StoreCorrupt, StoreError, TiebreakError

RESTORE = "Put the last backup back: tiebreak restore DIR FILE."
AGAIN = "Read again and retry."

_SQLITE_CODES = {
    sqlite3.SQLITE_BUSY: StoreBusy,
    sqlite3.SQLITE_LOCKED: StoreBusy,
    sqlite3.SQLITE_CORRUPT: StoreCorrupt,
    sqlite3.SQLITE_NOTADB: StoreCorrupt,
}
_SQLITE_UNIQUE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
_POSTGRES_CODES = {
    "40001": Conflict,  # serialization failure
    "40P01": Conflict,  # deadlock
    "23505": Conflict,  # unique violation
    "55P03": StoreBusy,  # lock not available
    "XX001": StoreCorrupt,
    "XX002": StoreCorrupt,
}
_MENDS: dict[type[StoreError], str] = {
    Conflict: AGAIN,
    StoreBusy: "Wait for the other process to end, or stop it.",
    StoreCorrupt: RESTORE,
    StoreError: "Check its disk and its server: tiebreak doctor DIR.",
}


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise what SQLAlchemy raises about the database *where* as an error of ours."""
    try:
        yield
    except StatementError as error:
        # A value that a column type refused comes wrapped; what is ours passes as it is.
        if isinstance(error.orig, TiebreakError):
            raise error.orig from None
        raise as_ours(error, where) from error
    except SQLAlchemyError as error:
        raise as_ours(error, where) from error


def as_ours(error: SQLAlchemyError, where: str) -> StoreError:
    """The `StoreError` for what SQLAlchemy raised."""
    kind = _kind(error)
    cause = error.orig if isinstance(error, StatementError) and error.orig else error
    message = str(cause).strip().partition("\n")[0]
    return kind(f"The database {where!r} refused: {message}.", mend=_MENDS[kind])


def _kind(error: SQLAlchemyError) -> type[StoreError]:
    if isinstance(error, PoolTimeout):
        return StoreBusy
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(cause, "sqlite_errorcode", None)
    if code in _SQLITE_UNIQUE:
        return Conflict
    if code is not None:
        return _SQLITE_CODES.get(code & 0xFF, StoreError)  # low byte: the primary code
    return _POSTGRES_CODES.get(getattr(cause, "sqlstate", None) or "", StoreError)
