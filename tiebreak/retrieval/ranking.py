"""The order of search results: exact cosines, best first, ties by id, whatever found them.

A float32 matrix product gives two equal rows cosines that differ in the last bit, depending on
where they stand. So products only shortlist; each shortlisted pair is scored again by itself in
float64, and equal rows are equal.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tiebreak.domain.arrays import Floats, Ids
from tiebreak.errors import UsageError

NOISE = 1e-5
"""More than float32 products of unit vectors err by."""

_BLOCK = 1 << 24  # cells of a product held at once: 64 MB


def scores(query: Floats, rows: Floats) -> Floats:
    """float32[n] inner products of one query with *rows*, each rounded from its float64 value."""
    exact = np.einsum("ij,j->i", rows.astype(np.float64), query.astype(np.float64))
    return np.asarray(exact, dtype=np.float32)


def scan(queries: Floats, ids: Ids, rows: Floats, k: int) -> tuple[Ids, Floats]:
    """Brute force over all rows; ids int64[m, k], cosines float32[m, k] as in `VectorIndex`."""
    nearest, cosines = no_results(len(queries), k)
    if not len(rows):
        return nearest, cosines
    for start, stop in blocks(len(queries), max(1, _BLOCK // len(rows))):
        for at, row in enumerate(queries[start:stop] @ rows.T, start):
            least = np.partition(row, -k)[-k] if k < len(rows) else -np.inf
            near = np.flatnonzero(row >= least - NOISE)
            put_results(nearest, cosines, at, ids[near], scores(queries[at], rows[near]))
    return nearest, cosines


def no_results(m: int, k: int) -> tuple[Ids, Floats]:
    """Results that hold nothing yet."""
    return np.full((m, k), -1, dtype=np.int64), np.full((m, k), -np.inf, dtype=np.float32)


def put_results(nearest: Ids, cosines: Floats, at: int, ids: Ids, scored: Floats) -> None:
    """Write the best of the shortlist as result row *at*."""
    order = np.lexsort((ids, -scored))[: nearest.shape[1]]
    nearest[at, : len(order)] = ids[order]
    cosines[at, : len(order)] = scored[order]


def blocks(n: int, size: int) -> Iterator[tuple[int, int]]:
    """[start, stop) pairs that cover range(n)."""
    for start in range(0, n, size):
        yield start, min(n, start + size)


def check_rows(vectors: Floats, dim: int) -> Floats:
    """The vectors as contiguous float32[n, dim], or a `UsageError`."""
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise UsageError(
            f"Vectors of shape {vectors.shape!r} do not fit an index of dimension {dim!r}.",
            mend="Embed with the encoder that the index was made for.",
        )
    return np.ascontiguousarray(vectors, dtype=np.float32)


def check_new(known: Ids, ids: Ids, n: int) -> Ids:
    """The *n* ids to add as int64, or a `UsageError` if any is known, twice there or negative."""
    new = np.asarray(ids, dtype=np.int64)
    if new.shape != (n,):
        raise UsageError(f"Ids of shape {new.shape!r} for {n!r} vectors.", mend="Give one each.")
    values, counts = np.unique(new, return_counts=True)
    wrong = values[(counts > 1) | (values < 0) | np.isin(values, known)]
    if len(wrong):
        raise UsageError(
            f"Id {int(wrong[0])!r} is in the index already, given twice or negative.",
            mend="Remove it first, or give another.",
        )
    return new


def check_k(k: int) -> None:
    """A search asks for one neighbour or more."""
    if k < 1:
        raise UsageError(f"k = {k!r} neighbours cannot be searched.", mend="Give 1 or more.")
