"""The in-memory store: the reference of what every store does, for tests and small scripts."""

from tiebreak.store.memory.store import MemoryStore

__all__ = ["MemoryStore"]
