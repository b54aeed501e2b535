"""Groups of far texts that are alike: a label that the schema may lack.

One far text is an oddity, ten that are alike are a kind. Greedy leader groups: the far text with
the most others within the cosine leads the first group, those leave, and so on. So each member is
truly like its leader, which chains of neighbours (single linkage) would not promise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Positions
from tiebreak.errors import UsageError

COSINE = 0.6
MIN_GROUP = 10
MAX_GROUP = 5_000
"""Far texts looked at: 25 MB of pairs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Positions int64[m] of a group's rows, its leader first, then from most to least alike it;
    ``cosine`` is the mean cosine of the others to the leader."""

    members: Positions
    cosine: float


def find_novel_groups(
    vectors: Floats,
    distances: Floats64,
    far: float,
    *,
    cosine: float = COSINE,
    least: int = MIN_GROUP,
) -> list[Group]:
    """Groups of *least* or more rows beyond the distance *far*, largest first.

    Of more than 5,000 such rows only the farthest are looked at. Equal counts go to the farther
    row, then to the earlier one.

    Args:
        vectors: float32[n, d] unit vectors of new records.
        distances: float64[n], how far each is from what was known.
        far: rows above this are far, for instance the reference's 99th percentile.
        cosine: a member's cosine to its leader is at least this.
        least: members of the smallest group.
    """
    if len(vectors) != len(distances):
        raise UsageError(
            f"{len(vectors)} vectors came with {len(distances)} distances.", mend="Give one each."
        )
    order = np.argsort(-distances, kind="stable")
    order = order[distances[order] > far][:MAX_GROUP]
    rows = vectors[order]
    like = np.empty((len(rows), len(rows)), dtype=np.bool_)
    for start in range(0, len(rows), 512):
        like[start : start + 512] = rows[start : start + 512] @ rows.T >= cosine
    np.fill_diagonal(like, True)
    groups: list[Group] = []
    size = like.sum(axis=1)
    while len(rows) and size.max() >= least:
        leader = int(size.argmax())
        members = np.flatnonzero(like[leader])
        near = rows[members] @ rows[leader]
        near[members == leader] = 2.0  # first, whatever rounding says of its own cosine
        members = members[np.argsort(-near, kind="stable")]
        mean = float(np.sort(near)[:-1].mean()) if len(members) > 1 else 1.0
        groups.append(Group(members=order[members].astype(np.int64), cosine=mean))
        like[:, members] = False
        like[members] = False
        size = like.sum(axis=1)
    return groups
