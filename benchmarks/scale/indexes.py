"""Each kind of index: seconds to build, milliseconds a query, and recall@10 against exact search.

On synthetic clusters (those of million.py), or on a file of vectors (`--vectors`, .npy, float32).
Target: recall@10 >= .95 for each.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial

import numpy as np

from benchmarks.scale.million import topics
from benchmarks.scale.recall import recall
from tiebreak.domain.ports import Floats, VectorIndex
from tiebreak.registry import find

K, QUERIES, CHUNK = 10, 500, 20_000
KINDS = {
    "faiss_flat": find("indexes", "faiss_flat"),
    "faiss_ivf": find("indexes", "faiss_ivf"),
    "auto": find("indexes", "auto"),
}


def filled(index: VectorIndex, rows: Floats) -> VectorIndex:
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        index.add(np.arange(start, start + len(part), dtype=np.int64), part)
    return index


def seconds(act: partial[object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--vectors", help="an .npy file to take the vectors from")
    parser.add_argument("--kinds", default=",".join(KINDS))
    options = parser.parse_args()
    if options.vectors:
        rows = np.load(options.vectors)[: options.records + QUERIES]
        rows = rows[np.random.default_rng(0).permutation(len(rows))]
    else:
        rows = np.concatenate([part for part, _ in topics(options.records + QUERIES)])
    queries, rows = rows[:QUERIES], rows[QUERIES:]
    exact = filled(KINDS["faiss_flat"](rows.shape[1]), rows)
    by_kind = {}
    for kind in options.kinds.split(","):
        index = KINDS[kind](rows.shape[1])
        built = seconds(partial(filled, index, rows))
        searching = seconds(partial(index.search, queries, K))
        by_kind[kind] = {
            "build_s": round(built, 2),
            "query_ms": round(1000 * searching / QUERIES, 3),
            "recall_at_10": round(recall(index, exact, queries, K), 4),
        }
    result = {
        "benchmark": "indexes",
        "records": len(rows),
        "dim": rows.shape[1],
        **by_kind,
        "target_recall": 0.95,
        "met": all(kind["recall_at_10"] >= 0.95 for kind in by_kind.values()),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
