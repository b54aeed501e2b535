"""Search with FAISS (Douze et al., "The Faiss library", 2024): exact, and by inverted lists.

FAISS proposes, the shortlist is scored again: its float32 products leave open which of several
equal rows is first. FAISS holds the ids as well, so a file of its own format is the whole index.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import faiss as _faiss
import numpy as np

from tiebreak.domain.arrays import Floats, Ids
from tiebreak.errors import UsageError
from tiebreak.retrieval import ranking

faiss: Any = _faiss  # its stubs lack half of what is used here

SPARE = 32
"""Results to ask for beyond k, enough to see where the ties with the k-th end."""

RENEW = 3
"""Lists are made again when there should be so many times as many: about nine times the rows."""

_PARTS = 8  # in which many rows are handed over, so that few stand in memory a second time
_WHOLE = 50_000  # rows, 77 MB at 384 numbers, that need no parts
_SAMPLE = 64  # rows a list that its centre is learned from, as FAISS's guidelines have it
_ROUNDS = 10
_PROBES = 16  # lists looked into: recall@10 .98 on 36,000 banking and assistant questions


class FaissIndex:
    """Implements `tiebreak.domain.ports.VectorIndex`; about 4 · dim bytes a row.

    From ``lists_at`` rows on it is approximate: inverted lists (Sivic & Zisserman, "Video Google",
    ICCV 2003) around k-means centres, of which a search looks into the few nearest to the query.
    It never becomes exact again: what shrinks has been large and may be so again.

    Args:
        dim: numbers in a vector.
        lists_at: None for an index that is always exact.
    """

    def __init__(self, dim: int, lists_at: int | None = None) -> None:
        self.dim = dim
        self.lists_at = lists_at
        self.index = _empty(dim, 0)
        """FAISS's: an `IndexIDMap2` over an `IndexFlatIP`, or an `IndexIVFFlat`."""

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows; ids must be new and not negative, or it is a `UsageError`."""
        rows = ranking.check_rows(vectors, self.dim)
        new = ranking.check_new(self._ids(), ids, len(rows))
        if len(new):
            self.index.add_with_ids(rows, new)
        wanted = self._lists_for(len(self))
        if wanted and wanted >= RENEW * self._lists:
            self.index = self._built(np.sort(self._ids()), self.index.reconstruct_batch)

    def fill(self, n: int, take: Callable[[Ids], Floats]) -> None:
        """Put rows 0 to n - 1, which are their ids, into an empty index, at once.

        As if added, but without what it would be at smaller sizes, which would take time and
        memory. *take* gives the rows float32[m, dim] at ascending positions.
        """
        if len(self):
            raise UsageError("An index that holds rows cannot be filled.", mend="Add to it.")
        self.index = self._built(np.arange(n, dtype=np.int64), take)

    def remove(self, ids: Ids) -> int:
        """Take rows out; returns how many of the ids were there."""
        present = np.intersect1d(np.asarray(ids, dtype=np.int64), self._ids())
        if len(present):  # lists with a table of ids take no other selector
            select = faiss.IDSelectorArray if self._lists else faiss.IDSelectorBatch
            self.index.remove_ids(select(present))
        return len(present)

    def search(self, vectors: Floats, k: int) -> tuple[Ids, Floats]:
        """ids int64[m, k], cosines float32[m, k]; best first, ties by id; missing: -1, -inf."""
        ranking.check_k(k)
        queries = ranking.check_rows(vectors, self.dim)
        ids, cosines = ranking.no_results(len(queries), k)
        if not len(self) or not len(queries):
            return ids, cosines
        want = min(k, len(self))
        products, near = self.index.search(queries, min(k + SPARE, len(self)))
        floor = products[:, want - 1] - ranking.NOISE
        count = (near >= 0).sum(axis=1)
        # a last column that is missing or clearly worse proves that all the ties are here
        whole = (count < near.shape[1]) | (products[:, -1] < floor) | (count == len(self))
        for at in range(len(queries)):
            if whole[at] and count[at] >= want:
                shortlist = near[at, (near[at] >= 0) & (products[at] >= floor[at])]
            else:
                shortlist = self._scanned(queries[at : at + 1], want)
            scores = ranking.scores(queries[at], self.index.reconstruct_batch(shortlist))
            ranking.put_results(ids, cosines, at, shortlist, scores)
        return ids, cosines

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def _scanned(self, query: Floats, k: int) -> Ids:
        """Ids of the *k* nearest of all rows and of every row that is as near, in any order."""
        every = faiss.SearchParametersIVF(nprobe=self._lists) if self._lists else None
        products, _ = self.index.search(query, k, params=every)
        radius = float(products[0, -1]) - ranking.NOISE
        _, _, ids = self.index.range_search(query, radius, params=every)
        close: Ids = ids
        return close

    @property
    def _lists(self) -> int:
        """How many lists there are; 0 while it is exact."""
        return int(getattr(self.index, "nlist", 0))

    def _lists_for(self, size: int) -> int:
        """How many lists so many rows should have."""
        if self.lists_at is None or size < self.lists_at:
            return 0
        return max(1, min(round(4 * math.sqrt(size)), size // 8))

    def _built(self, ids: Ids, take: Callable[[Ids], Floats]) -> Any:
        """An index of FAISS's of these rows; every part of them is a fair sample to learn from."""
        index = _empty(self.dim, self._lists_for(len(ids)))
        parts = min(_PARTS, 1 + len(ids) // _WHOLE) if len(ids) else 0
        for start in range(parts):
            part = np.ascontiguousarray(ids[start::parts])
            # through a call, so that no part is in memory while the next one is taken
            _learn(index, part, ranking.check_rows(take(part), self.dim))
        return index

    def _ids(self) -> Ids:
        """The ids of all rows, in no order."""
        if not self._lists:
            ids: Ids = faiss.vector_to_array(self.index.id_map)
            return ids
        lists = self.index.invlists
        sizes = [lists.list_size(at) for at in range(self._lists)]
        filled = [(at, size) for at, size in enumerate(sizes) if size]
        return np.concatenate(
            [np.zeros(0, dtype=np.int64)]
            + [faiss.rev_swig_ptr(lists.get_ids(at), size) for at, size in filled]
        )


def _learn(index: Any, ids: Ids, rows: Floats) -> None:
    """Add rows to an index of FAISS's, trained on them if it is not yet."""
    if not index.is_trained:
        index.train(rows)
    index.add_with_ids(rows, ids)


def _empty(dim: int, lists: int) -> Any:
    """An index of FAISS's without rows; exact where *lists* is 0, else to be trained."""
    exact = faiss.IndexFlatIP(dim)
    if not lists:
        return faiss.IndexIDMap2(exact)
    index = faiss.IndexIVFFlat(exact, dim, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = _ROUNDS
    index.cp.min_points_per_centroid = 1  # or it warns on stderr
    index.cp.max_points_per_centroid = _SAMPLE
    index.nprobe = _PROBES
    # rows are found by id, to be scored again and to be removed
    index.set_direct_map_type(faiss.DirectMap.Hashtable)
    return index
