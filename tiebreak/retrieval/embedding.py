"""The step that gives every text its vector: once for each content hash, safe to kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tiebreak.domain.arrays import Floats, Hashes, Positions
from tiebreak.domain.ports import Embedder, Progress

CHUNK = 256
"""Texts embedded and flushed at a time: what a kill can cost, and what memory holds."""

Texts = Callable[[Positions], Sequence[str]]
"""The texts at some positions of the record table, in that order."""


class VectorCache(Protocol):
    """Where vectors are kept by content hash (`tiebreak.store.vectors.VectorFile`)."""

    def missing(self, hashes: Hashes) -> Positions:
        """Positions whose hash has no vector; of equal hashes the first only."""
        ...

    def append(self, hashes: Hashes, rows: Floats) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbedReport:
    """What embedding did. ``reused`` counts records that needed no work: their text had a vector,
    or another record has the same text. ``cut``: of the embedded texts, those longer than the
    encoder's window of ``window`` tokens."""

    embedder: str
    window: int
    embedded: int
    reused: int
    cut: int
    seconds: float

    @property
    def texts_per_second(self) -> float:
        """Throughput; 0.0 if nothing was embedded."""
        return self.embedded / self.seconds if self.embedded and self.seconds else 0.0


def embed_missing(
    hashes: Hashes,
    texts: Texts,
    vectors: VectorCache,
    embedder: Embedder,
    progress: Progress,
    *,
    chunk: int = CHUNK,
    timer: Callable[[], float] = time.perf_counter,
) -> EmbedReport:
    """Embed the texts whose content hash (V32[n], in record order) has no vector yet.

    Chunks follow record order and each is flushed, so a killed run goes on where it stopped and
    ends with the same bytes.
    """
    todo = vectors.missing(hashes)
    begun = timer()
    cut = 0
    progress.start("embed", len(todo))
    for start in range(0, len(todo), chunk):
        positions = todo[start : start + chunk]
        batch = texts(positions)
        vectors.append(hashes[positions], embedder.embed(batch))
        cut += embedder.cut(batch)
        progress.advance(len(positions))
    progress.done()
    return EmbedReport(
        embedder=embedder.id,
        window=embedder.window,
        embedded=len(todo),
        reused=len(hashes) - len(todo),
        cut=cut,
        seconds=timer() - begun,
    )
