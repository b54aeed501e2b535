"""Choosing 77 of 10,000 records, scoring included, against random and a bare sort by margin.

Target: the default strategy, and the cold one, <= 2 s.
"""

from __future__ import annotations

import json

import numpy as np

from benchmarks.speed.refit import C, blobs, seconds
from tiebreak.domain.ports import Pool
from tiebreak.learner.calibration import softmax
from tiebreak.learner.classifiers.logistic import create
from tiebreak.registry import find, known

POOL, LABELLED, BATCH = 10_000, 770, 77


def main() -> None:
    vectors, of = blobs(POOL + LABELLED)
    classes = tuple(f"label-{i:02d}" for i in range(int(of.max()) + 1))
    labelled, candidates = vectors[:LABELLED], vectors[LABELLED:]
    head = create().fit(labelled, [classes[i] for i in of[:LABELLED]], classes, C)
    assert head is not None

    def choose(name: str) -> None:
        pool = Pool(
            vectors=candidates,
            labelled=labelled,
            probabilities=softmax(head.logits(candidates)),
            n_classes=len(classes),
        )
        find("strategies", name)().query(pool, BATCH, np.random.default_rng(0))

    def bare() -> None:
        best = np.sort(softmax(head.logits(candidates)), axis=1)
        np.argsort(best[:, -1] - best[:, -2])[:BATCH]

    taken = {name: seconds(lambda name=name: choose(name)) for name in known("strategies")}
    sort = seconds(bare)
    slowest = max(taken["margin_kmeans"], taken["kmeans_seeds"])
    result = {
        "benchmark": "next_batch",
        "pool": POOL,
        "batch": BATCH,
        "seconds": {name: round(s, 3) for name, s in taken.items()},
        "bare_margin_sort_s": round(sort, 3),
        "ratio_to_bare_sort": round(taken["margin_kmeans"] / sort, 2),
        "ratio_to_random": round(taken["margin_kmeans"] / taken["random_uniform"], 2),
        "target_s": 2.0,
        "met": slowest <= 2.0,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
