"""``tiebreak --help``: seconds of the whole process, against a bare interpreter. Reach: .5 s."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

RUNS = 7


def seconds(command: list[str]) -> float:
    took = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def main() -> None:
    bare = seconds([sys.executable, "-c", "pass"])
    help_ = seconds([sys.executable, "-c", "from tiebreak.cli.main import main; main(['--help'])"])
    print(
        json.dumps(
            {
                "benchmark": "help",
                "seconds": round(help_, 3),
                "reach_seconds": 0.5,
                "baseline": "bare interpreter",
                "baseline_seconds": round(bare, 3),
                "ratio": round(help_ / bare, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
