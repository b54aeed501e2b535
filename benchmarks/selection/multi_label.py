"""Selection where any number of labels may apply: micro-F1 and exact sets by budget.

``python -m benchmarks.selection.multi_label FILE.jsonl.gz`` replays strategies on the issues of
microsoft/vscode with their maintainers' tags (see tests/data/multi_label/README.md), by the
product's own head, in batches of 20 after 40 k-means seeds (random choice: 40 by lot), on one third
held out by lot for each seed. With ``--heads`` it measures the head alone instead, at each C, on
records drawn by lot: micro-F1, exact sets, log-loss. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tiebreak import registry
from tiebreak.config import EmbedderPart
from tiebreak.domain.label_space import THRESHOLD, memberships
from tiebreak.domain.ports import Pool
from tiebreak.learner.calibration import FLOOR, sigmoid
from tiebreak.learner.choose_c import CHOICES, needs_choice
from tiebreak.learner.label_space import MULTI
from tiebreak.learner.set_classifiers.one_vs_rest import OneVsRest
from tiebreak.project import wiring

LANGUAGES = {
    "chinese-simplified": "chinese",
    "chinese-traditional": "chinese",
    "portuguese-brazil": "portuguese",
}
TAGS = (
    "chinese", "portuguese", "russian", "japanese", "spanish", "french", "korean", "info-needed",
    "triage-needed", "invalid", "duplicate", "caused-by-extension", "terminal", "question",
)  # fmt: skip
START, BATCH, BUDGETS = 40, 20, (40, 100, 200, 400)

Yes = npt.NDArray[np.bool_]


def tags_of(row: dict[str, Any]) -> tuple[str, ...]:
    """The tags of an issue that are in `TAGS`, in that order."""
    bare = {tag.lstrip("*").removeprefix("translation-required-") for tag in row["tags"]}
    named = {LANGUAGES.get(tag, tag) for tag in bare}
    return tuple(tag for tag in TAGS if tag in named)


def scores(truth: Yes, predicted: Yes) -> tuple[float, float]:
    """Micro-F1, and the share of exact sets."""
    f1 = 2 * (truth & predicted).sum() / (truth.sum() + predicted.sum())
    return float(f1), float((truth == predicted).all(axis=1).mean())


def play(
    name: str, vectors: Any, sets: list[tuple[str, ...]], seed: int
) -> dict[int, tuple[float, float]]:
    """Scores on the held-out third at each budget."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(sets))
    test, rest = order[: len(order) // 3], order[len(order) // 3 :]
    truth = memberships([sets[i] for i in test], TAGS)
    known: list[int] = []
    head, c, chosen = None, MULTI.default_c, 0
    by_budget = {}
    while len(known) < BUDGETS[-1]:
        free = np.setdiff1d(rest, known)
        pool = Pool(
            vectors=vectors[free],
            labelled=vectors[known],
            probabilities=None if head is None else sigmoid(head.logits(vectors[free])),
            n_classes=len(TAGS),
            head=head,
            multiple=True,
            sets=tuple(sets[i] for i in known),
        )
        first = "random_uniform" if name == "random_uniform" else "kmeans_seeds"
        strategy = registry.find("strategies", name if known else first)()
        picks = strategy.query(pool, BATCH if known else START, rng)
        known += [int(free[pick.position]) for pick in picks]
        labelled = [sets[i] for i in known]
        given = sum(map(len, labelled))
        if needs_choice(given, chosen, len(TAGS)):
            c, chosen = MULTI.choose_c(vectors[known], labelled, TAGS, rng), given
        head = OneVsRest().fit(vectors[known], labelled, TAGS, c)
        assert head is not None
        if len(known) in BUDGETS:
            p = sigmoid(head.logits(vectors[test]))
            by_budget[len(known)] = scores(truth, p >= THRESHOLD)
    return by_budget


def measure_heads(vectors: Any, sets: list[tuple[str, ...]], seeds: int) -> dict[str, Any]:
    """Micro-F1, exact sets and log-loss by budget and C, on records drawn by lot."""
    by_name: dict[str, Any] = {}
    for n in BUDGETS:
        for c in sorted(CHOICES):
            runs = []
            for seed in range(seeds):
                order = np.random.default_rng(seed).permutation(len(sets))
                train, test = order[:n], order[-len(order) // 3 :]
                truth = memberships([sets[i] for i in test], TAGS)
                head = OneVsRest().fit(vectors[train], [sets[i] for i in train], TAGS, c)
                assert head is not None
                p = sigmoid(head.logits(vectors[test]))
                right = np.clip(np.where(truth, p, 1 - p), FLOOR, 1)
                loss = float(-np.log(right).sum(axis=1).mean())
                runs.append((*scores(truth, p >= THRESHOLD), loss))
            by_name[f"{n} at C={c:g}"] = [round(x, 3) for x in np.mean(runs, axis=0)]
    return by_name


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--heads", action="store_true")
    parser.add_argument(
        "--strategies",
        default="random_uniform,margin_kmeans,margin,least_confidence,entropy,committee",
    )
    given = parser.parse_args()
    with gzip.open(given.file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    vectors = wiring.embedder(EmbedderPart()).embed([row["text"] for row in rows])
    sets = [tags_of(row) for row in rows]
    if given.heads:
        print(json.dumps(measure_heads(vectors, sets, given.seeds)))
        return
    by_name = {}
    for name in given.strategies.split(","):
        runs = [play(name, vectors, sets, seed) for seed in range(given.seeds)]
        by_name[name] = {
            n: {
                "micro_f1": round(float(np.mean([run[n][0] for run in runs])), 3),
                "exact": round(float(np.mean([run[n][1] for run in runs])), 3),
            }
            for n in BUDGETS
        }
        print(name, by_name[name], flush=True)
    print(json.dumps({"seeds": given.seeds, "strategies": by_name}))


if __name__ == "__main__":
    main()
