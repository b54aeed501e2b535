"""Do forecast intervals hold? Reads what benchmarks.selection.run left behind.

For each curve of the product (a data set, a seed) and each batch on it, control arms are
**simulated**: as many records as the product draws, each right with the accuracy that the head of
the batch before really had on the test part. From those alone comes a forecast for half as many
labels again, and its interval holds or does not hold the accuracy that the same curve really had
there. One JSON line at the end.

    python -m benchmarks.selection.forecast [--results DIR] [--draws N]
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.selection.contenders import CONTROL, PRODUCT
from benchmarks.selection.sets import SETS
from tiebreak.learner.estimation.forecast import CannotTell, Effort, Point, forecast_labels
from tiebreak.loop.select import round_half_up

ROOT = Path(__file__).parents[2]
REACH = 0.9


def tried(
    labels: list[int], accuracy: list[float], rng: np.random.Generator, draws: int
) -> Counter[str]:
    """How often a curve's forecasts held, missed, or could not be told."""
    found: Counter[str] = Counter()
    batch = labels[0]
    n = max(1, round_half_up(CONTROL * batch))
    for at in range(2, len(labels)):
        now = labels[at]
        more = batch * max(1, round(now / 2 / batch))
        if now + more > labels[-1]:
            break
        truth = float(np.interp(now + more, labels, accuracy))
        for _ in range(draws):
            points = [
                Point(labels=labels[i], right=int(rng.binomial(n, accuracy[i])), n=n)
                for i in range(at)
            ]
            told = forecast_labels(points, now=now, more=more, effort=Effort(), rng=rng)
            if isinstance(told, CannotTell):
                found["cannot tell"] += 1
            else:
                held = told.accuracy.low <= truth <= told.accuracy.high
                found["held" if held else "missed"] += 1
                found["width"] += round(1000 * (told.accuracy.high - told.accuracy.low))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / ".results" / "full")
    parser.add_argument("--draws", type=int, default=10, help="control arms a batch")
    asked = parser.parse_args()
    by_set: dict[str, Counter[str]] = {}
    for name in SETS:
        for file in sorted((asked.results / name).glob(f"{PRODUCT}-[0-9]*.json")):
            result = json.loads(file.read_text(encoding="utf-8"))
            rng = np.random.default_rng([zlib.crc32(name.encode()), result["seed"]])
            played = tried(result["labels"], result["accuracy"], rng, asked.draws)
            by_set.setdefault(name, Counter()).update(played)
    if not by_set:
        parser.error(f"{str(asked.results)!r} holds no {PRODUCT}: run benchmarks.selection.run")
    total = sum(by_set.values(), Counter())
    told = {name: _row(found) for name, found in by_set.items()}
    every = _row(total)
    held = every["held"]
    print(
        json.dumps(
            {
                "benchmark": "forecast",
                "control arms": "simulated",
                "sets": told,
                "all": every,
                "reach": REACH,
                "met": held is not None and held >= REACH,
            }
        )
    )


def _row(found: Counter[str]) -> dict[str, float | int | None]:
    told = found["held"] + found["missed"]
    return {
        "held": round(found["held"] / told, 3) if told else None,
        "told": told,
        "cannot tell": found["cannot tell"],
        "mean width": round(found["width"] / told / 1000, 3) if told else None,
    }


if __name__ == "__main__":
    main()
