"""What agent and model are worth together.

1. Fused accuracy over the better of agent and model, with a **simulated agent** whose errors follow
   difficulty, and with w = 1 (as if they erred independently) for comparison.
2. Training on the mix: people's labels alone, the agent's word taken as it stands, and fused soft
   labels at half weight, with both kinds of head.
3. Recorded agents: real answers of `sib200_llm` and `insurance_tickets_llm` fused with a head, and
   what their confidence, and that of `climatex_llm`, turns out to be worth.

A head learns from k-means medoids (and a few by lot); 300 further records by lot are the control
arm; 2,500 more have the agent's word alone. ``dev`` measures on a quarter of the train split, on
which weights were chosen; ``test`` (the default) on the test part. One JSON line at the end.

    python -m benchmarks.promise.fusion [--seeds N] [--part dev|test]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.agents.recordings import answers
from benchmarks.agents.simulated_agent import draw, error_rates, read_rows
from benchmarks.promise.soft_labels import AgentLabels, Verified, fit_mixed, hold_mixed
from benchmarks.selection.heads import LANGUAGE, choose, parts
from benchmarks.selection.loop import embed, embed_names
from benchmarks.selection.sets import data_file
from tiebreak.domain.ports import Classifier, Head
from tiebreak.learner.calibration import softmax
from tiebreak.learner.choose_c import DEFAULT_C, deal
from tiebreak.learner.classifiers.logistic import Logistic
from tiebreak.learner.opinion.confidence import fit_confidence
from tiebreak.learner.opinion.fusion import fit_fusion, fuse
from tiebreak.models.head_selection import TrainingData, baseline_wins
from tiebreak.registry import find

LABELLED = {"banking77": 5, "clinc150": 3}
"""Labels a class that heads learn from: with them logistic regression is about .85 right."""
VERIFIED, ASKED = 300, 2_500
FUSED_WITH = (0.45, 0.6, 0.75, 0.85, 0.92)
MIXED_WITH = (0.75, 0.85)
HEADS = {"logistic": False, "semi_supervised": True}
"""Kinds of head, and whether they are told the labels' names."""
FOLDS = 3
REACH = {"fused": 0.04, "mixed": 0.028}


@dataclass(frozen=True)
class World:
    """Rows of one data set in their roles, with vectors and labels by position."""

    vectors: np.ndarray
    truth: np.ndarray
    texts: list[str]
    classes: tuple[str, ...]
    names: np.ndarray
    chosen: np.ndarray
    verified: np.ndarray
    agent_only: np.ndarray
    open: np.ndarray
    test: np.ndarray

    def data(self, rows: np.ndarray, *, named: bool) -> TrainingData:
        """Labelled rows for a head; those of the control arm are marked."""
        return TrainingData(
            vectors=self.vectors[rows],
            labels=[self.classes[y] for y in self.truth[rows]],
            classes=self.classes,
            c=DEFAULT_C,
            control=np.flatnonzero(np.isin(rows, self.verified)),
            unlabelled=self.vectors[self.open],
            prototypes=self.names if named else None,
        )

    def accuracy(self, agent_labels: np.ndarray) -> float:
        return float((agent_labels == self.truth[self.test]).mean())


def build(name: str, part: str, seed: int, cache: Path) -> World:
    rows = [r for r in read_rows(data_file(name)) if r["label"] not in (None, "oos")]
    texts = [r["text"] for r in rows]
    vectors = embed(texts, cache)
    classes = tuple(sorted({r["label"] for r in rows}))
    pool, test = parts(rows, part, seed)
    chosen, rest = choose(vectors[pool], LABELLED[name] * len(classes), len(classes), seed)
    rest = pool[rest]
    return World(
        vectors=vectors,
        truth=np.searchsorted(classes, [r["label"] for r in rows]),
        texts=texts,
        classes=classes,
        names=embed_names(classes, cache),
        chosen=pool[chosen],
        verified=rest[:VERIFIED],
        agent_only=rest[VERIFIED : VERIFIED + ASKED],
        open=rest[VERIFIED:],
        test=test,
    )


