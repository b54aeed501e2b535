"""How much of the truth an approximate index finds."""

from __future__ import annotations

import numpy as np

from tiebreak.domain.ports import Floats, VectorIndex


def recall(index: VectorIndex, reference: VectorIndex, queries: Floats, k: int = 10) -> float:
    """Recall@k in [0, 1]: the share of the reference's k nearest that *index* found as well.

    Args:
        index: what is measured.
        reference: an exact index of the same rows.
        queries: float32[m, d]; without any, or without rows to find, recall is 1.

    Of neighbours with equal cosines any will do (Aumüller et al., ANN-Benchmarks, 2020).
    """
    _, cosines = index.search(queries, k)
    _, truth = reference.search(queries, k)
    there = np.isfinite(truth)
    if not there.any():
        return 1.0
    worst = np.min(truth, axis=1, where=there, initial=np.inf)
    found = (np.isfinite(cosines) & (cosines >= worst[:, None])).sum()
    return float(found / there.sum())
