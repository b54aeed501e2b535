"""One database and its transactions: each thread has its own, nested use joins the outer one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine

from tiebreak.errors import Conflict, StoreBusy
from tiebreak.store.sql.engine import BUSY_TIMEOUT
from tiebreak.store.sql.failures import translated

R = TypeVar("R")

ATTEMPTS = 5
"""How often a unit of work that lost a race is done anew."""


class Database:
    """Connections by purpose: reading, writing, and one consistent reading of everything.

    Safe for threads. A thread that writes keeps other writers of the same SQLite file waiting,
    those of its own process first.
    """

    def __init__(self, engine: Engine) -> None:
        url = engine.url
        sqlite = engine.dialect.name == "sqlite"
        self.where = str(url.database) if sqlite else url.render_as_string(hide_password=True)
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        self._local = threading.local()
        self._writer_lock = threading.Lock() if sqlite else None

    @property
    def _current(self) -> Connection | None:
        current: Connection | None = getattr(self._local, "connection", None)
        return current

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that writes; joins the thread's outer one if there is one."""
        if (current := self._current) is not None:
            with translated(self.where):
                yield current
            return
        with self._one_writer(), translated(self.where), self._writer.begin() as connection:
            self._local.connection = connection
            try:
                yield connection
            finally:
                self._local.connection = None

    def atomically(self, work: Callable[[Connection], R]) -> R:
        """Do *work* in a transaction; when it lost a race, do it anew.

        Within an outer transaction it cannot be done anew (what came before was lost too), and
        the `Conflict` goes to whoever opened that one.
        """
        attempt = 1
        while True:
            nested = self._current is not None
            try:
                with self.transaction() as connection:
                    return work(connection)
            except Conflict as conflict:
                # Without a cause it is a rule's, not the database's: it would stand every time.
                if nested or attempt == ATTEMPTS or conflict.__cause__ is None:
                    raise
                attempt += 1

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read from: the thread's transaction, else one of its own."""
        if (current := self._current) is not None:
            with translated(self.where):
                yield current
            return
        with translated(self.where), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read everything as it stood at one moment, whatever others write meanwhile."""
        engine = self._engine
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with translated(self.where), engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Let every connection go."""
        self._engine.dispose()

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        if self._writer_lock is None:
            yield
            return
        if not self._writer_lock.acquire(timeout=BUSY_TIMEOUT):
            raise StoreBusy(
                f"Another thread has been writing to {self.where!r} for {BUSY_TIMEOUT:.0f} s.",
                mend="End its transaction first.",
            )
        try:
            yield
        finally:
            self._writer_lock.release()
