"""Near duplicates: each record that says almost what an earlier one says is linked to it.

Leader clustering (Hartigan, "Clustering Algorithms", 1975, ch. 3) in id order: a record joins the
earliest leader within the threshold, else it becomes a leader. So a link never ends at a linked
record, and both of its ends are truly similar, which chains of neighbours would not promise.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.arrays import Floats, Ids, Positions
from tiebreak.domain.records import Link
from tiebreak.errors import UsageError
from tiebreak.retrieval.ranking import NOISE, blocks, scores

THRESHOLD = 0.97
_ROWS = 512  # asked at once, of 16 times as many leaders: 16 MB of products


def near_duplicates(
    ids: Ids,
    vectors: Floats,
    *,
    threshold: float = THRESHOLD,
    after: int = 0,
) -> list[Link]:
    """Links (kind ``near``) from later records to the leaders that they repeat, by record id.

    Args:
        ids: int64[n], unique; lower is earlier.
        vectors: float32[n, d], unit length; ``vectors[i]`` belongs to ``ids[i]``.
        threshold: a pair is alike if its cosine is above this.
        after: records with an id up to this one were asked before: they are looked at as
            possible leaders (leave out those that have a link), but get no link themselves.

    Time grows with the square of n in the worst case, memory does not.
    """
    if len(ids) != len(vectors):
        raise UsageError(f"{len(ids)!r} ids for {len(vectors)!r} vectors.", mend="Give one each.")
    order = np.argsort(ids, kind="stable")
    ids, rows = ids[order], np.asarray(vectors, dtype=np.float32)[order]
    known = int(np.searchsorted(ids, after, side="right"))
    leaders = _Leaders(rows, known)
    links: list[Link] = []
    for start, stop in blocks(len(ids) - known, _ROWS):
        block = np.arange(known + start, known + stop)
        for position, leader, cosine in leaders.assign(block, threshold):
            links.append(
                Link(
                    record_id=int(ids[position]),
                    of_id=int(ids[leader]),
                    kind="near",
                    similarity=cosine,
                )
            )
    return links


class _Leaders:
    """The leaders so far, by position in *rows*, with their rows side by side."""

    def __init__(self, rows: Floats, known: int) -> None:
        self._rows = rows
        self._positions = np.arange(len(rows))
        self._leader_rows = np.empty_like(rows)
        self._leader_rows[:known] = rows[:known]
        self._n = known

    def assign(self, block: Positions, threshold: float) -> list[tuple[int, int, float]]:
        """(position, its leader, cosine) of those in the block that have one; the others lead."""
        links: dict[int, tuple[int, float]] = {}
        for start, stop in blocks(self._n, 16 * _ROWS):
            free = np.array([p for p in block if p not in links], dtype=np.int64)
            product = self._rows[free] @ self._leader_rows[start:stop].T
            for row, column in np.argwhere(product > threshold - NOISE):
                leader = int(self._positions[start + column])
                self._link(links, int(free[row]), leader, threshold)
        product = self._rows[block] @ self._rows[block].T
        for row, position in enumerate(block):
            for column in np.flatnonzero(product[row, :row] > threshold - NOISE):
                if block[column] not in links:
                    self._link(links, int(position), int(block[column]), threshold)
        fresh = np.array([p for p in block if p not in links], dtype=np.int64)
        end = self._n + len(fresh)
        self._leader_rows[self._n : end] = self._rows[fresh]
        self._positions[self._n : end] = fresh
        self._n = end
        return [(p, *links[p]) for p in block.tolist() if p in links]

    def _link(
        self, links: dict[int, tuple[int, float]], position: int, leader: int, threshold: float
    ) -> None:
        """Let *position* follow *leader* if it follows nobody yet and they are truly alike."""
        if position in links:
            return
        cosine = float(scores(self._rows[position], self._rows[leader : leader + 1])[0])
        if cosine > threshold:
            links[position] = (leader, cosine)
