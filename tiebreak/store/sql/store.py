"""`SqlStore`: every part of a store over one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from tiebreak.domain import ports
from tiebreak.domain.decisions import Decision, Route
from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.reviews import Annotation
from tiebreak.store.sql import schema
from tiebreak.store.sql.batches import SqlBatches
from tiebreak.store.sql.database import Database
from tiebreak.store.sql.engine import connect
from tiebreak.store.sql.ledger import SqlLedger
from tiebreak.store.sql.logs import SqlAnnotations, SqlDecisions, SqlLog, SqlRoutes
from tiebreak.store.sql.migrations import migrate
from tiebreak.store.sql.monitoring import SqlMonitoring
from tiebreak.store.sql.notes import SqlNotes
from tiebreak.store.sql.promises import SqlPromises
from tiebreak.store.sql.queue import SqlQueue
from tiebreak.store.sql.records import SqlGold, SqlRecords

_LOGS = {
    "links": schema.links,
    "suggestions": schema.suggestions,
    "annotations": schema.annotations,
    "decisions": schema.decisions,
    "policies": schema.policies,
    "candidates": schema.candidates,
    "audits": schema.audits,
    "alarms": schema.alarms,
    "schemas": schema.schemas,
    "models": schema.models,
    "batches": schema.batches,
}
_ITEM = schema.batch_items.c
_ANSWERS = select(func.count(_ITEM.model_version) + func.count(_ITEM.agent))
_VERSIONS = select(
    *(select(func.count()).select_from(t).scalar_subquery().label(n) for n, t in _LOGS.items()),
    _ANSWERS.scalar_subquery().label("answers"),
)


class SqlStore:
    """`tiebreak.domain.ports.Store` in SQLite or PostgreSQL, by one code path.

    Safe for threads (each has its own transactions) and for several processes over one database.
    An own transaction that loses a race is done anew; one that joins an outer transaction raises
    `Conflict`, and whoever opened the outer one repeats it.

    Args:
        database: an open one, with every migration applied; `SqlStore.open` sees to both.
        clock: gives the time that items are stamped with and leases run by.
    """

    def __init__(self, database: Database, clock: ports.Clock) -> None:
        db = self.database = database
        self.records: ports.Records = SqlRecords(db, clock)
        self.gold: ports.Gold = SqlGold(db, clock)
        self.suggestions: ports.Log[Suggestion] = SqlLog[Suggestion](
            db, clock, schema.suggestions, Suggestion
        )
        self.annotations: ports.Annotations = SqlAnnotations(
            db, clock, schema.annotations, Annotation
        )
        self.decisions: ports.Decisions = SqlDecisions(db, clock, schema.decisions, Decision)
        self.routes: ports.Routes = SqlRoutes(db, clock, schema.routes, Route)
        self.queue: ports.Queue = SqlQueue(db, clock)
        self.batches: ports.Batches = SqlBatches(db, clock)
        self.promises: ports.Promises = SqlPromises(db, clock)
        self.ledger: ports.Ledger = SqlLedger(db, clock)
        self.monitoring: ports.Monitoring = SqlMonitoring(db, clock)
        self.notes: ports.Notes = SqlNotes(db, clock)

    @classmethod
    def open(cls, where: str | Path, clock: ports.Clock) -> SqlStore:
        """Open a database, made if it is not there, and bring its tables up to date.

        Args:
            where: a path (SQLite) or a URL, ``postgresql://user@host/name`` or ``sqlite:///path``.
            clock: see `SqlStore`.

        Raises:
            StoreCorrupt: the file is not a database, or is damaged.
            StoreBusy: another process holds it.
            StoreError: a newer Tiebreak wrote it, or it cannot be reached.
            MissingPackage: PostgreSQL without psycopg.
            ConfigError: a URL of another kind.
        """
        database = Database(connect(where))
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
        return cls(database, clock)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing for this thread's calls. Nested use joins the outer one."""
        with self.database.transaction():
            yield

    def versions(self) -> ports.Versions:
        """How long each log is now."""
        with self.database.reading() as conn:
            return ports.Versions(**conn.execute(_VERSIONS).one()._asdict())

    def close(self) -> None:
        """Let every connection go."""
        self.database.close()
