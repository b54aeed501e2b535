"""Where a project is kept: one SQL path for two engines, a memory twin, vectors on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.store.backup import (
        backup_tables as backup_tables,
        restore_tables as restore_tables,
    )
    from tiebreak.store.memory import MemoryStore as MemoryStore
    from tiebreak.store.sql import SqlStore as SqlStore
    from tiebreak.store.vectors import VectorFile as VectorFile

__getattr__ = lazy_face(
    __name__,
    {
        "backup": "backup_tables restore_tables",
        "memory": "MemoryStore",
        "sql": "SqlStore",
        "vectors": "VectorFile",
    },
)
