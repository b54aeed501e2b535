"""Brute-force search in NumPy: the reference that other indexes are tested against."""

from __future__ import annotations

import numpy as np

from tiebreak.domain.arrays import Floats, Ids
from tiebreak.retrieval import ranking


def create(dim: int) -> NumpyIndex:
    """An empty index over vectors of *dim* numbers."""
    return NumpyIndex(dim)


class NumpyIndex:
    """Implements `tiebreak.domain.ports.VectorIndex`; 4 · dim bytes a row."""

    def __init__(self, dim: int) -> None:
        self._ids = np.zeros(0, dtype=np.int64)
        self._rows = np.zeros((0, dim), dtype=np.float32)

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows; ids must be new and not negative, or it is a `UsageError`."""
        rows = ranking.check_rows(vectors, self._rows.shape[1])
        new = ranking.check_new(self._ids, ids, len(rows))
        self._ids = np.concatenate([self._ids, new])
        self._rows = np.concatenate([self._rows, rows])

    def remove(self, ids: Ids) -> int:
        """Take rows out; returns how many of the ids were there."""
        keep = ~np.isin(self._ids, ids)
        self._ids, self._rows = self._ids[keep], self._rows[keep]
        return int(len(keep) - keep.sum())

    def search(self, vectors: Floats, k: int) -> tuple[Ids, Floats]:
        """ids int64[m, k], cosines float32[m, k]; best first, ties by id; missing: -1, -inf."""
        ranking.check_k(k)
        queries = ranking.check_rows(vectors, self._rows.shape[1])
        return ranking.scan(queries, self._ids, self._rows, k)

    def __len__(self) -> int:
        return len(self._ids)
