"""One label out of several people's, on real annotators: who is right more often?

HateCheck (Röttger et al., 2021): 3,901 texts, ten annotators, five labels a text, and a label by
construction. Of the five, K are drawn by lot; majority vote, Dawid-Skene and CROWDLAB make one
label of them, and their accuracy against the construction is compared. CROWDLAB's classifier is the
project's own, out of fold, over the majority's labels. Reach: with all five both at least the
majority's; K = 2 and 3 are told, not asked for.

    python -m benchmarks.promise.people DATA.jsonl.gz [--seeds 3] [--encoder onnx|hashing]
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tiebreak.annotators.agreement import measured_alpha
from tiebreak.annotators.consensus import crowdlab, dawid_skene, majority
from tiebreak.learner.label_issues import judge_labels
from tiebreak.retrieval.embedders import hashing, onnx_minilm

C = 30.0


def read(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def one(
    units: list[dict[str, str]], truth: list[str], vectors: np.ndarray, rng: np.random.Generator
) -> dict[str, float]:
    classes = tuple(sorted(set(truth)))
    votes = majority(units)
    labels = {
        "majority": votes,
        "dawid_skene": dawid_skene(units),
        "crowdlab": crowdlab(
            units, judge_labels(vectors, votes.labels, classes, C, rng).probabilities, classes
        ),
    }
    return {
        name: float(np.mean([a == b for a, b in zip(made.labels, truth, strict=True)]))
        for name, made in labels.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--encoder", choices=("onnx", "hashing"), default="onnx")
    options = parser.parse_args()
    start = time.perf_counter()
    rows = read(options.data)
    truth = [row["label"] for row in rows]
    encoder = onnx_minilm.create() if options.encoder == "onnx" else hashing.create()
    vectors = encoder.embed([row["text"] for row in rows])
    results = {}
    for k in (2, 3, 5):
        runs = []
        for seed in range(options.seeds if k < 5 else 1):
            rng = np.random.default_rng(seed)
            units = [
                {
                    who: row["annotators"][who]
                    for who in rng.permutation(sorted(row["annotators"]))[:k]
                }
                for row in rows
            ]
            runs.append(one(units, truth, vectors, rng))
        results[f"of_{k}"] = {
            name: round(statistics.mean(r[name] for r in runs), 5) for name in runs[0]
        }
    alpha = measured_alpha([r["annotators"] for r in rows], np.random.default_rng(0), draws=400)
    print(
        json.dumps(
            {
                "benchmark": "people",
                "data": options.data.name,
                "texts": len(rows),
                "seeds": options.seeds,
                "encoder": encoder.id,
                "alpha": None if alpha is None else asdict(alpha),
                **results,
                "seconds": round(time.perf_counter() - start, 1),
                "met": min(results["of_5"]["dawid_skene"], results["of_5"]["crowdlab"])
                >= results["of_5"]["majority"],
            }
        )
    )


if __name__ == "__main__":
    main()
