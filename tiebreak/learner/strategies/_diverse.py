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


def with_rest(first: Sequence[int] | Positions, order: Positions) -> Positions:
    """*first*, then whatever of *order* is not among it, in order."""
    head = np.asarray(first, dtype=np.int64)
    return np.concatenate([head, order[~np.isin(order, head)]])
