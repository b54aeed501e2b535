"""Import of 100,000 CSV rows into a project (SQLite). Reach: 15 s and 500 MB.

``python -m benchmarks.speed.import_speed [DATA.jsonl.gz] [--rows N] [--format F] [--labels]``:
texts and labels come from the data file, numbered so that all differ; without one they are made
up. The baseline is a bare ``csv.DictReader`` loop over the same rows, in the same process.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from tiebreak import Project
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.files import FileImport, ImportOptions, write_rows

SENTENCE = "my card payment was declined please tell me where the money is and when it comes"


def labelled_texts(data: Path | None) -> list[tuple[str, str]]:
    """(text, label) pairs: real ones, or made-up ones of like length."""
    if data is not None:
        with gzip.open(data, "rt", encoding="utf-8") as lines:
            return [(row["text"], row["label"]) for row in map(json.loads, lines)]
    rng, words = random.Random(0), SENTENCE.split()
    return [(" ".join(rng.choices(words, k=12)), f"label {i % 77}") for i in range(10_000)]


def rows(pairs: list[tuple[str, str]], n: int) -> Iterator[dict[str, str]]:
    """*n* rows, no two with the same text."""
    for i, (text, label) in zip(range(n), cycle(pairs), strict=False):
        yield {
            "id": f"row-{i}",
            "text": f"{text} ({i})",
            "label": label,
            "split": "test" if i % 10 == 0 else "train",
        }


def peak_mb() -> float:
    """The most memory that this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--format", choices=("csv", "jsonl", "parquet"), default="csv")
    parser.add_argument("--labels", action="store_true", help="import the labels too")
    options = parser.parse_args()
    pairs = labelled_texts(options.data)
    schema = LabelSchema(labels=tuple(Label(name=x) for x in sorted({y for _, y in pairs})))
    columns = ("id", "text", "label", "split")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"rows.{options.format}")
        write_rows(path, columns, rows(pairs, options.rows))
        write_rows(Path(folder, "rows.csv"), columns, rows(pairs, options.rows))
        before = peak_mb()

        start = time.perf_counter()
        with Path(folder, "rows.csv").open(encoding="utf-8", newline="") as file:
            plain = sum(1 for _ in csv.DictReader(file))
        baseline = time.perf_counter() - start

        start = time.perf_counter()
        file_import = FileImport.open(path, ImportOptions(), labels=schema.names)
        read = sum(1 for _ in file_import.records(schema, max_text_chars=1_000_000))
        reading = time.perf_counter() - start

        label = None if options.labels else "none"
        with Project.create(Path(folder, "p"), labels=schema, agent="none") as project:
            start = time.perf_counter()
            taken = project.import_file(path, label=label).taken
            seconds = time.perf_counter() - start
    assert plain == read == taken == options.rows
    print(
        json.dumps(
            {
                "benchmark": "import_speed",
                "rows": taken,
                "format": options.format,
                "with_labels": options.labels,
                "seconds": round(seconds, 2),
                "rows_per_second": round(taken / seconds),
                "reach_seconds": 15,
                "reading_alone_seconds": round(reading, 2),
                "peak_mb": round(peak_mb()),
                "peak_mb_before": round(before),
                "reach_mb": 500,
                "baseline": "csv.DictReader loop",
                "baseline_seconds": round(baseline, 2),
                "ratio": round(seconds / baseline, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
