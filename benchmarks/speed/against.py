"""This tree against another one, such as 0.1.0's, in pairs: what the house costs or saves.

    python -m benchmarks.speed.against OTHER_TREE [--pairs 5] [--only NAME ...]

Each measurement is a small program that runs in a process of its own, once with this tree on the
path and once with the other, in turn; it prints its own seconds. Names that changed are looked up
under both. One JSON line at the end: the medians and the ratio of each pair's seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

COMMON = """
import sys, tempfile, time, pathlib, importlib
def either(*names):
    for name in names:
        module, _, symbol = name.rpartition(".")
        try:
            return getattr(importlib.import_module(module), symbol)
        except (ImportError, AttributeError):
            pass
    raise SystemExit(f"none of {names}")
make = either("contexts.make_context", "benches.make_bench")
rows_of = either("contexts.slice_rows", "benches.slice_rows")
run = either("tiebreak.loop.run.run_loop", "tiebreak.workflow.loop.run")
Options = either("tiebreak.loop.running.RunOptions", "tiebreak.workflow.running.RunOptions")
from clock import TickingClock
from tiebreak.store.sql import SqlStore
folder = pathlib.Path(tempfile.mkdtemp())
store = SqlStore.open(folder / "tiebreak.db", TickingClock())
def seconds(work):
    begun = time.perf_counter()
    work()
    print(time.perf_counter() - begun)
"""

HEAD = (
    COMMON
    + """
import numpy as np
from tiebreak.domain.ports import Pool
from tiebreak.learner.calibration import softmax
from tiebreak.learner.classifiers.logistic import create
from tiebreak.registry import find
rng = np.random.default_rng(0)
def blobs(rows):
    of = rng.integers(77, size=rows)
    vectors = np.eye(77, 384)[of] + 0.25 * rng.normal(size=(rows, 384))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), of
classes = tuple(f"label-{k:02d}" for k in range(77))
def fitted(rows):
    vectors, of = blobs(rows)
    return create().fit(vectors, [classes[k] for k in of], classes, 30.0)
fitted(400)
"""
)

PROGRAMS = {
    "freeze": COMMON
    + """
rows = rows_of(719, 0)
many = [{**r, "id": f"{r['id']}-{k}", "text": f"{r['text']} {k}"} for k in range(8) for r in rows]
context = make(folder, many[:5300], store=store, settings={"learn": {"head": "logistic"}})
run(context, Options(batch=60, rounds=3, reviewer="labels"))
freeze = either("tiebreak.promise.freeze.freeze_policy", "tiebreak.workflow.promise.freeze.promote")
terms = either("tiebreak.promise.terms.current_terms", "tiebreak.workflow.promise.asked.asked")(
    context, max_error=0.2, reviewer="labels")
try:
    ids = context.pool_state().unlabelled
except AttributeError:
    ids = importlib.import_module("tiebreak.workflow.select").unlabelled(context)
def work():
    policy = freeze(context, terms, ids)
    assert policy is not None and policy.candidates > 4900, policy
seconds(work)
""",
    "promise run": COMMON
    + """
settings = {"promise": {"max_error": 0.1, "audits": 110}, "learn": {"head": "logistic"}}
context = make(folder, rows_of(719, 180), store=store, settings=settings)
seconds(lambda: run(context, Options(reviewer="labels")))
""",
    "round": COMMON
    + """
context = make(folder, rows_of(719, 180), store=store)
run(context, Options(batch=24, rounds=4, reviewer="labels"))
seconds(lambda: run(context, Options(batch=24, rounds=5, reviewer="labels")))
""",
    "refit": HEAD
    + """
seconds(lambda: [fitted(2_000) for _ in range(3)])
""",
    "next batch": HEAD
    + """
head = fitted(770)
candidates, _ = blobs(10_000)
labelled, _ = blobs(770)
def work():
    pool = Pool(vectors=candidates, labelled=labelled, n_classes=77,
                probabilities=softmax(head.logits(candidates)))
    find("strategies", "margin_kmeans")().query(pool, 77, np.random.default_rng(0))
work()
seconds(work)
""",
    "import": COMMON
    + """
from tiebreak import Project
path = folder / "rows.csv"
path.write_text("id,text\\n" + "".join(
    f"r{k},my card payment was declined {k} tell me when it comes\\n" for k in range(20_000)))
project = Project.create(folder / "p", labels=["a", "b"], agent="none")
seconds(lambda: project.import_file(path))
project.close()
""",
    "help": """
import subprocess, sys, time
begun = time.perf_counter()
subprocess.run([sys.executable, "-c", "from tiebreak.cli.main import main; main(['--help'])"],
               check=True, capture_output=True)
print(time.perf_counter() - begun)
""",
    "status": COMMON
    + """
status = either("tiebreak.report.status.project_status", "tiebreak.workflow.status.status")
context = make(folder, rows_of(719, 180), store=store)
run(context, Options(batch=24, rounds=4, reviewer="labels"))
status(context)
seconds(lambda: status(context))
""",
}


def measured(tree: Path, program: str) -> float:
    """The seconds that a program prints with *tree* on its path."""
    places = [str(tree), str(tree / "tests" / "support")]
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    environment = {**os.environ, **one, "PYTHONPATH": os.pathsep.join(places)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tree, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{tree}: {done.stderr}")
    return float(done.stdout.split()[-1])


def main() -> None:
    """Play the pairs and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=list(PROGRAMS), default=list(PROGRAMS))
    args = parser.parse_args()
    table = {}
    for name in args.only:
        pairs = [
            (measured(ROOT, PROGRAMS[name]), measured(args.other.resolve(), PROGRAMS[name]))
            for _ in range(args.pairs)
        ]
        ratio = statistics.median(here / there for here, there in pairs)
        row = {
            "seconds": statistics.median(here for here, _ in pairs),
            "other": statistics.median(there for _, there in pairs),
            "ratio": ratio,
        }
        table[name] = {key: round(value, 4) for key, value in row.items()}
        print(f"{name:12} {row['seconds']:8.3f} s  {row['other']:8.3f} s  ratio {ratio:.3f}")
    print(json.dumps(table))


if __name__ == "__main__":
    main()
