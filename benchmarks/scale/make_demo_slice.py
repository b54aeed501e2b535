"""Make the demo's data: ``python -m benchmarks.scale.make_demo_slice path/to/banking77.jsonl.gz``.

Twelve intents about cards and card payments that are easy to confuse; by a seeded draw up to 85
train and 25 test questions of each, in shuffled order. Source and licence stand beside the file.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from pathlib import Path

INTENTS = (
    "card_arrival", "card_delivery_estimate", "card_not_working", "contactless_not_working",
    "virtual_card_not_working", "lost_or_stolen_card", "compromised_card", "card_swallowed",
    "declined_card_payment", "pending_card_payment", "reverted_card_payment?",
    "card_payment_not_recognised",
)  # fmt: skip
TAKE = {"train": 85, "test": 25}
OUT = Path(__file__).parents[2] / "tiebreak/simulation/demo_data/banking77_cards.jsonl.gz"


def main(source: str) -> None:
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rng = random.Random(77)
    kept = []
    for split, most in TAKE.items():
        for intent in INTENTS:
            mine = [r for r in rows if r["label"] == intent and r["split"] == split]
            kept += rng.sample(mine, min(most, len(mine)))
    rng.shuffle(kept)
    OUT.parent.mkdir(exist_ok=True)
    body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
    OUT.write_bytes(gzip.compress(body.encode(), mtime=0))
    counts = {split: sum(r["split"] == split for r in kept) for split in TAKE}
    print(json.dumps({"file": OUT.name, "bytes": OUT.stat().st_size, **counts}))


if __name__ == "__main__":
    main(sys.argv[1])
