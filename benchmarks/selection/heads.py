"""Heads on the same few labels.

``dev`` (default): the labels and the pool come from three quarters of a file's train split, and
accuracy is measured on the last quarter. Settings are chosen there; no test row is read.
``test``: the train split and the test split. Labels are the file's own: k-means medoids of the pool
(2, 3, 5 and 10 a class) and as many by lot as a control arm would have. One JSON line at the end.

    python -m benchmarks.selection.heads FILE.jsonl.gz... [--seeds N] [--part dev|test]
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.selection.loop import embed, embed_names
from tiebreak.domain.ports import Pool
from tiebreak.registry import find

PER_CLASS = (2, 3, 5, 10)
HEADS = {
    "logistic": ("logistic", False),
    "semi_supervised": ("semi_supervised", False),
    "with names": ("semi_supervised", True),
}
"""What is compared: a classifier, and whether it is told the labels' names."""
C = 30.0
LANGUAGE = "eng_Latn"
"""Of a file in many languages (SIB-200), which the encoder does not read."""
LEAST = 8


def parts(rows: list[dict[str, str]], part: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the pool and of what accuracy is measured on."""
    train = np.array([i for i, r in enumerate(rows) if r["split"] == "train"])
    if part == "test":
        return train, np.array([i for i, r in enumerate(rows) if r["split"] == "test"])
    order = np.random.default_rng(seed).permutation(train)
    cut = len(order) * 3 // 4
    return order[:cut], order[cut:]


def compare(file: Path, part: str, seeds: int, cache: Path) -> dict[str, dict[str, float]]:
    """Mean accuracy, and seconds of a fit, by head and labels a class."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [r for r in map(json.loads, lines) if r["label"] is not None]
    rows = [r for r in rows if r.get("lang", LANGUAGE) == LANGUAGE]
    vectors = embed([r["text"] for r in rows], cache)
    labels = np.array([r["label"] for r in rows])
    classes = tuple(sorted(set(labels.tolist())))
    names = embed_names(classes, cache)
    accuracies: dict[str, dict[str, list[float]]] = {}
    for seed in range(seeds):
        pool, test = parts(rows, part, seed)
        for m in PER_CLASS:
            chosen, rest = choose(vectors[pool], m * max(len(classes), LEAST), len(classes), seed)
            for head, (kind, named) in HEADS.items():
                start = time.perf_counter()
                made = find("classifiers", kind)().fit(
                    vectors[pool][chosen],
                    labels[pool][chosen].tolist(),
                    classes,
                    C,
                    unlabelled=vectors[pool][rest],
                    prototypes=names if named else None,
                )
                took = time.perf_counter() - start
                predicted = np.array(classes)[made.logits(vectors[test]).argmax(axis=1)]
                cell = accuracies.setdefault(head, {})
                cell.setdefault(str(m), []).append(float((predicted == labels[test]).mean()))
                cell.setdefault(f"{m} s", []).append(took)
    return {
        h: {k: round(float(np.mean(v)), 4) for k, v in by.items()} for h, by in accuracies.items()
    }


def choose(vectors: np.ndarray, n: int, n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the labelled rows, and of the others in an order by lot."""
    rng = np.random.default_rng(seed)
    pool = Pool(vectors=vectors, labelled=vectors[:0], probabilities=None, n_classes=n_classes)
    medoids = [p.position for p in find("strategies", "kmeans_seeds")().query(pool, n, rng)]
    chosen = np.union1d(medoids, rng.choice(len(vectors), max(1, n // 10), replace=False))
    return chosen, rng.permutation(np.setdiff1d(np.arange(len(vectors)), chosen))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "tiebreak-bench"
    )
    options = parser.parse_args()
    result = {f.name: compare(f, options.part, options.seeds, options.cache) for f in options.files}
    for name, heads in result.items():
        for head, cells in heads.items():
            print(f"{name:24} {head:16}", *(f"{k}: {v:.3f}" for k, v in cells.items()))
    print(
        json.dumps({"benchmark": "heads", "part": options.part, "seeds": options.seeds, **result})
    )


if __name__ == "__main__":
    main()
