"""Our strategies against small-text's and scikit-activeml's own code: ``make bench-selection``.

Same embeddings, same head, same pools and seeds, same run; seven data sets. Every job (set, seed,
contender) leaves one JSON file in the results folder, so that a run can be stopped and goes on
where it was, and ``--only tiebreak_default --again`` plays a changed contender alone. The page and
its plots are written from the files there are. Labels come from the data (simulated person);
nothing is tuned here, and the test parts are only scored on.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SLOWEST = 30.0
"""CPU seconds a batch may take on the sets; a contender that needs more is told, not played."""


@dataclass(frozen=True)
class Job:
    """What a worker needs to know; ``file`` takes the result."""

    data: str
    contender: str
    seed: int
    file: Path
    cache: Path
    quick: bool
    limit: float


def main() -> None:
    options = _arguments()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read by the workers
    folder = options.results / ("quick" if options.quick else "full")
    page = folder / "page" if options.quick else options.docs
    if not options.report:
        for name in options.sets:
            _prepare(name, options.cache)
        with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as workers:
            _run(list(_jobs(options, folder)), workers, again=options.again)
            if not options.no_speed:
                _speed(
                    folder, workers, again=options.again and not options.only, quick=options.quick
                )
    from benchmarks.selection.page import write

    print(json.dumps(write(folder, page, quick=options.quick)))


def _arguments() -> argparse.Namespace:
    from benchmarks.selection.contenders import CONTENDERS
    from benchmarks.selection.sets import QUICK, SETS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two small sets, two seeds, 8 batches")
    parser.add_argument("--sets", nargs="+", choices=[*SETS], metavar="SET")
    parser.add_argument("--seeds", type=int, help="5; 2 when quick")
    parser.add_argument("--only", nargs="+", choices=[*CONTENDERS], metavar="CONTENDER", default=[])
    parser.add_argument("--no-speed", action="store_true", help="leave the timed batches out")
    parser.add_argument("--again", action="store_true", help="play what has a result already")
    parser.add_argument("--report", action="store_true", help="play nothing, write the page")
    parser.add_argument("--jobs", type=int, default=2, help="processes, a thread each")
    parser.add_argument("--limit", type=float, default=SLOWEST, help="CPU seconds a batch may take")
    parser.add_argument("--list", action="store_true", help="name the contenders and stop")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / ".results")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs" / "benchmarks")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "tiebreak-bench"
    )
    options = parser.parse_args()
    if options.list:
        print("\n".join(CONTENDERS))
        parser.exit()
    options.sets = options.sets or (QUICK if options.quick else [*SETS])
    options.seeds = options.seeds or (2 if options.quick else 5)
    return options


def _prepare(name: str, cache: Path) -> None:
    """Embed a set before the workers need it."""
    from benchmarks.selection.sets import load

    start = time.perf_counter()
    data = load(name, cache)
    took = time.perf_counter() - start
    print(f"{name}: {len(data.train)} + {len(data.test)} rows, {took:.0f} s", flush=True)


def _jobs(options: argparse.Namespace, folder: Path) -> Iterator[Job]:
    """Seed by seed, so that a run that is stopped has whole seeds."""
    from benchmarks.selection.contenders import CONTENDERS

    for seed in range(options.seeds):
        for name in options.sets:
            for key in options.only or CONTENDERS:
                file = folder / name / f"{key}-{seed}.json"
                yield Job(name, key, seed, file, options.cache, options.quick, options.limit)


def _run(jobs: Sequence[Job], workers: ProcessPoolExecutor, *, again: bool) -> None:
    due = [job for job in jobs if again or not is_done(job)]
    print(f"{len(jobs)} jobs, {len(due)} to play", flush=True)
    waiting = {workers.submit(run, job): job for job in due}
    for number, done in enumerate(as_completed(waiting), 1):
        job = waiting[done]
        print(
            f"[{number}/{len(due)}] {job.data} {job.seed} {job.contender}: {done.result()}",
            flush=True,
        )


def is_done(job: Job) -> bool:
    """Whether the job's file is there, with these settings.

    What was too slow is tried again with a higher limit; what failed, always.
    """
    from benchmarks.selection.contenders import settings_of

    result = _read(job.file)
    if result is None or result["settings"] != settings_of(job.contender, quick=job.quick):
        return False
    skipped = result.get("skipped", {})
    return skipped.get("why") != "failed" and skipped.get("seconds", job.limit) >= job.limit


def _read(file: Path) -> dict[str, Any] | None:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def run(job: Job) -> str:
    """Play a job, write its file, and say how it went. Runs in a worker."""
    from benchmarks.selection.contenders import CONTENDERS, settings_of
    from benchmarks.selection.job import TOO_BIG, play
    from benchmarks.selection.sets import load

    start, cpu = time.perf_counter(), time.process_time()
    first = _read(job.file.with_name(f"{job.contender}-0.json")) if job.seed else None
    skipped = (first or {}).get("skipped", {})
    if skipped.get("why") == TOO_BIG or skipped.get("seconds", 0.0) >= job.limit:  # known already
        result = {"contender": job.contender, "seed": job.seed, "skipped": skipped}
    else:
        data = load(job.data, job.cache, quick=job.quick)
        result = play(data, CONTENDERS[job.contender], job.seed, limit=job.limit)
    result["settings"] = settings_of(job.contender, quick=job.quick)
    result["seconds"] = round(time.perf_counter() - start, 2)
    result["cpu_seconds"] = round(time.process_time() - cpu, 2)
    _write(job.file, result)
    end = result["skipped"] if "skipped" in result else f"{result['accuracy'][-1]:.3f}"
    return f"{end} in {result['seconds']} s, {result['cpu_seconds']} s of CPU"


def _write(file: Path, result: dict[str, Any]) -> None:
    """All or nothing: a run that is stopped leaves no half file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(result) + "\n", encoding="utf-8")
    part.replace(file)


def _speed(folder: Path, workers: ProcessPoolExecutor, *, again: bool, quick: bool) -> None:
    """The seconds of a batch, alone on the machine, once the jobs are done."""
    from benchmarks.selection.speed import QUICK, WHOLE, measure

    file = folder / "speed.json"
    if again or not file.is_file():
        size = QUICK if quick else WHOLE
        print(f"speed: a batch from {size:,}", flush=True)
        _write(file, workers.submit(measure, size).result())


if __name__ == "__main__":
    main()
