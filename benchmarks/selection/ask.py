"""One way to ask any library for a batch: `asker` makes it, ``ask`` answers with positions.

An asker lives as long as a job, as a library's strategy object does in its users' loops (some keep
distances between batches). Scoring the pool with the head is part of the question, for all alike.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from benchmarks.selection.contenders import OURS, RANDOM, SKA
from tiebreak.domain.ports import Head, Pool
from tiebreak.learner.calibration import softmax
from tiebreak.registry import find


class Asker(Protocol):
    """Chooses from a pool that it was made with."""

    def ask(
        self,
        open_ids: np.ndarray,
        chosen: np.ndarray,
        targets: np.ndarray,
        head: Head | None,
        n: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """*n* positions out of *open_ids*.

        *chosen* are taken already; the first ``len(targets)`` of them have these labels.
        """
        ...


class Ours:
    """A strategy of the registry; one object serves all batches, it keeps nothing."""

    def __init__(self, name: str, vectors: np.ndarray, classes: tuple[str, ...]) -> None:
        self._strategy = find("strategies", name)()
        self._vectors, self._classes = vectors, classes

    def ask(
        self,
        open_ids: np.ndarray,
        chosen: np.ndarray,
        targets: np.ndarray,
        head: Head | None,
        n: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See `Asker`."""
        vectors = self._vectors[open_ids]
        pool = Pool(
            vectors=vectors,
            labelled=self._vectors[chosen],
            probabilities=None if head is None else softmax(head.logits(vectors)),
            n_classes=len(self._classes),
            labels=tuple(self._classes[t] for t in targets.tolist()),
            head=head,
        )
        picks = self._strategy.query(pool, n, rng)
        return open_ids[[pick.position for pick in picks]]


def asker(
    library: str, strategy: str, vectors: np.ndarray, classes: tuple[str, ...], seed: int
) -> Asker:
    """The asker of a library's strategy over a pool float32[n, d]; "random" is ours."""
    if library == OURS or strategy == "random":
        return Ours(RANDOM if strategy == "random" else strategy, vectors, classes)
    if library == SKA:
        from benchmarks.selection.peer_skactiveml import Skactiveml

        return Skactiveml(strategy, vectors, len(classes), seed)
    from benchmarks.selection.peer_small_text import SmallText

    return SmallText(strategy, vectors, len(classes), seed)