def simulated(world: World) -> Callable[[float, int], np.ndarray]:
    """The agent's answers, int64 by row, for an accuracy and a seed; rows it is not asked: -1.

    A record's chance of an error grows with the square of the probability that an out-of-fold
    TF-IDF model denies its label, and the wrong answer is that model's likeliest other label.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    at = np.concatenate([world.verified, world.agent_only, world.test])
    texts, truth = [world.texts[i] for i in at], world.truth[at]
    features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit_transform(texts)
    fold = deal(truth, np.random.default_rng(0), FOLDS)
    guess = np.zeros((len(at), len(world.classes)))
    for k in range(FOLDS):
        model = LogisticRegression(C=10.0, max_iter=60, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(features[fold != k], truth[fold != k])
        guess[np.ix_(fold == k, model.classes_)] = model.predict_proba(features[fold == k])
    each = np.arange(len(at))
    difficulty = 1 - guess[each, truth]
    guess[each, truth] = -1
    other = guess.argmax(axis=1)

    def say(accuracy: float, seed: int) -> np.ndarray:
        errs = error_rates(difficulty, 1 - accuracy)
        wrong = np.array([draw(seed, "wrong", text) for text in texts]) < errs
        agent_labels = np.full(len(world.texts), -1, dtype=np.int64)
        agent_labels[at] = np.where(wrong, other, truth)
        return agent_labels

    return say


@dataclass(frozen=True)
class Learnt:
    """A kind of head before the control arm was labelled (``first``), and after (``people``)."""

    trainer: Classifier
    data: TrainingData
    first: Head
    people: Head

    @classmethod
    def of(cls, world: World, kind: str) -> Learnt:
        trainer = find("classifiers", kind)()
        data = world.data(np.concatenate([world.chosen, world.verified]), named=HEADS[kind])
        first = world.data(world.chosen, named=HEADS[kind]).fit(trainer)
        return cls(trainer, data, first, data.fit(trainer))


def fused(world: World, learnt: Learnt, agent_labels: np.ndarray) -> dict[str, float]:
    """Accuracies on the test rows of model, agent and both."""
    head = learnt.first
    p = softmax(head.logits(world.vectors[world.test]))
    before = softmax(head.logits(world.vectors[world.verified]))
    fusion = fit_fusion(before, agent_labels[world.verified], world.truth[world.verified])
    word = agent_labels[world.test]
    model, agent = world.accuracy(p.argmax(axis=1)), world.accuracy(word)
    both = world.accuracy(fuse(fusion, p, word).argmax(axis=1))
    naive = world.accuracy(fuse(replace(fusion, weight=1.0), p, word).argmax(axis=1))
    agree = word == p.argmax(axis=1)
    return {
        "model": model,
        "agent": agent,
        "fused": both,
        "gain": both - max(model, agent),
        "w = 1": naive,
        "w": fusion.weight,
        "agree": float(agree.mean()),
        "wrong where they agree": float((word != world.truth[world.test])[agree].mean()),
    }


def mixed(
    world: World, learnt: Learnt, agent_labels: np.ndarray, rng: np.random.Generator
) -> dict[str, float]:
    """Change of accuracy against a head of people's labels alone, and what the trial says."""
    data, trainer = learnt.data, learnt.trainer
    agent = AgentLabels(
        vectors=world.vectors[world.agent_only],
        said=agent_labels[world.agent_only],
        confidence=np.full(ASKED, np.nan),
        verified=Verified(
            rows=data.control,
            p=softmax(learnt.first.logits(world.vectors[world.verified])),
            said=agent_labels[world.verified],
            confidence=np.full(VERIFIED, np.nan),
        ),
    )
    at = world.vectors[world.test]

    def right(head: Head) -> float:
        return world.accuracy(head.logits(at).argmax(axis=1))

    people = right(learnt.people)
    over_people = {"people": people, "mixed": right(fit_mixed(data, trainer, agent)) - people}
    if trainer.name == "logistic":  # the other takes as long for these as for all the rest
        naive = replace(
            data,
            vectors=np.concatenate([data.vectors, agent.vectors]),
            labels=[*data.labels, *(world.classes[y] for y in agent.said)],
        )
        over_people["naive"] = right(naive.fit(trainer)) - people
        over_people["dropped"] = float(baseline_wins(hold_mixed(data, trainer, agent, rng)))
    return over_people


# -- recorded agents

RECORDED = {
    "sib200_llm": ("gpt3.5-votes", "gpt4-votes"),
    "insurance_tickets_llm": ("simple-0.0", "votes"),
    "climatex_llm": ("gpt-4o-original", "gpt-4o-adjusted", "gpt-3.5-turbo-original"),
}


