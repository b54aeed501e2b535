"""`MemoryStore`: every part of a store over plain containers."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tiebreak.domain import ports
from tiebreak.domain.evidence import Suggestion
from tiebreak.store.memory.ledger import MemoryLedger
from tiebreak.store.memory.logs import (
    MemoryAnnotations,
    MemoryDecisions,
    MemoryLog,
    MemoryRoutes,
)
from tiebreak.store.memory.notes import MemoryBatches, MemoryMonitoring, MemoryNotes
from tiebreak.store.memory.promises import MemoryPromises
from tiebreak.store.memory.queue import MemoryQueue
from tiebreak.store.memory.records import MemoryGold, MemoryRecords
from tiebreak.store.memory.state import Memory


class MemoryStore:
    """`tiebreak.domain.ports.Store` in memory; nothing outlives the process.

    The reference: small enough to read, and the SQL store is held to its behaviour by one
    conformance suite. Safe for threads, which take turns; a thread in a transaction keeps the
    others waiting. A transaction copies the containers, so its cost grows with what is stored.

    Args:
        clock: gives the time that items are stamped with and leases run by.
    """

    def __init__(self, clock: ports.Clock) -> None:
        self._memory = Memory(clock)
        self.records: ports.Records = MemoryRecords(self._memory)
        self.gold: ports.Gold = MemoryGold(self._memory)
        self.suggestions: ports.Log[Suggestion] = MemoryLog[Suggestion](self._memory, "suggestions")
        self.annotations: ports.Annotations = MemoryAnnotations(self._memory, "annotations")
        self.decisions: ports.Decisions = MemoryDecisions(self._memory, "decisions")
        self.routes: ports.Routes = MemoryRoutes(self._memory, "routes")
        self.queue: ports.Queue = MemoryQueue(self._memory)
        self.batches: ports.Batches = MemoryBatches(self._memory)
        self.promises: ports.Promises = MemoryPromises(self._memory)
        self.ledger: ports.Ledger = MemoryLedger(self._memory)
        self.monitoring: ports.Monitoring = MemoryMonitoring(self._memory)
        self.notes: ports.Notes = MemoryNotes(self._memory)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: an exception puts everything back as it was. Nested use joins."""
        return self._memory.transaction()

    def versions(self) -> ports.Versions:
        """How long each log is now."""
        with self._memory.lock:
            state = self._memory.state
            logs = ("suggestions", "annotations", "decisions")
            return ports.Versions(
                links=len(state.links),
                policies=len(state.policies),
                candidates=len(state.candidates),
                audits=len(state.audits),
                alarms=len(self.monitoring.alarms()),
                schemas=len(state.schemas),
                models=len(state.models),
                batches=len(state.batches),
                answers=sum(
                    (item.model_version is not None) + (item.agent is not None)
                    for batch in state.batches.values()
                    for item in batch.items
                ),
                **{name: sum(map(len, getattr(state, name).values())) for name in logs},
            )

    def close(self) -> None:
        """Nothing to let go."""
