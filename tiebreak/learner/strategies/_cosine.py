"""Products of many unit vectors with many, in chunks that bound the memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tiebreak.domain.ports import Floats

_ENTRIES = 2**22
"""Numbers in one chunk of a product: 16 MiB of float32."""


def row_chunks(rows: int, columns: int) -> Iterator[slice]:
    """Slices of *rows* such that each has at most `_ENTRIES` numbers over *columns*."""
    step = max(1, _ENTRIES // max(1, columns))
    for start in range(0, rows, step):
        yield slice(start, start + step)


def closest(vectors: Floats, others: Floats) -> Floats:
    """The greatest cosine of each row to any of *others*, float32[n]; -inf if there are none."""
    out = np.full(len(vectors), -np.inf, dtype=np.float32)
    if len(others):
        for rows in row_chunks(len(vectors), len(others)):
            out[rows] = (vectors[rows] @ others.T).max(axis=1)
    return out
