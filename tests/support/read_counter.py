"""Counts what is read of a store: whole tables, and statements that ask for the label schema."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tiebreak.domain.ports import Store

BY_IDS = {
    "annotations": ("standing", "histories", "latest", "scan"),
    "decisions": ("latest", "scan"),
    "suggestions": ("latest", "scan"),
    "routes": ("latest", "scan"),
}
"""Calls that read the whole log unless they are given record ids."""
WHOLE = {
    "records": ("table", "links", "scan", "splits"),
    "batches": ("all",),
    "queue": ("tasks",),
    "notes": ("reports", "models"),
    "promises": ("candidates", "arrivals", "policies", "drawn", "certificates"),
}
"""Calls that read a whole table, or every row of it that a policy has."""


class ReadCounter:
    """Watches a store's calls from the outside; a call that another one makes counts once."""

    def __init__(self, store: Store) -> None:
        self.whole: Counter[str] = Counter()
        self.schemas = 0
        self._inside = 0
        for part, names in {**BY_IDS, **WHOLE}.items():
            for name in names:
                if hasattr(getattr(store, part), name):
                    self._watch(getattr(store, part), part, name)
        self._watch(store.notes, "notes", "schema")

    def _watch(self, owner: Any, part: str, name: str) -> None:
        call = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            if not self._inside:
                self._count(part, name, bool(args or kwargs.get("ids") is not None))
            self._inside += 1
            try:
                return call(*args, **kwargs)
            finally:
                self._inside -= 1

        setattr(owner, name, counted)

    def _count(self, part: str, name: str, some: bool) -> None:
        if name == "schema":
            self.schemas += 1
        elif not (some and part in BY_IDS):
            self.whole[f"{part}.{name}"] += 1

    def reset(self) -> None:
        """Count from nothing again."""
        self.whole.clear()
        self.schemas = 0
