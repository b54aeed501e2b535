"""An index that changes its kind as it grows: exact while that is fast, approximate after.

It never changes back: what shrinks has been large and may be so again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Floats, VectorIndex
from tiebreak.errors import UsageError
from tiebreak.retrieval.indexes import _ranking
from tiebreak.retrieval.indexes._ranking import Ids, Positions

PARTS = 8
"""Parts in which many rows are handed over: what a change of kind takes beyond both is one."""

_WHOLE = 50_000  # rows, 77 MB at 384 numbers, that need no parts

RENEW = 8
"""An index that was trained is made again when it holds so many times the rows it learned from."""


Arrays = Mapping[str, npt.NDArray[Any]]
State = tuple[Arrays, Any]
"""What an index is made of: plain arrays by name, and an index of FAISS's."""


class IndexStage(VectorIndex, Protocol):
    """A kind of index that can hand over what it holds, and be made again of its parts."""

    def contents(self, parts: int) -> Iterator[tuple[Ids, Floats]]:
        """All ids with their rows, dealt out into *parts*: each is a fair sample of all."""
        ...

    def state(self) -> State:
        """Its parts; do not change the index meanwhile."""
        ...

    def restore(self, arrays: Arrays, index: Any) -> None:
        """Become what had these parts."""
        ...


Make = Callable[[int], IndexStage]
"""Makes an empty stage for about so many rows."""


class GrowingIndex:
    """Implements `tiebreak.domain.ports.VectorIndex` by the stage that fits the number of rows.

    Args:
        dim: numbers in a vector.
        stages: (rows from which it is used, how to make it), ascending, the first from 0.
    """

    def __init__(self, dim: int, stages: Sequence[tuple[int, Make]]) -> None:
        self._dim = dim
        self._stages = list(stages)
        self._at = 0
        self._made_for = 1
        self._now = stages[0][1](0)

    @property
    def stage(self) -> IndexStage:
        """The index in use now."""
        return self._now

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows; ids must be new and not negative, or it is a `UsageError`."""
        rows = _ranking.check_rows(vectors, self._dim)
        self._now.add(ids, rows)
        size = len(self._now)
        fits = self._fit(size)
        outgrown = self._at > 0 and size >= RENEW * self._made_for
        if fits > self._at or outgrown:
            self._at = max(fits, self._at)
            self._move(size)

    def fill(self, n: int, take: Callable[[Positions], Floats]) -> None:
        """Put rows 0 to n - 1, which are their ids, into an empty index, at once.

        As if added, but without the kinds between, which would take their time and memory.
        *take* gives the rows float32[m, dim] at ascending positions.
        """
        if len(self):
            raise UsageError("An index that holds rows cannot be filled.", mend="Add to it.")
        self._at = self._fit(n)
        self._now, self._made_for = self._stages[self._at][1](n), max(1, n)
        parts = min(PARTS, 1 + n // _WHOLE)
        for start in range(parts):
            ids = np.arange(start, n, parts, dtype=np.int64)
            self._now.add(ids, _ranking.check_rows(take(ids), self._dim))

    def state(self) -> State:
        """Its parts: those of the stage in use, and which one that is."""
        arrays, index = self._now.state()
        return {**arrays, "stage": np.array([self._at, self._made_for], dtype=np.int64)}, index

    def restore(self, arrays: Arrays, index: Any) -> None:
        """Become the index that had these parts."""
        at, made_for = arrays["stage"].tolist()
        stage = self._stages[at][1](made_for)
        stage.restore(arrays, index)
        self._at, self._made_for, self._now = at, made_for, stage

    def remove(self, ids: Ids) -> int:
        """Take rows out; returns how many of the ids were there."""
        return self._now.remove(ids)

    def search(self, vectors: Floats, k: int) -> tuple[Ids, Floats]:
        """ids int64[m, k], cosines float32[m, k]; best first, ties by id; missing: -1, -inf."""
        return self._now.search(vectors, k)

    def __len__(self) -> int:
        return len(self._now)

    def _fit(self, size: int) -> int:
        return max(i for i, (least, _) in enumerate(self._stages) if least <= size)

    def _move(self, size: int) -> None:
        made = self._stages[self._at][1](size)
        for ids, rows in self._now.contents(min(PARTS, 1 + size // _WHOLE)):
            made.add(ids, rows)
        self._now, self._made_for = made, size
