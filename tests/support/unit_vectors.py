"""Unit vectors for tests: random ones, and sets full of exact and near copies."""

from __future__ import annotations

import numpy as np


def unit_rows(rng: np.random.Generator, n: int, dim: int) -> np.ndarray:
    """float32[n, dim] random rows of length 1."""
    rows = rng.normal(size=(n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True).astype(np.float32)


def with_copies(rng: np.random.Generator, n: int, dim: int, distinct: int) -> np.ndarray:
    """float32[n, dim] rows drawn from only *distinct* different ones, so ties abound."""
    return unit_rows(rng, distinct, dim)[rng.integers(distinct, size=n)]


def near_to(row: np.ndarray, cosine: float, rng: np.random.Generator) -> np.ndarray:
    """A unit row at this cosine to *row*."""
    other = rng.normal(size=row.shape)
    other -= (other @ row) * row
    other /= np.linalg.norm(other)
    made = cosine * row.astype(np.float64) + np.sqrt(1 - cosine**2) * other
    return made.astype(np.float32)


def hashes_of(*names: str) -> np.ndarray:
    """Content hashes (V32) of texts."""
    from tiebreak.domain.records import content_hash

    raw = b"".join(bytes.fromhex(content_hash(name)) for name in names)
    return np.frombuffer(raw, dtype="V32")


def clustered(rng: np.random.Generator, n: int, dim: int, clusters: int = 100) -> np.ndarray:
    """float32[n, dim] unit rows in clusters that vary along a few directions, as embeddings do."""
    centres = rng.normal(size=(clusters, dim))
    directions = rng.normal(size=(clusters, 8, dim)) * 0.35
    of = rng.integers(clusters, size=n)
    rows = centres[of] + 0.15 * rng.normal(size=(n, dim))
    rows += np.einsum("nj,njd->nd", rng.normal(size=(n, 8)), directions[of])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
