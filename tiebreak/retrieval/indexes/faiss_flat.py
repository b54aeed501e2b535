"""Exact search with FAISS (Douze et al., "The Faiss library", 2024): IndexFlatIP.

Ids are kept beside the index instead of in an IndexIDMap, because results are scored again from
the stored rows, which FAISS finds by position.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import faiss
import numpy as np

from tiebreak.domain.ports import Floats
from tiebreak.retrieval.indexes import _ranking
from tiebreak.retrieval.indexes._growing import Arrays, State
from tiebreak.retrieval.indexes._ranking import Ids, Positions
from tiebreak.retrieval.indexes._shortlist import SPARE, Source, exact_order


def create(dim: int) -> FaissFlatIndex:
    """An empty index over vectors of *dim* numbers."""
    return FaissFlatIndex(dim)


class FaissFlatIndex:
    """Implements `tiebreak.domain.ports.VectorIndex`; 4 · dim bytes a row."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._ids = np.zeros(0, dtype=np.int64)
        self._flat = faiss.IndexFlatIP(dim)

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows; ids must be new and not negative, or it is a `UsageError`."""
        rows = _ranking.check_rows(vectors, self._dim)
        new = _ranking.check_new(self._ids, ids, len(rows))
        self._flat.add(rows)
        self._ids = np.concatenate([self._ids, new])

    def remove(self, ids: Ids) -> int:
        """Take rows out; returns how many of the ids were there."""
        gone = np.flatnonzero(np.isin(self._ids, ids))
        if len(gone):
            self._flat.remove_ids(faiss.IDSelectorBatch(gone))  # the others keep their order
            self._ids = np.delete(self._ids, gone)
        return len(gone)

    def search(self, vectors: Floats, k: int) -> tuple[Ids, Floats]:
        """ids int64[m, k], cosines float32[m, k]; best first, ties by id; missing: -1, -inf."""
        _ranking.check_k(k)
        queries = _ranking.check_rows(vectors, self._dim)
        if not len(self) or not len(queries):
            return _ranking.no_results(len(queries), k)
        near, positions = self._flat.search(queries, min(k + SPARE, len(self)))
        rows = self._rows()

        def take(at: Positions) -> tuple[Ids, Floats]:
            return self._ids[at], rows[at]

        def scan(query: Floats, k: int) -> tuple[Ids, Floats]:
            return _ranking.scan(query, self._ids, rows, k)

        return exact_order(Source(len(self), take, scan), queries, near, positions, k)

    def contents(self, parts: int) -> Iterator[tuple[Ids, Floats]]:
        """All ids with their rows, dealt out into *parts*; do not change the index meanwhile."""
        rows = self._rows()
        for start in range(parts):
            yield self._ids[start::parts], rows[start::parts]

    def state(self) -> State:
        """Its parts."""
        return {"ids": self._ids}, self._flat

    def restore(self, arrays: Arrays, index: Any) -> None:
        """Become the index that had these parts."""
        self._ids, self._flat = arrays["ids"], index

    def __len__(self) -> int:
        return len(self._ids)

    def _rows(self) -> Floats:
        """float32[n, dim], the index's own memory: good until it next changes."""
        flat = faiss.rev_swig_ptr(self._flat.get_xb(), len(self._ids) * self._dim)
        rows: Floats = flat.reshape(len(self._ids), self._dim)
        return rows
