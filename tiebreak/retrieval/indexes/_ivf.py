"""Inverted lists (Sivic & Zisserman, "Video Google", ICCV 2003; FAISS's IndexIVFFlat): k-means
cells, of which a search looks into the few whose centres are nearest to the query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import faiss as _faiss
import numpy as np

from tiebreak.domain.ports import Floats
from tiebreak.retrieval.indexes import _ranking
from tiebreak.retrieval.indexes._growing import Arrays, State
from tiebreak.retrieval.indexes._ranking import Ids
from tiebreak.retrieval.indexes._shortlist import SPARE, Source, exact_order

faiss: Any = _faiss  # its stubs lack half of what is used here

_SAMPLE = 64  # rows a cell that its centre is learned from, as FAISS's guidelines have it
_ROUNDS = 10
_PROBES = 16  # cells looked into: recall@10 .98 on 36,000 banking and assistant questions


class IvfIndex:
    """A trained stage; the first rows added must be a fair sample of all, and train it.

    Args:
        dim: numbers in a vector.
        expected: rows to make it for; it has 4·sqrt of that many cells.
    """

    def __init__(self, dim: int, expected: int) -> None:
        self._dim = dim
        self._ids = np.zeros(0, dtype=np.int64)
        cells = max(1, min(round(4 * expected**0.5), expected // 8))
        self._centres = faiss.IndexFlatIP(dim)  # held: FAISS does not own it
        self._ivf: Any = faiss.IndexIVFFlat(self._centres, dim, cells, faiss.METRIC_INNER_PRODUCT)
        self._ivf.cp.niter = _ROUNDS
        self._ivf.cp.min_points_per_centroid = 1  # or it warns on stderr
        self._ivf.cp.max_points_per_centroid = _SAMPLE
        self._ivf.nprobe = _PROBES

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows; ids must be new and not negative, or it is a `UsageError`."""
        rows = _ranking.check_rows(vectors, self._dim)
        new = _ranking.check_new(self._ids, ids, len(rows))
        if not self._ivf.is_trained:
            self._ivf.train(rows)
            # rows are found by id, to be scored again and to be removed
            self._ivf.set_direct_map_type(faiss.DirectMap.Hashtable)
        self._ivf.add_with_ids(rows, new)
        self._ids = np.concatenate([self._ids, new])

    def remove(self, ids: Ids) -> int:
        """Take rows out; returns how many of the ids were there."""
        gone = np.isin(self._ids, ids)
        if gone.any():
            self._ivf.remove_ids(faiss.IDSelectorArray(self._ids[gone]))
            self._ids = self._ids[~gone]
        return int(gone.sum())

    def search(self, vectors: Floats, k: int) -> tuple[Ids, Floats]:
        """ids int64[m, k], cosines float32[m, k]; best first, ties by id; missing: -1, -inf."""
        _ranking.check_k(k)
        queries = _ranking.check_rows(vectors, self._dim)
        if not len(self) or not len(queries):
            return _ranking.no_results(len(queries), k)
        near, ids = self._ivf.search(queries, min(k + SPARE, len(self)))
        return exact_order(Source(len(self), self._take, self._scan), queries, near, ids, k)

    def contents(self, parts: int) -> Iterator[tuple[Ids, Floats]]:
        """All ids with their rows, dealt out into *parts*."""
        for start in range(parts):
            yield self._take(self._ids[start::parts])

    def state(self) -> State:
        """Its parts."""
        return {"ids": self._ids}, self._ivf

    def restore(self, arrays: Arrays, index: Any) -> None:
        """Become the index that had these parts."""
        self._ids, self._ivf = arrays["ids"], index

    def __len__(self) -> int:
        return len(self._ids)

    def _take(self, ids: Ids) -> tuple[Ids, Floats]:
        rows: Floats = self._ivf.reconstruct_batch(ids)
        return ids, rows

    def _scan(self, query: Floats, k: int) -> tuple[Ids, Floats]:
        """Exactly, over all cells: first how near the k-th is, then all that are so near."""
        every = faiss.SearchParametersIVF(nprobe=self._ivf.nlist)
        near, _ = self._ivf.search(query, min(k, len(self)), params=every)
        _, _, ids = self._ivf.range_search(query, float(near[0, -1]) - _ranking.NOISE, params=every)
        return _ranking.scan(query, *self._take(ids), k)
