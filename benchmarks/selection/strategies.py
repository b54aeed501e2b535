"""Seconds per strategy to choose 77 of 10,000 x 384 with 77 labels, the pool's scores given.

Target: each <= 1 s; herding, TypiClust and BADGE <= 3 s.
"""

from __future__ import annotations

import json

import numpy as np

from benchmarks.speed.next_batch import BATCH, LABELLED, POOL
from benchmarks.speed.refit import C, blobs, seconds
from tiebreak.domain.ports import Pool
from tiebreak.learner.calibration import softmax
from tiebreak.learner.classifiers.logistic import create
from tiebreak.registry import find, known

SLOW = {"badge", "maxherding", "typiclust", "uncertainty_herding"}
TARGET, SLOW_TARGET = 1.0, 3.0


def pool() -> Pool:
    """The blobs of next_batch, with labels and head."""
    vectors, of = blobs(POOL + LABELLED)
    classes = tuple(f"label-{i:02d}" for i in range(int(of.max()) + 1))
    labels = tuple(classes[i] for i in of[:LABELLED])
    head = create().fit(vectors[:LABELLED], labels, classes, C)
    assert head is not None
    return Pool(
        vectors=vectors[LABELLED:],
        labelled=vectors[:LABELLED],
        probabilities=softmax(head.logits(vectors[LABELLED:])),
        n_classes=len(classes),
        labels=labels,
        head=head,
    )


def main() -> None:
    given = pool()
    taken = {}
    for name in known("strategies"):
        strategy = find("strategies", name)()
        taken[name] = seconds(
            lambda strategy=strategy: strategy.query(given, BATCH, np.random.default_rng(0)), 3
        )
    result = {
        "benchmark": "strategies",
        "pool": POOL,
        "labelled": LABELLED,
        "batch": BATCH,
        "seconds": {name: round(s, 3) for name, s in taken.items()},
        "target_s": TARGET,
        "slow_target_s": SLOW_TARGET,
        "met": all(s <= (SLOW_TARGET if name in SLOW else TARGET) for name, s in taken.items()),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
