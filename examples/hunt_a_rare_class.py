"""A label that one record in a hundred has: hunted from two known examples, beside random choice.

Run it with ``python examples/hunt_a_rare_class.py``. Of the demo's real questions to a bank, 14 in
1,100 or so say that a cash machine swallowed the card. You know two of them. How many do you hold
after a hundred labels? The **people are simulated**: they answer from sealed labels.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import numpy as np

from tiebreak import Project
from tiebreak.simulation.demo import data_file

RARE, OTHER, SOURCE = "swallowed card", "something else", "card_swallowed"
RARE_RECORDS, KNOWN, BUDGET, BATCH, SEEDS = 14, 2, 100, 25, 3


def haystack(seed: int) -> list[dict[str, str]]:
    """The questions, all but a few of the rare ones left out, shuffled."""
    with gzip.open(data_file(), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rng = np.random.default_rng(seed)
    rare = [row for row in rows if row["label"] == SOURCE]
    kept = [rare[i] for i in rng.permutation(len(rare))[:RARE_RECORDS]]
    pool = [row for row in rows if row["label"] != SOURCE] + kept
    return [
        {
            "id": pool[i]["id"],
            "text": pool[i]["text"],
            "label": RARE if pool[i]["label"] == SOURCE else OTHER,
        }
        for i in rng.permutation(len(pool))
    ]


def hunt(folder: Path, seed: int, strategy: str, cold: str) -> int:
    """The rare records held after `BUDGET` answers, the known ones among them."""
    rows = haystack(seed)
    file = folder / "questions.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    project = Project.create(
        folder / f"{strategy}-{seed}",
        labels=[RARE, OTHER],
        task="Did a cash machine keep the customer's card?",
        agent="none",
        embedder="hashing",  # needs no model; leave it out for all-MiniLM-L6-v2
        settings={
            "project": {"seed": seed},
            "select": {"strategy": strategy, "cold_strategy": cold, "batch": BATCH},
            "learn": {"head": "logistic"},  # the quickest, and two labels need no more
        },
    )
    with project:
        project.import_file(file, labels_are="gold")
        for row in [row for row in rows if row["label"] == RARE][:KNOWN]:
            project.annotate(row["id"], RARE, who="who knows two", simulated=True)
        project.run(rounds=BUDGET, max_labels=BUDGET, reviewer="labels")
        project.export(folder / "labelled.jsonl", only_labelled=True)
    exported = (folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()
    return sum(json.loads(row)["label"] == RARE for row in exported)


def main() -> None:
    n = len(haystack(0))
    print(f"{RARE_RECORDS} of {n} records are rare: {RARE_RECORDS / n:.1%}; {KNOWN} are known")
    print(f"held after {BUDGET} labels, {SEEDS} seeds:")
    with tempfile.TemporaryDirectory() as place:
        for strategy, cold in (
            ("rare_class", "kmeans_seeds"),
            ("margin_kmeans", "kmeans_seeds"),  # the default
            ("random_uniform", "random_uniform"),
        ):
            held = [hunt(Path(place), seed, strategy, cold) for seed in range(SEEDS)]
            told = ", ".join(map(str, held))
            print(f"  {strategy}: {told}; mean {np.mean(held):.1f} of {RARE_RECORDS}")


if __name__ == "__main__":
    main()
