"""The whole command line on real data.

Each SET is ``FOLDER/SET.jsonl.gz`` with id, text, label, split. The reviewer is **simulated** from
the file's labels. ``--agent simulated`` (default) starts the simulated agent: a loopback chat
server, right on 85 % of the records, that also sends broken JSON, refusals and 429s; its figures
are about the loop, not about any model. ``--agent embedded`` asks the real embedded model about a
sample. Every step is a ``tiebreak`` command in a process of its own; one JSON line a set.

    python -m benchmarks.selection.whole_loop FOLDER SET... [--agent NAME]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TIEBREAK = [sys.executable, "-c", "from tiebreak.cli.main import main; main()"]


def tiebreak(*args: str | Path) -> tuple[dict[str, Any], float]:
    """Run a command with ``--json``; its document and its seconds."""
    start = time.perf_counter()
    done = subprocess.run(
        [*TIEBREAK, *map(str, args), "--json"], capture_output=True, text=True, check=False
    )
    took = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"tiebreak {args[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout), round(took, 1)


@contextlib.contextmanager
def agent_settings(file: Path, agent: str, mode: str) -> Iterator[str]:
    """The ``[agent]`` table for ``tiebreak.toml``, with its server running."""
    if agent != "simulated":
        yield f'[agent]\nname = "{agent}"\n'
        return
    from benchmarks.agents.simulated_agent import SimulatedAgent, read_rows

    with SimulatedAgent(read_rows(file), accuracy=0.85, seed=0) as server:
        yield (
            f'[agent]\nname = "openai:simulated"\nbase_url = "{server.url}"\n'
            f'mode = "{mode}"\nconcurrency = 8\n'
        )


def play(file: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Every command on one set; what came out and how long it took."""
    with (
        tempfile.TemporaryDirectory() as place,
        agent_settings(file, options.agent, options.mode) as settings,
    ):
        folder = Path(place) / "project"
        took: dict[str, float] = {}
        _, took["init"] = tiebreak("init", folder, "--labels-from", f"{file}:label")
        toml = (folder / "tiebreak.toml").read_text().partition("[agent]")[0] + settings
        (folder / "tiebreak.toml").write_text(toml)
        read, took["import"] = tiebreak("import", folder, file, "--labels-are", "gold")
        command = (
            "run", folder, "--reviewer", "labels", "--rounds", str(options.rounds),
            "--batch", options.batch, "--prelabel", options.prelabel,
            "--score-heldout", str(options.heldout),
        )  # fmt: skip
        report, took["run"] = tiebreak(*command)
        again, took["run again"] = tiebreak(*command)
        exported, took["export"] = tiebreak("export", folder, Path(place) / "out.parquet")
        checked, took["verify"] = tiebreak("verify", folder)
        _, took["backup"] = tiebreak("backup", folder, Path(place) / "all.zip")
        copy = Path(place) / "copy"
        _, took["restore"] = tiebreak("restore", Path(place) / "all.zip", copy)
        restored, _ = tiebreak("verify", copy, "--hash")
        health, took["doctor"] = tiebreak("doctor", folder)
    return {
        "benchmark": "whole_loop",
        "set": file.name,
        "agent": options.agent,
        "mode": options.mode,
        "reviewer": "simulated",
        "problems": read["files"][0]["problems"],
        "status": {k: report[k] for k in report if k not in ("splits", "message")},
        "second_run_bought": again["spend"]["calls"] - report["spend"]["calls"],
        "exported": exported["rows"],
        "verify_problems": checked["problems"],
        "restored_hash_equal": restored["hash"] == checked["hash"],
        "doctor_ok": health["ok"],
        "seconds": took,
    }


def main() -> None:
    """Play each set."""
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("folder", type=Path)
    args.add_argument("sets", nargs="+")
    args.add_argument("--agent", default="simulated")
    args.add_argument("--mode", default="generate", help="of the simulated agent")
    args.add_argument("--batch", default="0", help="records per batch; 0: the product's own size")
    args.add_argument("--rounds", type=int, default=10)
    args.add_argument("--prelabel", default="all")
    args.add_argument("--heldout", type=int, default=1000)
    options = args.parse_args()
    for name in options.sets:
        file = options.folder / f"{name}.jsonl.gz"
        print(json.dumps(play(file, options)), flush=True)


if __name__ == "__main__":
    main()
