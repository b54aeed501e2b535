"""The index over all rows of a vector file, kept beside it and grown as rows are appended.

It is made anew when it is of other rows, of another kind, or damaged: what is kept only saves time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Floats, Progress
from tiebreak.retrieval.indexes import _frozen
from tiebreak.retrieval.indexes._growing import GrowingIndex
from tiebreak.retrieval.indexes._ranking import Ids, blocks

FORMAT = 1
SLACK = 0.02
"""Share of rows that may be missing in the file: they are added anew in each process, which takes
less time than to write all of it."""
_CHUNK = 16_384


class RowFile(Protocol):
    """Where the rows are (`tiebreak.store.vectors.VectorFile`)."""

    dim: int

    def __len__(self) -> int: ...
    def at(self, positions: npt.NDArray[np.int64]) -> Floats: ...
    def digest(self, rows: int) -> str | None: ...


@dataclass
class KeptIndex:
    """An index whose ids are rows of *rows*, in the file *path*; loaded when first asked.

    One process at a time may call it: the caller holds the project's lock.

    Args:
        path: made with the first index.
        rows: what is searched.
        kind: of the index; another kind's file is not used.
        create: makes an empty one of this kind, for vectors of so many numbers.
        progress: is told what takes long.
    """

    path: Path
    rows: RowFile
    kind: str
    create: Callable[[int], GrowingIndex]
    progress: Progress
    _index: GrowingIndex | None = None
    _saved: int = 0

    def ready(self) -> None:
        """See to it that a file is there that `search` can use without making an index."""
        if self._index is not None or not self._fits(SLACK):
            self._current()

    def search(self, vectors: Floats, k: int) -> tuple[Ids, Floats]:
        """Rows int64[m, k] with cosines float32[m, k], as `VectorIndex.search` has it."""
        return self._current().search(vectors, k)

    def __len__(self) -> int:
        return len(self.rows)

    def _current(self) -> GrowingIndex:
        """The index of all rows, loaded or made, and its file not far behind."""
        index = self._index or self._loaded() or self._made()
        self._index = index
        for start, stop in blocks(len(self.rows) - len(index), _CHUNK):
            ids = np.arange(len(index), len(index) + stop - start, dtype=np.int64)
            index.add(ids, self.rows.at(ids))
        if len(index) - self._saved > SLACK * self._saved:
            self._save(index)
        return index

    def _fits(self, slack: float = 1.0) -> bool:
        """Whether the file says that it is of these rows, short of at most this share."""
        of = _frozen.glance(self.path) or {}
        size = of.get("rows")
        if not isinstance(size, int) or not 0 < size <= len(self.rows):
            return False
        return of == self._of(size) and len(self.rows) - size <= slack * size

    def _of(self, size: int) -> dict[str, int | str | None]:
        return {
            "format": FORMAT,
            "kind": self.kind,
            "dim": self.rows.dim,
            "rows": size,
            "digest": self.rows.digest(size),
        }

    def _loaded(self) -> GrowingIndex | None:
        if not self._fits():
            return None
        index = self.create(self.rows.dim)
        if not _frozen.thaw(index, self.path):
            self.progress.note(f"the index {self.path.name} is damaged and is made again")
            return None
        self._saved = len(index)
        return index

    def _made(self) -> GrowingIndex:
        self.progress.note(f"an index of {len(self.rows)} vectors is made, once")
        index = self.create(self.rows.dim)
        index.fill(len(self.rows), self.rows.at)
        self._saved = 0
        return index

    def _save(self, index: GrowingIndex) -> None:
        """Keep it; a disk that refuses costs time alone, so it is told and no error."""
        try:
            _frozen.freeze_index(index, self.path, self._of(len(index)))
        except OSError as problem:
            self.progress.note(f"the index cannot be kept at {str(self.path)!r}: {problem}")
        self._saved = len(index)  # either way it is not tried again at once
