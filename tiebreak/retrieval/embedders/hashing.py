"""Hashed character n-grams: an encoder without weights, for tests and as a floor to compare with.

It knows spelling, not meaning: use it where a run must be fast and the same everywhere. Signed
feature hashing as in Weinberger et al., "Feature Hashing for Large Scale Multitask Learning"
(ICML 2009), over the code points of the lower-cased text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tiebreak.domain.arrays import Floats
from tiebreak.errors import UsageError

_SIZES = (3, 4, 5)
_EDGES = ("\x02\x02", "\x03\x03")  # mark both ends, so that every text has an n-gram
_WINDOW = 4096


def create(
    name: str = "hashing", batch_size: int = 64, dim: int = 384, threads: int = 0
) -> HashingEmbedder:
    """Make the encoder of so many numbers; it takes the rest to be called as others are."""
    del name, batch_size, threads
    return HashingEmbedder(dim)


class HashingEmbedder:
    """Texts to ``dim`` signed n-gram counts, normalised. A token is a character here."""

    def __init__(self, dim: int) -> None:
        if dim < 2:
            raise UsageError(f"dim = {dim!r} is too small.", mend="Give 2 or more.")
        self.id = f"hashing-{''.join(map(str, _SIZES))}-{dim}"
        self.dim = dim
        self.window = _WINDOW

    def embed(self, texts: Sequence[str]) -> Floats:
        """float32[n, dim], L2-normalised; equal texts give equal bytes, in any company."""
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            hashed = _hashes(text)
            signs = np.where(hashed >> np.uint64(63), -1.0, 1.0)
            buckets = (hashed % np.uint64(self.dim)).astype(np.intp)
            counts = np.bincount(buckets, signs, self.dim)
            length = float(np.linalg.norm(counts))
            if length:
                row[:] = counts / length
            else:  # every count met its opposite
                row[0] = 1.0
        return rows

    def cut(self, texts: Sequence[str]) -> int:
        """How many texts are longer than the window, of which the rest is not read."""
        return sum(len(text) > self.window for text in texts)


def _hashes(text: str) -> npt.NDArray[np.uint64]:
    """One 64-bit number for each n-gram of the text."""
    marked = f"{_EDGES[0]}{text[:_WINDOW].lower()}{_EDGES[1]}"
    points = np.frombuffer(marked.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    hashed = []
    for size in _SIZES:
        grams = np.full(max(0, len(points) - size + 1), size, dtype=np.uint64)
        for at in range(size):
            grams = _mix(grams ^ points[at : at + len(grams)])
        hashed.append(grams)
    return np.concatenate(hashed)


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    x = (x + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
