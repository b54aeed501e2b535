"""One refit of the head at 2,000 x 384 x 77, and a choice of C, against scikit-learn's bare call.

The bare call has the same settings and the machine's default threads. Target: refit <= 1 s.
"""

from __future__ import annotations

import json
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression

from tiebreak.learner.classifiers.logistic import MAX_ITER, create
from tiebreak.learner.label_space import SINGLE

ROWS, DIM, LABELS, C = 2_000, 384, 77, 30.0


def blobs(rows: int, *, noise: float = 5.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors float32[rows, DIM] around LABELS centres, and the centre of each.

    At this noise a fit takes as long as on BANKING77.
    """
    rng = np.random.default_rng(seed)
    of = rng.integers(LABELS, size=rows)
    centres = rng.normal(size=(LABELS, DIM))
    vectors = centres[of] + noise * rng.normal(size=(rows, DIM))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), of


def seconds(act: Callable[[], object], times: int = 5) -> float:
    """Median seconds of *act*, after one turn to warm up."""
    act()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    vectors, of = blobs(ROWS)
    classes = tuple(f"label-{i:02d}" for i in range(LABELS))
    labels = [classes[i] for i in of]

    def bare() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            LogisticRegression(C=C, max_iter=MAX_ITER).fit(vectors.astype(np.float64), of)

    refit = seconds(lambda: create().fit(vectors, labels, classes, C))
    baseline = seconds(bare)
    start = time.perf_counter()
    values = [(label,) for label in labels]
    chosen = SINGLE.choose_c(vectors, values, classes, np.random.default_rng(0))
    result = {
        "benchmark": "refit",
        "rows": ROWS,
        "dim": DIM,
        "labels": LABELS,
        "refit_s": round(refit, 3),
        "bare_sklearn_s": round(baseline, 3),
        "ratio": round(refit / baseline, 3),
        "choose_c_s": round(time.perf_counter() - start, 2),
        "c": chosen,
        "target_s": 1.0,
        "met": refit <= 1.0,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
