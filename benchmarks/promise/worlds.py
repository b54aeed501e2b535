"""Candidates to audit: made up, or BANKING77 and CLINC150 with a **simulated** agent.

The agent errs in proportion to how much an out-of-fold model (the same vectors, all labels) doubts
a record's true label, and then mostly says what that model would have said: agent and head share
errors, so that their agreement is no proof. `SETS` has how many labels the head gets and how often
a wrong answer is the shared one, chosen (on seed 100) for the science brief's setting: about 80 %
agreement with 4.1 to 4.7 % error. The head is the product's, on the labels that its own selection
asks for, a tenth of them by lot; fusion is fitted on further `VERIFIED` blind labels drawn by lot.
All of these are people's labels: they are no candidates, and they count among all records.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.agents.simulated_agent import error_rates, read_rows
from benchmarks.promise.campaigns import World
from benchmarks.selection.contenders import Trainer
from benchmarks.selection.loop import data_file, embed, embed_names
from tiebreak.domain.ports import Pool
from tiebreak.learner.calibration import softmax
from tiebreak.learner.opinion.fusion import fit_fusion, fuse
from tiebreak.models.control_arm import draw_control
from tiebreak.registry import find

SHARE, VERIFIED = 0.1, 300
Ints = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float64]


def synthetic(rng: np.random.Generator, steep: float, records: int = 10_000) -> World:
    """The specification's file: four fifths are agreed on, 4 % of these are wrong.

    The error rate grows with the rank, as rank ** *steep*.
    """
    size = records * 4 // 5
    rank = rng.permutation(size) / size
    rates = np.minimum(0.04 * (steep + 1) * rank**steep, 1)
    return World(1 - rank, rng.random(size) < rates, records)


@dataclass(frozen=True, eq=False)
class Texts:
    """A labelled set: vectors float32[n, d], labels as positions, the TF-IDF model's doubts."""

    name: str
    vectors: npt.NDArray[np.float32]
    labels: Ints
    classes: tuple[str, ...]
    names: npt.NDArray[np.float32]
    difficulty: Matrix
    other: Ints

    def agent(self, accuracy: float, seed: int) -> Ints:
        """What the simulated agent says of each record; another seed errs on other records."""
        rng, size, k = np.random.default_rng([seed, 7]), len(self.labels), len(self.classes)
        rates = error_rates(np.sqrt(self.difficulty), 1 - accuracy)  # it squares what it is given
        any_other = (self.labels + rng.integers(1, k, size)) % k
        wrong = np.where(rng.random(size) < SETS[self.name].shared, self.other, any_other)
        return np.where(rng.random(size) < rates, wrong, self.labels)


@dataclass(frozen=True)
class Set:
    """Labels a class for the head; share of wrong answers that are the likeliest ones; rows."""

    per_class: int
    shared: float
    keep: Callable[[dict[str, Any]], bool] = bool


SETS = {
    "banking77": Set(5, 0.8),
    "clinc150": Set(3, 1.0, lambda row: row["label"] != "oos"),
}


@lru_cache(maxsize=2)
def texts(name: str, cache: Path) -> Texts:
    """All records of a set, train and test, that have a label; out-of-scope ones left out."""
    rows = [r for r in read_rows(data_file(name)) if r.get("label") and SETS[name].keep(r)]
    classes = tuple(sorted({r["label"] for r in rows}))
    place = {label: i for i, label in enumerate(classes)}
    labels = np.array([place[r["label"]] for r in rows])
    raw_texts = [r["text"] for r in rows]
    vectors = embed(raw_texts, cache)
    difficulty, other = _difficulty(name, vectors, labels, cache)
    return Texts(name, vectors, labels, classes, embed_names(classes, cache), difficulty, other)


def _difficulty(
    name: str, vectors: npt.NDArray[np.float32], labels: Ints, cache: Path
) -> tuple[Matrix, Ints]:
    """1 - what an out-of-fold model gives the true label, and its likeliest other label."""
    kept = cache / f"difficulty-{name}-{len(labels)}.npz"
    if not kept.is_file():
        guess = out_of_fold(vectors, labels)
        at = np.arange(len(labels))
        difficulty = 1 - guess[at, labels]
        guess[at, labels] = -1.0
        np.savez(kept, difficulty=difficulty, other=guess.argmax(axis=1))
    with np.load(kept, allow_pickle=False) as file:
        return file["difficulty"], file["other"]


