"""Drift sensors: power and false alarms of each, on BANKING77 with CLINC150's out-of-scope texts.

Windows of 200 against a reference of 1,300, all drawn by lot from one split (the official train and
test parts differ, and tests would rightly fire). A window is plain (null), or a share of it is of
eight intents that were held out, or out of scope, or of five intents only (the mix moves). Nominal
5 %, 199 permutations; reference and window are drawn anew each time. Then the martingale: alarms at
100 in exchangeable streams, and how many texts pass before one where a share is out of scope.

    python -m benchmarks.selection.drift DATA   (a folder with banking77 and clinc150.jsonl.gz)
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.selection.loop import embed
from tiebreak.learner.classifiers.logistic import create
from tiebreak.learner.drift.martingale import JumperMartingale
from tiebreak.learner.drift.novelty import K
from tiebreak.learner.drift.two_sample import classes_test, distance_test, far_ranks, mmd_test

REFERENCE, WINDOW, PERMUTATIONS, LEVEL, C = 1_300, 200, 199, 0.05, 30.0
CELLS = 1 << 23
"""Of a product of two blocks in memory at once: 32 MB."""
HELD_OUT, TAUGHT, FEW = 8, 1_000, 5
CONDITIONS = (
    ("null", 0.0),
    ("new_intents", 0.1),
    ("new_intents", 0.2),
    ("out_of_scope", 0.05),
    ("out_of_scope", 0.1),
    ("label_shift", 0.1),
    ("label_shift", 0.2),
)
BASE, STREAM = 2_500, 1_500


class Data:
    """Rows by lot: what taught the head, the rest of the known intents, and the strange kinds."""

    def __init__(self, folder: Path, cache: Path, most: int, rng: np.random.Generator) -> None:
        rows = [r for r in read(folder / "banking77.jsonl.gz") if r["split"] == "train"]
        rows = [rows[i] for i in rng.permutation(len(rows))[:most]]
        oos = [r for r in read(folder / "clinc150.jsonl.gz") if r["label"] == "oos"][: most // 10]
        vectors = embed([r["text"] for r in [*rows, *oos]], cache)
        labels = np.array([r["label"] for r in rows])
        names = rng.permutation(np.unique(labels))
        new = np.isin(labels, names[:HELD_OUT])
        known = np.flatnonzero(~new)
        self.kinds = {
            "new_intents": vectors[: len(rows)][new],
            "out_of_scope": vectors[len(rows) :],
        }
        classes = tuple(sorted(names[HELD_OUT:]))
        taught, rest = known[:TAUGHT], known[TAUGHT:]
        head = create().fit(vectors[taught], labels[taught].tolist(), classes, C)
        assert head is not None
        self.rest, self.labels, self.head = vectors[rest], labels[rest], head

    def window(
        self, kind: str, share: float, free: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """A window whose plain rows are among the positions *free*."""
        strange = round(share * WINDOW)
        if kind == "label_shift":
            few = rng.choice(np.unique(self.labels), FEW, replace=False)
            source = self.rest[free[np.isin(self.labels[free], few)]]
        else:
            source = self.kinds.get(kind, self.rest[:0])
        some = source[rng.choice(len(source), strange, replace=False)] if strange else source[:0]
        plain = rng.choice(free, WINDOW - strange, replace=False)
        return np.concatenate([self.rest[plain], some])


def read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def ks(known: np.ndarray, new: np.ndarray) -> float:
    """max |F_known - F_new| over the line (Kolmogorov-Smirnov): it looks at the middle most, and so
    misses a small share of new texts far more often than `far_ranks`."""
    values = np.concatenate([known, new])
    steps = np.repeat([1 / len(known), -1 / len(new)], [len(known), len(new)])
    order = np.argsort(values, kind="stable")
    gap = np.cumsum(steps[order])
    values = values[order]
    last = np.append(values[1:] > values[:-1], True)  # equal values make one step together
    return float(np.abs(gap)[last].max())


def mean_distance_to(known: np.ndarray, vectors: np.ndarray, k: int = K) -> np.ndarray:
    """The product's `mean_distance`, float64[n], to rows float32[m, d], without an index."""
    k = min(k, len(known))
    out = np.empty(len(vectors))
    step = max(1, CELLS // len(known))
    for start in range(0, len(vectors), step):
        cosines = vectors[start : start + step] @ known.T
        near = np.partition(cosines, -k, axis=1)[:, -k:]
        out[start : start + step] = 1.0 - near.astype(np.float64).mean(axis=1)
    return out


def power(data: Data, kind: str, share: float, times: int, rng: np.random.Generator) -> dict:
    """Share of *times* windows in which each test fired."""
    fired: dict[str, int] = {}
    for _ in range(times):
        order = rng.permutation(len(data.rest))
        reference = data.rest[order[:REFERENCE]]
        window = data.window(kind, share, order[REFERENCE:], rng)
        tests = {
            f"distance_{by.__name__}": distance_test(
                reference, window, rng, permutations=PERMUTATIONS, compare=by
            )
            for by in (far_ranks, ks)
        }
        tests["mmd"] = mmd_test(reference, window, rng, permutations=PERMUTATIONS)
        predicted = [data.head.logits(x).argmax(axis=1) for x in (reference, window)]
        tests["classes"] = classes_test(*predicted, rng, permutations=PERMUTATIONS)
        hits = {name: test.p <= LEVEL for name, test in tests.items()}
        ours = ("distance_far_ranks", "mmd", "classes")
        hits["window_flagged"] = any(tests[name].p <= LEVEL / 3 for name in ours)
        for name, hit in hits.items():
            fired[name] = fired.get(name, 0) + hit
    return {name: round(n / times, 3) for name, n in fired.items()}


def martingale(data: Data, share: float, times: int, rng: np.random.Generator) -> dict:
    """Alarms among *times* streams of 1,500, and the median count of texts before the alarm."""
    delays: list[int] = []
    oos = data.kinds["out_of_scope"]
    for _ in range(times):
        order = rng.permutation(len(data.rest))
        base, rest = data.rest[order[:BASE]], data.rest[order[BASE:]]
        scores, strange = mean_distance_to(base, rest), mean_distance_to(base, oos)
        bag, plain = scores[:REFERENCE], scores[REFERENCE:]
        is_strange = rng.random(STREAM) < share
        stream = np.where(
            is_strange, rng.choice(strange, STREAM), rng.choice(plain, STREAM, replace=share > 0)
        )
        path = JumperMartingale(bag.tolist(), rng).run(stream)
        delays += np.flatnonzero(path >= np.log(100))[:1].tolist()
    median = statistics.median(delays) + 1 if delays else None
    return {"streams": times, "alarms": len(delays), "median_texts": median}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--windows", type=int, default=60)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--rows", type=int, default=7_500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "tiebreak-bench"
    )
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    data = Data(options.data, options.cache, options.rows, rng)
    start = time.perf_counter()
    result = {
        "benchmark": "drift",
        "reference": REFERENCE,
        "window": WINDOW,
        "windows": options.windows,
        "power": {
            f"{kind}_{share:g}": power(data, kind, share, options.windows, rng)
            for kind, share in CONDITIONS
        },
        "martingale": {
            f"out_of_scope_{share:g}": martingale(data, share, times, rng)
            for share, times in ((0.0, options.streams), (0.1, 10), (0.2, 10))
        },
        "seconds": round(time.perf_counter() - start, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
