"""The next 77 of a million records of 384 numbers, as `tiebreak run` chooses them; seconds, memory.

A project is made with a million records: synthetic texts, and synthetic vectors in clusters as
embeddings are, written straight to its file (no encoder runs). 770 are labelled. One process runs
the loop and makes the index (cold, once), a second one opens the project and goes on: its rounds
are the warm ones, each answered by a simulated person. Targets: <= 2 s, and the process <= 4 GB.
Takes five to ten minutes and 4 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scale.recall import recall
from tiebreak import Project
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.domain.ports import Floats
from tiebreak.domain.records import NewRecord
from tiebreak.domain.reviews import Annotation
from tiebreak.loop import run as loop
from tiebreak.models.embed import embed_records
from tiebreak.project.context import ProjectContext
from tiebreak.retrieval.ranking import scan
from tiebreak.review.annotate import write_annotations

DIM, LABELS, BATCH, EACH, CHUNK, TURNS = 384, 77, 77, 10, 50_000, 5
QUERIES, K = 200, 10
TRUTH = "truth.npy"


def topics(n: int, labels: int = LABELS, seed: int = 0) -> Iterator[tuple[Floats, np.ndarray]]:
    """Unit vectors float32[CHUNK, DIM] with their labels, chunk by chunk.

    A label has five topics, a topic varies along twelve directions: neighbours are as near, and as
    hard to find, as those of short texts are.
    """
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(labels * 5, DIM)).astype(np.float32)
    along = 0.6 * rng.normal(size=(labels * 5, 12, DIM)).astype(np.float32)
    for start in range(0, n, CHUNK):
        size = min(CHUNK, n - start)
        topic = rng.integers(labels * 5, size=size)
        rows = 0.3 * rng.normal(size=(size, DIM)).astype(np.float32)
        for which in range(labels * 5):
            at = np.flatnonzero(topic == which)
            weights = rng.normal(size=(len(at), 12)).astype(np.float32)
            rows[at] += centres[which] + weights @ along[which]
        yield rows / np.linalg.norm(rows, axis=1, keepdims=True), topic // 5


class Timed:
    """Seconds of a block."""

    def __enter__(self) -> Timed:
        self.start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = round(time.perf_counter() - self.start, 2)


class Watched:
    """Seconds of the processor, of all threads, that `select` takes: others may use the machine."""

    def __init__(self) -> None:
        self.busy: list[float] = []
        self._select = loop.select
        loop.select = self

    def __call__(self, *given: Any) -> Any:
        start = time.process_time()
        chosen = self._select(*given)
        self.busy.append(round(time.process_time() - start, 2))
        return chosen


class NoteLog:
    """A `Progress` that keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def start(self, step: str, total: int | None) -> None: ...
    def advance(self, n: int = 1) -> None: ...
    def done(self) -> None: ...

    def note(self, text: str) -> None:
        self.notes.append(text)


