"""Planted label errors: how many are found when only the first 15 % are looked at again.

A tenth of the labels is changed: by lot (uniform), or to the label that a classifier confuses it
with most (confusable, which is how people err). Then the worst 15 % by ours are re-checked by a
**simulated** perfect person, against 15 % by lot; accuracy is on the test part, by the same head.
Reach: 80 % found, accuracy above random re-check. Default data: the slice that Tiebreak ships.

    python -m benchmarks.selection.label_errors [DATA.jsonl.gz] [--seeds 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.selection.loop import Split, read_parts
from tiebreak.learner.classifiers.logistic import create
from tiebreak.learner.label_issues import find_label_issues, judge_labels

SLICE = Path(__file__).parents[2] / "tiebreak/simulation/demo_data/banking77_cards.jsonl.gz"
NOISE, RECHECKED, C = 0.1, 0.15, 30.0


def plant(train: Split, classes: tuple[str, ...], kind: str, rng: np.random.Generator) -> list[str]:
    labels = np.array(train.labels)
    wrong = rng.choice(len(labels), round(NOISE * len(labels)), replace=False)
    if kind == "confusable":
        p = judge_labels(train.vectors, train.labels, classes, C, rng).probabilities
        p[np.arange(len(labels)), [classes.index(x) for x in train.labels]] = -1
        labels[wrong] = np.array(classes)[p[wrong].argmax(axis=1)]
    else:
        labels[wrong] = [rng.choice([c for c in classes if c != x]) for x in labels[wrong]]
    return [str(x) for x in labels]


def accuracy(train: Split, labels: list[str], test: Split, classes: tuple[str, ...]) -> float:
    head = create().fit(train.vectors, labels, classes, C)
    assert head is not None
    predicted = head.logits(test.vectors).argmax(axis=1)
    return float(np.mean([classes[i] == x for i, x in zip(predicted, test.labels, strict=True)]))


def one(
    train: Split, test: Split, classes: tuple[str, ...], kind: str, rng: np.random.Generator
) -> dict[str, float]:
    labels = plant(train, classes, kind, rng)
    wrong = np.array([a != b for a, b in zip(labels, train.labels, strict=True)])
    errors = find_label_issues(
        labels, judge_labels(train.vectors, labels, classes, C, rng), classes
    )
    n = int(RECHECKED * len(labels))
    flagged = [s.position for s in errors.suspects if s.flagged]

    def after(looked_at: list[int]) -> float:
        mended = list(labels)
        for i in looked_at:
            mended[i] = train.labels[i]
        return accuracy(train, mended, test, classes)

    first = [s.position for s in errors.suspects[:n]]
    return {
        "found": float(wrong[first].sum() / wrong.sum()),
        "flagged_recall": float(wrong[flagged].sum() / wrong.sum()),
        "flagged_precision": float(wrong[flagged].mean()),
        "accuracy_clean": accuracy(train, train.labels, test, classes),
        "accuracy_noisy": after([]),
        "accuracy_rechecked": after(first),
        "accuracy_random": after(rng.choice(len(labels), n, replace=False).tolist()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=SLICE)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "tiebreak-bench"
    )
    options = parser.parse_args()
    parts, classes = read_parts(options.data, options.cache)
    start = time.perf_counter()
    kinds = {}
    for kind in ("uniform", "confusable"):
        runs = [
            one(parts["train"], parts["test"], classes, kind, np.random.default_rng(seed))
            for seed in range(options.seeds)
        ]
        kinds[kind] = {key: round(statistics.mean(r[key] for r in runs), 4) for key in runs[0]}
    result = {
        "benchmark": "label_errors",
        "data": options.data.name,
        "rows": len(parts["train"].labels),
        "test_rows": len(parts["test"].labels),
        "seeds": options.seeds,
        "noise": NOISE,
        "rechecked": RECHECKED,
        **kinds,
        "seconds": round(time.perf_counter() - start, 1),
        "met": kinds["uniform"]["found"] >= 0.8
        and kinds["uniform"]["accuracy_rechecked"] > kinds["uniform"]["accuracy_random"],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
