"""A navigable small-world graph (Malkov & Yashunin, 2018, arxiv.org/abs/1603.09320): FAISS's
IndexHNSWFlat. A search walks from neighbour to neighbour towards the query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import faiss as _faiss
import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Floats
from tiebreak.retrieval.indexes import _ranking
from tiebreak.retrieval.indexes._growing import Arrays, State
from tiebreak.retrieval.indexes._ranking import Ids, Positions
from tiebreak.retrieval.indexes._shortlist import SPARE, Source, exact_order

faiss: Any = _faiss  # its stubs lack half of what is used here

_LINKS = 32
_BUILD = 80  # candidates looked at for a new row's links
_SEARCH = 128  # candidates looked at in a search, or twice what is asked for
_DEAD = 0.25  # share of removed rows at which the graph is built again


class HnswIndex:
    """A graph stage; 4 · dim + 8 · links bytes a row.

    A removed row stays in the graph as a way to others, is never a result, and goes when a
    quarter of all are like it. Rows are added by one thread, or equal input would give unequal
    graphs.
    """

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._ids = np.zeros(0, dtype=np.int64)
        self._alive = np.zeros(0, dtype=bool)
        self._graph = self._empty()

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows; ids must be new and not negative, or it is a `UsageError`."""
        rows = _ranking.check_rows(vectors, self._dim)
        new = _ranking.check_new(self._ids[self._alive], ids, len(rows))
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            self._graph.add(rows)
        finally:
            faiss.omp_set_num_threads(threads)
        self._ids = np.concatenate([self._ids, new])
        self._alive = np.concatenate([self._alive, np.ones(len(new), dtype=bool)])

    def remove(self, ids: Ids) -> int:
        """Take rows out; returns how many of the ids were there."""
        gone = self._alive & np.isin(self._ids, ids)
        self._alive &= ~gone
        if len(self) < (1 - _DEAD) * len(self._ids):
            self._rebuild()
        return int(gone.sum())

    def search(self, vectors: Floats, k: int) -> tuple[Ids, Floats]:
        """ids int64[m, k], cosines float32[m, k]; best first, ties by id; missing: -1, -inf."""
        _ranking.check_k(k)
        queries = _ranking.check_rows(vectors, self._dim)
        if not len(self) or not len(queries):
            return _ranking.no_results(len(queries), k)
        depth = min(k + SPARE, len(self))
        width = max(_SEARCH, 2 * depth)
        near, positions = self._graph.search(queries, depth, params=self._params(width))
        rows = self._rows()

        def take(at: Positions) -> tuple[Ids, Floats]:
            return self._ids[at], rows[at]

        def scan(query: Floats, k: int) -> tuple[Ids, Floats]:
            return _scan(query, self._ids, rows, self._alive, k)

        return exact_order(Source(len(self), take, scan), queries, near, positions, k)

    def contents(self, parts: int) -> Iterator[tuple[Ids, Floats]]:
        """All ids with copies of their rows, dealt out into *parts*."""
        rows, alive = self._rows(), np.flatnonzero(self._alive)
        for start in range(parts):
            here = alive[start::parts]
            yield self._ids[here], rows[here]

    def state(self) -> State:
        """Its parts."""
        return {"ids": self._ids, "alive": self._alive}, self._graph

    def restore(self, arrays: Arrays, index: Any) -> None:
        """Become the index that had these parts."""
        self._ids, self._alive, self._graph = arrays["ids"], arrays["alive"], index

    def __len__(self) -> int:
        return int(self._alive.sum())

    def _empty(self) -> Any:
        graph = faiss.IndexHNSWFlat(self._dim, _LINKS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = _BUILD
        return graph

    def _rebuild(self) -> None:
        ((ids, rows),) = self.contents(1)
        self._ids, self._alive, self._graph = ids[:0], self._alive[:0], self._empty()
        self.add(ids, rows)

    def _params(self, width: int) -> Any:
        if self._alive.all():
            return faiss.SearchParametersHNSW(efSearch=width)
        mask = np.packbits(self._alive, bitorder="little")
        return faiss.SearchParametersHNSW(efSearch=width, sel=faiss.IDSelectorBitmap(mask))

    def _rows(self) -> Floats:
        """float32[n, dim], the graph's own memory, removed rows too: good until it changes."""
        store = faiss.downcast_index(self._graph.storage)
        flat = faiss.rev_swig_ptr(store.get_xb(), len(self._ids) * self._dim)
        rows: Floats = flat.reshape(len(self._ids), self._dim)
        return rows


def _scan(
    query: Floats, ids: Ids, rows: Floats, alive: npt.NDArray[np.bool_], k: int
) -> tuple[Ids, Floats]:
    """Exactly, over the rows that count, without a copy of them all."""
    near = np.where(alive, (rows @ query[0]), -np.inf)
    want = min(k, int(alive.sum()))
    least = np.partition(near, -want)[-want] - _ranking.NOISE
    close = np.flatnonzero(near >= least)
    return _ranking.scan(query, ids[close], rows[close], k)
