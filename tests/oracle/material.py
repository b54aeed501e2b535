"""The records, labels and answers of the stories: made up by a seed, or shipped and real."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ISSUES = ROOT / "tests/data/multi_label/issues.jsonl"
Row = dict[str, Any]

WORDS = {
    "refund": ("refund", "money", "charged", "invoice", "payment"),
    "login": ("password", "login", "account", "locked", "code"),
}
STRANGE = ("comet", "nebula", "telescope", "orbit", "probe", "moon", "ring", "dust", "planet")


def jsonl(rows: Iterable[Row]) -> str:
    """Rows as JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def table(rows: list[Row], delimiter: str = ",") -> str:
    """Rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def two_kinds(n: int, wrong: float = 0.0, *, seed: int, first: int = 0) -> list[Row]:
    """*n* rows whose text tells the label, but for about a share *wrong* of them, which lie; their
    ids are numbers from *first*."""
    rng = random.Random(seed)
    kinds = list(WORDS)
    rows = []
    for i in range(first, first + n):
        text = " ".join([*rng.choices(WORDS[kinds[i % 2]], k=4), str(i)])
        label = kinds[1 - i % 2] if rng.random() < wrong else kinds[i % 2]
        rows.append({"id": f"r{i}", "text": text, "label": label, "split": "train"})
    return rows


def strange(n: int, *, seed: int) -> list[Row]:
    """*n* rows on another matter."""
    rng = random.Random(seed)
    return [
        {"id": f"sky{i}", "text": " ".join([*rng.choices(STRANGE, k=6), f"sky {i}"])}
        for i in range(n)
    ]


def cards(pool: int, test: int) -> list[Row]:
    """Rows of the shipped slice of BANKING77, wherever it lies: the first so many of each split."""
    (file,) = (ROOT / "tiebreak").rglob("banking77_cards.jsonl.gz")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        row
        for split, n in (("train", pool), ("test", test))
        for row in [row for row in rows if row["split"] == split][:n]
    ]


def issues() -> list[Row]:
    """Real issues: id, text, tags (a list), split."""
    return [json.loads(line) for line in ISSUES.read_text(encoding="utf-8").splitlines()]


def draw(what: str, text: str) -> float:
    """A number in [0, 1) that depends on nothing else."""
    raw = hashlib.sha256(f"{what}/{text}".encode()).digest()
    return int.from_bytes(raw[:8], "big") / 2**64


def recorded(rows: list[Row], right: float = 0.8) -> list[Row]:
    """Answers of an agent that is right on about a share *right* of the rows, abstains on a few,
    and is surer where it is right: lines of a ``recorded:`` file with two runs, of which the
    second gives no confidence."""
    names = sorted({row["label"] for row in rows})
    answers = []
    for row in rows:
        text, label = row["text"], row["label"]
        is_right = draw("right", text) < right
        if not is_right:
            label = names[(names.index(label) + 1 + int(draw("other", text) * 3)) % len(names)]
        sure = 0.55 + 0.4 * draw("sure", text) + (0.04 if is_right else -0.2)
        said = None if draw("none", text) < 0.03 else label
        answers.append({"text": text, "run": "a", "label": said, "confidence": round(sure, 3)})
        answers.append({"text": text, "run": "b", "label": said, "reply": f"It reads like {said}."})
    return answers


def by_name(rows: list[Row], wrong: float = 0.0, who: str = "") -> dict[str, str]:
    """What a person types at each row's card in the terminal: its label, or another one on about
    a share *wrong* of them."""
    names = sorted({row["label"] for row in rows})
    other = dict(zip(names, [*names[1:], names[0]], strict=True))
    return {
        row["id"]: "/" + (other[row["label"]] if draw(who, row["id"]) < wrong else row["label"])
        for row in rows
    }
