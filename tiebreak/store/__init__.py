"""Where a project is kept: one SQL path for two engines, a memory twin, vectors on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.store.backup import backup_tables, restore_tables
    from tiebreak.store.memory import MemoryStore
    from tiebreak.store.sql import SqlStore
    from tiebreak.store.vectors import VectorFile

__getattr__ = lazy_face(__name__)
