"""Near duplicates: each record that says almost what an earlier one says is linked to it.

Leader clustering (Hartigan, "Clustering Algorithms", 1975, ch. 3) in id order: a record joins the
earliest leader within the threshold, else it becomes a leader. So a link never ends at a linked
record, and both of its ends are truly similar, which chains of neighbours would not promise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Floats
from tiebreak.domain.records import Link
from tiebreak.errors import UsageError
from tiebreak.retrieval.ranking import NOISE, Positions, blocks, scores

THRESHOLD = 0.97
_ROWS = 512  # asked at once, of 16 times as many leaders: 16 MB of products


def near_duplicates(
    ids: npt.NDArray[np.int64],
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
    old = int(np.searchsorted(ids, after, side="right"))
    leaders = _Leaders(rows, old)
    links: list[Link] = []
    for start, stop in blocks(len(ids) - old, _ROWS):
        block = np.arange(old + start, old + stop)
        for position, leader, cosine in leaders.take(block, threshold):
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

    def __init__(self, rows: Floats, old: int) -> None:
        self._rows = rows
        self._positions = np.arange(len(rows))
        self._own = np.empty_like(rows)
        self._own[:old] = rows[:old]
        self._n = old

    def take(self, block: Positions, threshold: float) -> list[tuple[int, int, float]]:
        """Ask each position of the block; (position, its leader, cosine) of those that have one."""
        led: dict[int, tuple[int, float]] = {}
        for start, stop in blocks(self._n, 16 * _ROWS):
            free = np.array([p for p in block if p not in led], dtype=np.int64)
            product = self._rows[free] @ self._own[start:stop].T
            for row, column in np.argwhere(product > threshold - NOISE):
                self._try(led, int(free[row]), int(self._positions[start + column]), threshold)
        product = self._rows[block] @ self._rows[block].T
        for row, position in enumerate(block):
            for column in np.flatnonzero(product[row, :row] > threshold - NOISE):
                if block[column] not in led:
                    self._try(led, int(position), int(block[column]), threshold)
        fresh = np.array([p for p in block if p not in led], dtype=np.int64)
        end = self._n + len(fresh)
        self._own[self._n : end], self._positions[self._n : end] = self._rows[fresh], fresh
        self._n = end
        return [(p, *led[p]) for p in block.tolist() if p in led]

    def _try(self, led: dict[int, tuple[int, float]], one: int, leader: int, least: float) -> None:
        """Let *one* follow *leader* if it follows nobody yet and they are truly alike."""
        if one in led:
            return
        cosine = float(scores(self._rows[one], self._rows[leader : leader + 1])[0])
        if cosine > least:
            led[one] = (leader, cosine)
