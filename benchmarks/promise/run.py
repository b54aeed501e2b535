"""The promise, measured: ``python -m benchmarks.promise.run [--quick] [--only SECTION ...]``.

Prints the rows of the table of numbers to reach, as Markdown and as one JSON line at the end, and
with ``--report`` writes docs/benchmarks/assurance.md of what has been played. Every finished
section leaves a file in the results folder, so that a run can be stopped and goes on where it
was; ``--again`` plays it anew. Progress is told on stderr. Nothing is tuned here: the ladder's
settings are the product's, and the seeds are none on which anything was chosen. Needs the data sets
(TIEBREAK_DATA), which are embedded once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: the sections are loops

from benchmarks.promise.error import estimates
from benchmarks.promise.files import Row, Setting, agreement, recorded, specified, weak
from benchmarks.promise.page import markdown, page
from benchmarks.promise.rules import exact, fusion, streams
from benchmarks.promise.triage import triage

ROOT = Path(__file__).resolve().parents[2]
SECTIONS: dict[str, Callable[[Setting], list[Row]]] = {
    "exact": exact,
    "streams": streams,
    "banking77": agreement("banking77", "logistic"),
    "clinc150": agreement("clinc150", "logistic"),
    "banking77-default": agreement("banking77", "product"),
    "clinc150-default": agreement("clinc150", "product"),
    "weak": weak,
    "file": specified,
    "recorded": recorded,
    "triage": triage,
    "fusion": fusion,
    "estimates": estimates,
}


def main() -> None:
    options = _arguments()
    setting = Setting(options.cache, seed=options.seed)
    if options.quick:
        setting = Setting(options.cache, quick=True, worlds=1, coins=20, seed=options.seed)
    folder = options.results / f"assurance-{'quick' if options.quick else 'full'}"
    sections = {}
    for name in options.only or SECTIONS:
        sections[name] = play(name, setting, folder, again=options.again)
    print(markdown(sections))
    if options.report:
        options.docs.mkdir(parents=True, exist_ok=True)
        (options.docs / "assurance.md").write_text(
            page(sections, quick=options.quick), encoding="utf-8"
        )
    rows = [row for section in sections.values() for row in section["rows"]]
    print(
        json.dumps(
            {
                "met": sum(row["met"] is True for row in rows),
                "missed": [row["what"] for row in rows if row["met"] is False],
                "seconds": {name: section["seconds"] for name, section in sections.items()},
                "rows": rows,
            }
        )
    )


def play(name: str, setting: Setting, folder: Path, *, again: bool = False) -> dict[str, Any]:
    """A section's rows: those in its file if it was played with these settings, else new ones."""
    file = folder / f"{name}.json"
    settings = {"worlds": setting.worlds, "coins": setting.coins, "seed": setting.seed}
    if file.is_file() and not again:
        section: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if section["settings"] == settings:
            print(f"{name}: kept", file=sys.stderr, flush=True)
            return section
    start = time.perf_counter()
    rows = SECTIONS[name](setting)
    seconds = round(time.perf_counter() - start, 1)
    print(f"{name}: {seconds} s", file=sys.stderr, flush=True)
    section = {"rows": rows, "seconds": seconds, "settings": settings}
    folder.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")  # a run that is stopped leaves no half file
    part.write_text(json.dumps(section) + "\n", encoding="utf-8")
    part.replace(file)
    return section


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few campaigns, BANKING77 alone")
    parser.add_argument("--only", help="sections, with commas between: " + ", ".join(SECTIONS))
    parser.add_argument("--again", action="store_true", help="play what has a result already")
    parser.add_argument("--report", action="store_true", help="write the page of what is played")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / ".results")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs" / "benchmarks")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "tiebreak-bench"
    )
    options = parser.parse_args()
    options.only = options.only.split(",") if options.only else []
    if odd := [name for name in options.only if name not in SECTIONS]:
        parser.error(f"{odd[0]!r} is no section: {', '.join(SECTIONS)}")
    return options


if __name__ == "__main__":
    main()
