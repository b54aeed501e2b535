"""Leave near-duplicates out of a batch while there is anything else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Floats

NEAR = 0.97
"""Two records with a cosine above it say the same (`tiebreak.domain.ports.QueryStrategy`)."""
_CHUNK = 512

Positions = npt.NDArray[np.int64]


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

    def open(self) -> npt.NDArray[np.bool_]:
        """bool[n]: not taken and near to nothing taken; if there is none, all not taken."""
        apart = ~(self._taken | self._near)
        return apart if apart.any() else ~self._taken

    def take(self, position: int, cosines: Floats) -> None:
        """Take a record; *cosines* float32[n] are of all records to it."""
        self._taken[position] = True
        self._near |= cosines > NEAR


def first_of_best(
    values: npt.NDArray[np.floating], open_: npt.NDArray[np.bool_], lot: Positions
) -> int:
    """The open position of the greatest value; of equals the one with the least *lot*, int64[n]."""
    at = np.flatnonzero(open_)
    best = at[values[at] == values[at].max()]
    return int(best[lot[best].argmin()])


def with_rest(first: Sequence[int] | Positions, order: Positions) -> Positions:
    """*first*, then whatever of *order* is not among it, in order."""
    head = np.asarray(first, dtype=np.int64)
    return np.concatenate([head, order[~np.isin(order, head)]])
