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
    counts: Counter[str] = Counter()
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
            forecast = forecast_labels(points, now=now, more=more, effort=Effort(), rng=rng)
            if isinstance(forecast, CannotTell):
                counts["cannot tell"] += 1
            else:
                covered = forecast.accuracy.low <= truth <= forecast.accuracy.high
                counts["held" if covered else "missed"] += 1
                counts["width"] += round(1000 * (forecast.accuracy.high - forecast.accuracy.low))
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / ".results" / "full")
    parser.add_argument("--draws", type=int, default=10, help="control arms a batch")
    options = parser.parse_args()
    by_set: dict[str, Counter[str]] = {}
    for name in SETS:
        for file in sorted((options.results / name).glob(f"{PRODUCT}-[0-9]*.json")):
            result = json.loads(file.read_text(encoding="utf-8"))
            rng = np.random.default_rng([zlib.crc32(name.encode()), result["seed"]])
            played = tried(result["labels"], result["accuracy"], rng, options.draws)
            by_set.setdefault(name, Counter()).update(played)
    if not by_set:
        parser.error(f"{str(options.results)!r} holds no {PRODUCT}: run benchmarks.selection.run")
    total = sum(by_set.values(), Counter())
    rows = {name: _row(counts) for name, counts in by_set.items()}
    every = _row(total)
    share = every["held"]
    print(
        json.dumps(
            {
                "benchmark": "forecast",
                "control arms": "simulated",
                "sets": rows,
                "all": every,
                "reach": REACH,
                "met": share is not None and share >= REACH,
            }
        )
    )


def _row(counts: Counter[str]) -> dict[str, float | int | None]:
    issued = counts["held"] + counts["missed"]
    return {
        "held": round(counts["held"] / issued, 3) if issued else None,
        "told": issued,
        "cannot tell": counts["cannot tell"],
        "mean width": round(counts["width"] / issued / 1000, 3) if issued else None,
    }


if __name__ == "__main__":
    main()