def recorded(name: str, run: str, cache: Path) -> dict[str, Any]:
    """A recorded run, cross-fitted in two halves: accuracies, and the range of its confidence.

    The head learns from the set's train part (sib200: the English rows of `sib200_topics`).
    """
    replies = [(row, label, sure) for row, (by, label, sure, _) in answers(name) if by == run]
    rows = [row for row, _, _ in replies]
    source = read_rows(data_file(name.replace("_llm", "_topics") if "sib" in name else name))
    train = [r for r in source if r["split"] == "train" and r.get("lang", LANGUAGE) == LANGUAGE]
    classes = tuple(sorted({r["label"] for r in (*train, *rows)}))
    place = {label: i for i, label in enumerate(classes)}
    vectors = embed([r["text"] for r in (*train, *rows)], cache)
    head = Logistic().fit(vectors[: len(train)], [r["label"] for r in train], classes, 3.0)
    p = softmax(head.logits(vectors[len(train) :]))
    truth = np.array([place[r["label"]] for r in rows])
    word = np.array([place.get(label, -1) for _, label, _ in replies])
    sure = np.array([np.nan if s is None else s for _, _, s in replies], dtype=np.float64)
    both, blunt = np.zeros_like(p), np.zeros_like(p)
    half = deal(truth, np.random.default_rng(0), 2)
    for k in (0, 1):
        fit, use = np.flatnonzero(half != k), np.flatnonzero(half == k)
        fusion = fit_fusion(p[fit], word[fit], truth[fit], sure[fit])
        both[use] = fuse(fusion, p[use], word[use], sure[use])
        blunt[use] = fuse(replace(fusion, curve=None), p[use], word[use])
    curve = fit_confidence(sure[word >= 0], word[word >= 0] == truth[word >= 0])
    low, high = (
        (None, None) if curve is None else curve(np.nanquantile(sure, [0.05, 0.95])).round(3)
    )
    return {
        "n": len(rows),
        "model": _share(p.argmax(axis=1) == truth),
        "agent": _share(word == truth),
        "fused": _share(both.argmax(axis=1) == truth),
        "fused without confidence": _share(blunt.argmax(axis=1) == truth),
        "a surest twentieth is right": None if high is None else float(high),
        "a least sure twentieth is right": None if low is None else float(low),
    }


def _share(right: np.ndarray) -> float:
    return round(float(right.mean()), 4)


def mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}


def show(what: str, figures: dict[str, Any]) -> None:
    print(f"{what:44}", *(f"{key} {value}" for key, value in figures.items()), sep="  ", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--sets", nargs="*", choices=LABELLED, default=list(LABELLED))
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "tiebreak-bench"
    )
    options = parser.parse_args()
    start = time.perf_counter()
    fusions: dict[str, list[dict[str, float]]] = {}
    mixes: dict[str, list[dict[str, float]]] = {}
    for name in options.sets:
        for seed in range(options.seeds):
            world = build(name, options.part, seed, options.cache)
            agent = simulated(world)
            for kind in HEADS:
                learnt = Learnt.of(world, kind)
                for accuracy in FUSED_WITH:
                    agent_labels = agent(accuracy, seed)
                    at = f"{name} {kind} agent {accuracy}"
                    fusions.setdefault(at, []).append(fused(world, learnt, agent_labels))
                    if accuracy in MIXED_WITH:
                        rng = np.random.default_rng(seed)
                        mixes.setdefault(at, []).append(mixed(world, learnt, agent_labels, rng))
    figures = {
        "fused": {at: mean(rows) for at, rows in fusions.items()},
        "mixed": {at: mean(rows) for at, rows in mixes.items()},
        "recorded": {
            f"{name} {run}": recorded(name, run, options.cache)
            for name, runs in RECORDED.items()
            for run in runs
        },
    }
    for part, rows in figures.items():
        print(f"\n{part}")
        for what, row in rows.items():
            show(what, row)
    gains = {n: figures["fused"][f"{n} logistic agent 0.85"]["gain"] for n in options.sets}
    mixed_gains = {n: figures["mixed"][f"{n} logistic agent 0.85"]["mixed"] for n in options.sets}
    print(
        json.dumps(
            {
                "benchmark": "fusion",
                "agents": "simulated, and recorded ones",
                "part": options.part,
                "seeds": options.seeds,
                **figures,
                "reach": REACH,
                "met": {
                    "fused": min(gains.values()) >= REACH["fused"],
                    "mixed": min(mixed_gains.values()) >= REACH["mixed"],
                },
                "seconds": round(time.perf_counter() - start, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
