"""The control arm: a uniform draw, the only selected labels that estimates may use."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def draw_control(
    ids: npt.NDArray[np.int64], n: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], float]:
    """Draw *n* of *ids* uniformly without replacement, before anything else is looked at.

    Args:
        ids: int64[N], every unlabelled record.
        n: how many; all of them where there are fewer.
        rng: the only chance in it.

    Returns:
        Positions in *ids*, ascending, and the probability n / N with which each record came in
        (0 when there is none).
    """
    drawn = min(n, len(ids))
    if drawn <= 0:
        return np.empty(0, dtype=np.int64), 0.0
    positions = rng.choice(len(ids), size=drawn, replace=False, shuffle=False)
    return np.sort(positions).astype(np.int64), drawn / len(ids)