def memory(key: str) -> float:
    """GB of this process: VmHWM is its peak with mapped files, RssAnon what it holds now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith(key))
    return round(int(kilobytes) / 1e6, 2)


def make(folder: Path, n: int) -> dict[str, Any]:
    """The project, its records, their vectors, and ten labels of each kind."""
    names = tuple(f"label-{i:02d}" for i in range(LABELS))
    schema = LabelSchema(labels=tuple(Label(name=name) for name in names))
    with Project.create(folder, labels=schema, agent="none", embedder="hashing") as project:
        store = project.context.store
        with Timed() as records:
            for start in range(0, n, CHUNK):
                rows = [
                    NewRecord(source="made", external_id=str(i), text=f"synthetic text {i}")
                    for i in range(start, min(n, start + CHUNK))
                ]
                store.records.add(rows)
        with Timed() as table:
            hashes = project.context.table.hashes
        labels = []
        with Timed() as vectors:
            for at, (rows_, of) in enumerate(topics(n)):
                project.context.vectors.append(hashes[at * CHUNK : (at + 1) * CHUNK], rows_)
                labels.append(of)
        truth = np.concatenate(labels)
        np.save(folder / TRUTH, truth)
        known = np.concatenate([np.flatnonzero(truth == i)[:EACH] for i in range(LABELS)])
        answer(project.context, truth, project.context.table.ids[known].tolist())
    return {
        "records_s": records.seconds,
        "table_s": table.seconds,
        "vectors_s": vectors.seconds,
        "database_gb": round((folder / "tiebreak.db").stat().st_size / 1e9, 2),
        "peak_gb": memory("VmHWM"),
    }


def answer(context: ProjectContext, truth: np.ndarray, ids: list[int]) -> None:
    """A simulated person labels these records."""
    of = truth[np.searchsorted(context.table.ids, ids)]
    acts = [
        Annotation(
            record_id=record_id,
            who="simulated person",
            source="simulated",
            outcome="label",
            labels=(f"label-{label:02d}",),
        )
        for record_id, label in zip(ids, of.tolist(), strict=True)
    ]
    write_annotations(context.store, context.schema, acts)


def turns(folder: Path, many: int) -> dict[str, Any]:
    """Open the project and run it as often, the waiting batch answered before each."""
    log = NoteLog()
    watched = Watched()
    truth = np.load(folder / TRUTH)
    measured: dict[str, Any] = {"seconds": []}
    with Timed() as opened:
        project = Project.open(folder, progress=log)
    with project:
        context = project.context
        with Timed() as table:
            _ = context.table
        with Timed() as placed:
            _ = context.placed
        with Timed() as prepared:
            embed_records(context)
        for _ in range(many):
            answer(context, truth, [task.record_id for task in context.store.queue.tasks()])
            with Timed() as whole:
                done = project.run(batch=BATCH)
            processor = {"select_processor": watched.busy[-1]}
            measured["seconds"].append({"run": whole.seconds, **done.seconds, **processor})
        measured |= {
            "open_s": opened.seconds,
            "table_s": table.seconds,
            "placed_s": placed.seconds,
            "embed_s": prepared.seconds,
            "notes": [note for note in log.notes if "index" in note],
            "held_gb": memory("RssAnon"),
            "peak_gb": memory("VmHWM"),
        }
        if many > 1:
            measured |= checked(context, truth)
    return measured


class Exact:
    """Search in all rows of a vector file, a part at a time."""

    def __init__(self, context: ProjectContext) -> None:
        self._vectors = context.vectors

    def search(self, queries: Floats, k: int) -> tuple[np.ndarray, Floats]:
        ids = np.zeros((len(queries), 0), dtype=np.int64)
        cosines = np.zeros((len(queries), 0), dtype=np.float32)
        for start in range(0, len(self._vectors), CHUNK):
            positions = np.arange(start, min(len(self._vectors), start + CHUNK))
            more = scan(queries, positions, self._vectors.at(positions), k)
            ids, cosines = np.hstack([ids, more[0]]), np.hstack([cosines, more[1]])
            best = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
            ids, cosines = (np.take_along_axis(a, best, axis=1) for a in (ids, cosines))
        return ids, cosines


def checked(context: ProjectContext, truth: np.ndarray) -> dict[str, Any]:
    """The index against exact search, and a round that compares all vectors instead."""
    index = context.near_rows
    assert index is not None
    labelled = np.array(sorted(context.pool_state().labelled), dtype=np.int64)
    queries = context.rows(np.random.default_rng(0).choice(labelled, QUERIES, replace=False))
    with Timed() as timer:
        index.search(queries, K)
    measured = {
        "recall_at_10": round(recall(index, Exact(context), queries, K), 4),
        "query_ms": round(1000 * timer.seconds / QUERIES, 2),
        "index_gb": round(index.path.stat().st_size / 1e9, 2),
    }
    context.near_rows = None
    answer(context, truth, [task.record_id for task in context.store.queue.tasks()])
    with Project(context) as project:
        measured["streamed_select_s"] = project.run(batch=BATCH).seconds["select"]
    return measured


def phase(name: str, folder: Path, n: int) -> dict[str, Any]:
    """One part in a process of its own, so that its memory is its own."""
    module = [sys.executable, "-m", "benchmarks.scale.million"]
    command = [*module, "--phase", name, "--folder", str(folder)]
    done = subprocess.run([*command, "--records", str(n)], check=True, capture_output=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def median(rounds: list[dict[str, float]], step: str) -> float:
    return round(statistics.median(one.get(step, 0.0) for one in rounds), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--phase", choices=("all", "make", "cold", "warm"), default="all")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.phase == "make":
        print(json.dumps(make(options.folder, options.records)))
        return
    if options.phase != "all":
        print(json.dumps(turns(options.folder, 1 if options.phase == "cold" else TURNS + 1)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        free, needed = shutil.disk_usage(scratch).free, 2.6 * options.records * DIM * 4
        if free < needed:
            raise SystemExit(f"{needed / 1e9:.1f} GB are to be written; {free / 1e9:.1f} are free.")
        folder = Path(scratch) / "project"
        made, cold, warm = (
            phase(name, folder, options.records) for name in ("make", "cold", "warm")
        )
    rounds = warm.pop("seconds")
    result = {
        "benchmark": "million",
        "records": options.records,
        "batch": BATCH,
        "select_s": median(rounds[1:], "select"),
        "best_select_s": min(one["select"] for one in rounds[1:]),
        "run_s": median(rounds[1:], "run"),
        "steps_s": {step: median(rounds[1:], step) for step in rounds[-1]},
        "first": rounds[0],
        "warm": warm,
        "cold": cold,
        "made": made,
        "target": {"select_s": 2.0, "peak_gb": 4.0},
    }
    result["met"] = result["select_s"] <= 2.0 and max(warm["peak_gb"], cold["peak_gb"]) <= 4.0
    print(json.dumps(result))


if __name__ == "__main__":
    main()
