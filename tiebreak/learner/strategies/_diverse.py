"""Many unit vectors against many, in chunks that bound the memory, and batches whose records are
not near-duplicates while there is anything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from tiebreak.domain.arrays import Flags, Floats, Positions

NEAR = 0.97
"""Two records with a cosine above it say the same (`tiebreak.domain.ports.QueryStrategy`)."""
_CHUNK = 512
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


def distinct(vectors: Floats, order: Positions, n: int) -> tuple[Positions, int]:
    """The first *n* of *order* without near-duplicates, then, if short, with them.

    Returns the positions (fewer than *n* only if *order* is shorter) and how many of them, from
    the start, are pairwise distinct. If that is fewer than *n*, every other record of *order* is
    near to one of these.
    """
    kept: list[int] = []
    repeats: list[int] = []
    for start in range(0, len(order), _CHUNK):
        if len(kept) >= n:
            break
        chunk = order[start : start + _CHUNK]
        rows = vectors[chunk]
        blocked = np.any(rows @ vectors[kept].T > NEAR, axis=1)
        alike = np.asarray(rows @ rows.T > NEAR)
        new: list[int] = []  # places in this chunk
        for at in range(len(chunk)):
            if len(kept) + len(new) >= n:
                break
            if blocked[at]:
                repeats.append(int(chunk[at]))
            else:
                new.append(at)
                blocked |= alike[at]
        kept += chunk[new].tolist()
    fill = repeats[: max(0, n - len(kept))]
    return np.array([*kept, *fill], dtype=np.int64), len(kept)


class Apart:
    """Who of n records may still join a batch that grows by one pick at a time."""

    def __init__(self, n: int) -> None:
        self._taken = np.zeros(n, dtype=bool)
        self._near = np.zeros(n, dtype=bool)

    def open(self) -> Flags:
        """bool[n]: not taken and near to nothing taken; if there is none, all not taken."""
        apart = ~(self._taken | self._near)
        return apart if apart.any() else ~self._taken

    def take(self, position: int, cosines: Floats) -> None:
        """Take a record; *cosines* float32[n] are of all records to it."""
        self._taken[position] = True
        self._near |= cosines > NEAR


def first_of_best(values: npt.NDArray[np.floating], open_: Flags, rank: Positions) -> int:
    """The open position of the greatest value; of equals the one of least *rank*, int64[n]."""
    at = np.flatnonzero(open_)
    best = at[values[at] == values[at].max()]
    return int(best[rank[best].argmin()])


def with_rest(first: Sequence[int] | Positions, order: Positions) -> Positions:
    """*first*, then whatever of *order* is not among it, in order."""
    head = np.asarray(first, dtype=np.int64)
    return np.concatenate([head, order[~np.isin(order, head)]])
