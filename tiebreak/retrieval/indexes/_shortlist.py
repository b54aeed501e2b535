"""Exact order among the candidates that an index of FAISS returned.

FAISS gives float32 products, and of several rows with an equal product any. So a query's answer is
made from the candidates that could be among its best ``k``, each scored again from its row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tiebreak.domain.ports import Floats
from tiebreak.retrieval.indexes import _ranking
from tiebreak.retrieval.indexes._ranking import Ids, Positions

SPARE = 32
"""Results to ask for beyond k, enough to see where the ties with the k-th end."""

Keys = Positions
"""What FAISS calls a row: its position, or its id; -1 for nothing."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where candidates come from: ``take`` gives ids int64[c] and rows float32[c, d] of keys;
    ``scan`` answers one query, float32[1, d], exactly, from all rows that count."""

    size: int
    take: Callable[[Keys], tuple[Ids, Floats]]
    scan: Callable[[Floats, int], tuple[Ids, Floats]]


def exact_order(
    source: Source, queries: Floats, near: Floats, keys: Keys, k: int
) -> tuple[Ids, Floats]:
    """ids int64[m, k], cosines float32[m, k] as in `VectorIndex`.

    Args:
        source: what was searched.
        queries: float32[m, d].
        near: float32[m, c], c >= min(k, size), products of the candidates, best first.
        keys: int64[m, c], the candidates, those missing (-1) last.
        k: neighbours wanted.

    A query with fewer candidates than the index could give, or with more ties than were
    returned, is scanned.
    """
    found, cosines = _ranking.no_results(len(queries), k)
    want = min(k, source.size)
    if not want:
        return found, cosines
    got = (keys >= 0).sum(axis=1)
    least = near[:, want - 1] - _ranking.NOISE
    # a last column that is missing or clearly worse proves that all the ties are here
    whole = (got < near.shape[1]) | (near[:, -1] < least) | (got == source.size)
    for at in range(len(queries)):
        if got[at] >= want and whole[at]:
            close = keys[at, (near[at] >= least[at]) & (keys[at] >= 0)]
            ids, rows = source.take(close)
            _ranking.put_results(found, cosines, at, ids, _ranking.scores(queries[at], rows))
        else:
            one = slice(at, at + 1)
            found[one], cosines[one] = source.scan(queries[one], k)
    return found, cosines
