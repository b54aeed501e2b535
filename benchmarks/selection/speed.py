"""CPU seconds to choose 77 of a pool x 384, scores given: ours and the peers' same strategy."""

from __future__ import annotations

import statistics
import time
import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.selection.ask import asker
from benchmarks.selection.contenders import OURS, SKA, SMALL
from benchmarks.selection.strategies import pool
from benchmarks.speed.next_batch import BATCH, POOL
from tiebreak.domain.ports import Head
from tiebreak.registry import known

PAIRS = (
    ("margin", SKA, "margin"),
    ("least_confidence", SKA, "least_confident"),
    ("entropy", SKA, "entropy"),
    ("typiclust", SKA, "typi_clust"),
    ("badge", SKA, "badge"),
    ("k_center", SKA, "core_set"),
    ("dropquery", SKA, "drop_query"),
    ("maxherding", SKA, "max_herding"),
    ("probcover", SKA, "prob_cover"),
    ("margin", SMALL, "breaking_ties"),
    ("least_confidence", SMALL, "least_confidence"),
    ("entropy", SMALL, "entropy"),
    ("k_center", SMALL, "greedy_coreset"),
    ("kmeans_seeds", SMALL, "embedding_kmeans"),
)
WHOLE, QUICK = POOL, 2_000
TIMES = 3
LONG = 120.0
"""Seconds from which one turn is enough."""


class Remembered:
    """A head that has scored some rows before, and says so at no cost; others it scores."""

    def __init__(self, head: Head, *pools: np.ndarray) -> None:
        self._head = head
        self._known = [(rows, head.logits(rows)) for rows in pools]
        self.classes, self.c = head.classes, head.c

    def logits(self, vectors: np.ndarray) -> np.ndarray:
        """float64[n, k]."""
        for rows, logits in self._known:
            if len(rows) == len(vectors) and (rows[[0, -1]] == vectors[[0, -1]]).all():
                return logits
        return self._head.logits(vectors)


def measure(size: int) -> dict[str, Any]:
    """``rows`` of [strategy, ours s, library, its name, its s, turns of it], and what they share.

    ``scoring`` is what the head takes to score the pool, which is in no row. *size* is of
    the pool, 10,000 at most.
    """
    whole = pool()
    given = replace(whole, vectors=whole.vectors[:size], probabilities=whole.probabilities[:size])
    assert given.head is not None
    labels = np.array([given.head.classes.index(x) for x in given.labels])
    vectors = np.concatenate([given.vectors, given.labelled])
    open_ids = np.arange(len(given.vectors))
    chosen = np.arange(len(given.vectors), len(vectors))
    start = time.process_time()
    given.head.logits(given.vectors)
    scoring = time.process_time() - start
    head = Remembered(given.head, given.vectors, vectors)

    def seconds(library: str, name: str) -> tuple[float, int]:
        """Median of a few turns, each with a new strategy object, and how many."""
        taken: list[float] = []
        while len(taken) < TIMES and sum(taken) < LONG:
            one = asker(library, name, vectors, head.classes, len(taken))
            rng = np.random.default_rng(len(taken))
            start = time.process_time()
            one.ask(open_ids, chosen, labels, head, BATCH, rng)
            taken.append(time.process_time() - start)
        return statistics.median(taken), len(taken)

    rows, ours = [], {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for mine, library, theirs in PAIRS:
            if mine not in known("strategies"):
                continue
            if mine not in ours:
                asker(OURS, mine, vectors, head.classes, 0).ask(  # the first turn imports
                    open_ids, chosen, labels, head, BATCH, np.random.default_rng(0)
                )
                ours[mine] = seconds(OURS, mine)[0]
            took, turns = seconds(library, theirs)
            rows.append([mine, round(ours[mine], 4), library, theirs, round(took, 4), turns])
    return {
        "pool": len(open_ids),
        "labelled": len(chosen),
        "batch": BATCH,
        "scoring": round(scoring, 4),
        "rows": rows,
    }
