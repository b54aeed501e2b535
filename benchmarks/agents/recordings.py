"""Recorded answers of real models, as files that ``agent.name = "recorded:FILE#RUN"`` reads.

``python -m benchmarks.agents.recordings FOLDER [SET...]`` converts what `sib200_llm`,
`climatex_llm` and `insurance_tickets_llm` hold, one file a set, and prints each run with its share
of right answers. A run's confidence is a vote share, or the probability of the answer's
first token; where the source has neither there is none.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.selection.loop import data_file

Row = dict[str, Any]
Said = tuple[str, str | None, float | None, str]
"""(run, label, confidence, reply) about one text."""


def sib200_llm(row: Row) -> Iterator[Said]:
    """``gpt3.5`` and ``gpt4`` in 40 languages, and their votes over 205 for the English text."""
    for run, answer in row["llm"].items():
        yield run, answer["label"], None, answer["reply"]
    for run, votes in row.get("llm_votes_all_languages", {}).items():
        yield f"{run}-votes", *_vote(Counter(votes)), ""


def climatex_llm(row: Row) -> Iterator[Said]:
    """Nine runs: the first of five samples, with its token's probability where the model gave log-
    probabilities, and the vote of the five."""
    for run in row.get("llm_runs", ()):
        name = f"{run['model']}-{run['prompt']}"
        first = run["samples"][0]
        yield name, first["label"], _probability(first), first["reply"]
        yield f"{name}-votes", *_vote(Counter(s["label"] for s in run["samples"])), ""


def insurance_tickets_llm(row: Row) -> Iterator[Said]:
    """Three prompts at five temperatures, and the vote of the fifteen."""
    for run in row.get("llm_runs", ()):
        yield f"{run['prompt']}-{run['temperature']}", run["label"], None, run["answer"]
    if "llm_vote" in row:
        yield "votes", row["llm_vote"], row["llm_vote_share"], ""


SETS = {
    "sib200_llm": sib200_llm,
    "climatex_llm": climatex_llm,
    "insurance_tickets_llm": insurance_tickets_llm,
}


def answers(name: str) -> Iterator[tuple[Row, Said]]:
    """Each row of a set with each answer about it."""
    with gzip.open(data_file(name), "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            for answer in SETS[name](row):
                yield row, answer


def write(name: str, folder: Path) -> Path:
    """Convert a set; equal data give an equal file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for row, (run, label, confidence, reply) in answers(name):
            line = {"text": row["text"], "run": run, "label": label, "confidence": confidence}
            file.write(json.dumps({**line, "reply": reply}, ensure_ascii=False) + "\n")
    return path


def _vote(votes: Counter[str | None]) -> tuple[str | None, float | None]:
    """The label with most votes, the first by name among equals, and its share of votes for one."""
    named = {label: n for label, n in votes.items() if label not in (None, "(none)")}
    if not named:
        return None, None
    best = min(named, key=lambda label: (-named[label], label))
    return best, round(named[best] / sum(named.values()), 6)


def _probability(sample: Row) -> float | None:
    """Of the label's first token ("very" stands for "very high"), None where it was not told."""
    if not sample.get("top5") or not sample["label"]:
        return None
    word = sample["label"].split()[0].lower()
    tokens = [p for token, p in sample["top5"] if token.strip().lower() == word]
    return round(min(1.0, sum(math.exp(p) for p in tokens)), 6) if tokens else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="*", default=list(SETS), help=", ".join(SETS))
    options = parser.parse_args()
    for name in options.sets:
        path = write(name, options.folder)
        correct: dict[str, list[bool]] = {}
        for row, (run, label, _, _) in answers(name):
            correct.setdefault(run, []).append(label == row["label"])
        for run, right in sorted(correct.items()):
            print(f"recorded:{path}#{run}: {sum(right) / len(right):.3f} of {len(right)} right")


if __name__ == "__main__":
    main()
