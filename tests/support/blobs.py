"""Unit vectors in well-parted groups, for tests of heads and strategies."""

from __future__ import annotations

import numpy as np


def blobs(
    rng: np.random.Generator, sizes: list[int], dim: int = 16, noise: float = 0.15
) -> tuple[np.ndarray, np.ndarray]:
    """float32[n, dim] unit vectors, group by group, and int64[n] the group of each.

    The groups' centres are axes, so no two groups are alike; *noise* is per number.
    """
    of = np.repeat(np.arange(len(sizes)), sizes)
    rows = np.eye(dim)[of] + noise * rng.normal(size=(len(of), dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), of
