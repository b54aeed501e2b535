"""The seven data sets that strategies are compared on, and how much of each is labelled."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmarks.selection.loop import Split, data_file, embed_names, read_parts

KEPT = 0.9
"""Share of the train part that is a seed's pool, drawn by lot."""
MANY = 50
PER_CLASS, ROUNDS = 10, 20
RARE = 0.02

Row = dict[str, str]


@dataclass(frozen=True)
class DataSet:
    """A file's name, which of its rows count, and what a reader should know of it."""

    name: str
    licence: str
    note: str = ""
    keep: Callable[[Row], bool] = bool


SETS = {
    s.name: s
    for s in (
        DataSet("banking77", "CC-BY-4.0"),
        DataSet(
            "clinc150",
            "CC-BY-3.0",
            "the 150 intents; out-of-scope questions are left out",
            lambda row: row["label"] != "oos",
        ),
        DataSet("sms_spam", "CC-BY-4.0"),
        DataSet("spamassassin", "PDDL-1.0 / CC0-1.0 as declared"),
        DataSet("hadoop_issues", "CC-BY-4.0", "priority, noisy; test is later in time"),
        DataSet("vue_pull_requests", "MIT", "test is a year later than train: labels drift"),
        DataSet(
            "sib200_topics",
            "CC-BY-SA-4.0",
            "the English rows",
            lambda row: row["lang"] == "eng_Latn",
        ),
    )
}
QUICK = ("sib200_topics", "sms_spam")


@dataclass(frozen=True)
class Data:
    """A set as it is played: vectors float32, labels as positions in ``classes``, whose names'
    vectors are ``names``."""

    classes: tuple[str, ...]
    names: np.ndarray
    train: np.ndarray
    labels: np.ndarray
    test: np.ndarray
    truth: np.ndarray
    batch: int
    budget: int

    @classmethod
    def of(
        cls,
        parts: dict[str, Split],
        classes: tuple[str, ...],
        names: np.ndarray,
        *,
        quick: bool = False,
    ) -> Data:
        """The parts of a file; fewer rounds when *quick*."""
        place = {name: i for i, name in enumerate(classes)}
        batch, budget = plan(len(classes), quick=quick)
        return cls(
            classes=classes,
            names=names,
            train=parts["train"].vectors,
            labels=np.array([place[x] for x in parts["train"].labels]),
            test=parts["test"].vectors,
            truth=np.array([place[x] for x in parts["test"].labels]),
            batch=batch,
            budget=budget,
        )


@lru_cache(maxsize=1)
def load(name: str, cache: Path, *, quick: bool = False) -> Data:
    """A set by name, embedded, from the cache where it was before."""
    parts, classes = read_parts(data_file(name), cache, SETS[name].keep)
    return Data.of(parts, classes, embed_names(classes, cache), quick=quick)


def plan(n_classes: int, *, quick: bool = False) -> tuple[int, int]:
    """Labels a batch (the product's rule: one per label between 16 and 100) and in all."""
    batch = min(max(n_classes, 16), 100)
    rounds = math.ceil(PER_CLASS * n_classes / batch) if n_classes >= MANY else ROUNDS
    return batch, batch * (min(rounds, 8) if quick else rounds)


def pool_of(size: int, seed: int) -> np.ndarray:
    """Positions of a seed's pool, the same for every contender."""
    kept = np.random.default_rng([seed, 1]).choice(size, int(KEPT * size), replace=False)
    return np.sort(kept)


def rare_classes(labels: np.ndarray, truth: np.ndarray) -> tuple[list[int], str]:
    """The classes whose recall is told, and in words which they are.

    Those below 2 % of the train part; where that is nearly all, those no larger than the tenth
    part that is rarest; where it is none, the rarest. Classes without a test record are left out.
    """
    counts = Counter(labels.tolist())
    tested = [c for c in sorted(set(truth.tolist())) if c in counts]
    few = [c for c in tested if counts[c] < RARE * len(labels)]
    if not few:
        return [min(tested, key=lambda c: counts[c])], "the rarest class"
    if len(few) < 0.9 * len(tested):
        return few, f"the {len(few)} classes below 2 %"
    edge = sorted(counts[c] for c in tested)[math.ceil(len(tested) / 10) - 1]
    few = [c for c in tested if counts[c] <= edge]
    return few, f"the rarest {len(few)} of {len(tested)} classes"