def out_of_fold(vectors: npt.NDArray[np.float32], labels: Ints, folds: int = 3) -> Matrix:
    """float64[n, k]: each row's probabilities by a model that did not see it."""
    from sklearn.linear_model import LogisticRegression

    fold = np.random.default_rng(0).integers(folds, size=len(labels))
    guess = np.zeros((len(labels), int(labels.max()) + 1))
    for i in range(folds):
        model = LogisticRegression(C=10.0, max_iter=60)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # near enough: it is only to tell hard from easy
            model.fit(vectors[fold != i], labels[fold != i])
        guess[np.ix_(fold == i, model.classes_)] = model.predict_proba(vectors[fold == i])
    return guess


@dataclass(frozen=True, eq=False)
class Learnt:
    """A head's probabilities of all records [n, k], and who was labelled for it."""

    p: Matrix
    labelled: Ints


def learn(
    data: Texts, kind: str, seed: int, kept: Path | None = None, per_class: int | None = None
) -> Learnt:
    """The product's loop to so many labels a class: selection, control arm, head, C.

    *kind*: ``logistic``, or ``product`` for the semi-supervised default.
    """
    per_class = per_class or SETS[data.name].per_class
    file = kept and kept / f"head-{data.name}-{kind}-{seed}-{per_class}-{len(data.labels)}.npz"
    if file and file.is_file():
        with np.load(file, allow_pickle=False) as saved:
            return Learnt(saved["p"].astype(np.float64), saved["labelled"])
    rng = np.random.default_rng([seed, 5])
    trainer = Trainer(kind, data.classes, data.names, rng)
    size, k = len(data.labels), len(data.classes)
    chosen, control = np.empty(0, np.int64), np.empty(0, np.int64)
    head: Any = None
    batch = min(max(k, 16), 100)
    while len(chosen) < per_class * k:
        n = min(batch, per_class * k - len(chosen))
        rest = np.setdiff1d(np.arange(size), chosen)
        uniform = rest[draw_control(rest, max(1, round(SHARE * n)), rng)[0]]
        rest = np.setdiff1d(rest, uniform)
        pool = Pool(
            vectors=data.vectors[rest],
            labelled=data.vectors[chosen],
            probabilities=softmax(head.logits(data.vectors[rest])) if head else None,
            n_classes=k,
        )
        strategy = find("strategies", "margin_kmeans" if head else "kmeans_seeds")()
        picked = [p.position for p in strategy.query(pool, n - len(uniform), rng)]
        control = np.concatenate([control, len(chosen) + np.arange(len(uniform))])
        chosen = np.concatenate([chosen, uniform, rest[picked]])
        rest = np.setdiff1d(np.arange(size), chosen)
        head = trainer.fit(data.vectors[chosen], data.labels[chosen], data.vectors[rest], control)
    assert head is not None
    p = softmax(head.logits(data.vectors))
    if file:
        np.savez(file, p=p.astype(np.float32), labelled=chosen)
    return Learnt(p, chosen)


def agreed(
    data: Texts, learnt: Learnt, answers: Ints, seed: int, verified: int = VERIFIED
) -> tuple[World, dict[str, float]]:
    """The records on which agent and model agree, with fused scores; and what is true of them."""
    rng = np.random.default_rng([seed, 6])
    rest = np.setdiff1d(np.arange(len(data.labels)), learnt.labelled)
    blind = rest[draw_control(rest, verified, rng)[0]]
    fusion = fit_fusion(learnt.p[blind], answers[blind], data.labels[blind])
    open_ids = np.setdiff1d(rest, blind)
    q = fuse(fusion, learnt.p[open_ids], answers[open_ids])
    model = learnt.p[open_ids].argmax(axis=1)
    same = model == answers[open_ids]
    at = open_ids[same]
    world = World(q[same].max(axis=1), answers[at] != data.labels[at], len(data.labels))
    return world, {
        "records": len(data.labels),
        "people's labels before": len(learnt.labelled) + len(blind),
        "agent": round(float((answers[open_ids] == data.labels[open_ids]).mean()), 4),
        "model": round(float((model == data.labels[open_ids]).mean()), 4),
        "fused": round(float((q.argmax(axis=1) == data.labels[open_ids]).mean()), 4),
        "agreed": round(float(same.mean()), 4),
        "error where agreed": round(world.error, 4),
        "temperature": round(fusion.temperature, 3),
    }
