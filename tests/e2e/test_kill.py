"""kill -9 at twenty points of a run, seven of them between a reply's arrival and its commit.

After a rerun the project's hash is that of an undisturbed run, and no stored reply was bought
twice: the loopback server counts.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from contexts import slice_rows

from benchmarks.agents.simulated_agent import SimulatedAgent

CHILD = Path(__file__).parents[1] / "support" / "killed_run.py"
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
RUN = ["--reviewer", "labels", "--batch", "12", "--rounds", "3", "--prelabel", "15",
       "--score-heldout", "5", "--json"]  # fmt: skip
KILLS = [("reply", n) for n in range(7)] + [("any", n) for n in range(13)]


def cli(*args: str | Path) -> str:
    command = [sys.executable, "-c", "from tiebreak.cli.main import main; main()"]
    done = subprocess.run(
        [*command, *map(str, args)], env=ENV, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def child(what: str, nth: int, folder: Path, counts: Path) -> int:
    command = [sys.executable, CHILD, what, str(nth), counts, "--", "run", folder, *RUN]
    done = subprocess.run(
        [str(x) for x in command], env=ENV, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def stored_replies(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "tiebreak.db")) as database:
        count: int = database.execute("select count(*) from replies").fetchone()[0]
    return count


def settled(agent: SimulatedAgent) -> int:
    """Replies sent, once the calls that were under way at the kill have been answered."""
    count = -1
    while count != agent.answered:
        count = agent.answered
        time.sleep(0.3)
    return count


@dataclass
class Undisturbed:
    fresh: Path
    hash: str
    bought: int
    points: dict[str, int]


@pytest.fixture(scope="module")
def agent() -> SimulatedAgent:
    with SimulatedAgent(slice_rows(), seed=3) as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed(agent: SimulatedAgent, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    place = tmp_path_factory.mktemp("kill")
    rows = place / "rows.jsonl"
    rows.write_text("".join(json.dumps(r) + "\n" for r in slice_rows()))
    fresh = place / "fresh"
    cli("init", fresh, "--labels-from", f"{rows}:label", "--embedder", "hashing",
        "--agent", "openai:simulated")  # fmt: skip
    toml = fresh / "tiebreak.toml"
    toml.write_text(
        toml.read_text().replace(
            'name = "openai:simulated"',
            f'name = "openai:simulated"\nbase_url = "{agent.url}"\nmode = "generate"',
        )
    )
    cli("import", fresh, rows, "--labels-are", "gold")
    folder = place / "undisturbed"
    shutil.copytree(fresh, folder)
    before = agent.answered
    assert child("any", 0, folder, place / "counts.json") == 0
    bought = agent.answered - before
    assert bought == stored_replies(folder) > 50
    points = json.loads((place / "counts.json").read_text())
    return Undisturbed(fresh, cli("verify", folder, "--hash").strip(), bought, points)


@pytest.mark.slow
@pytest.mark.parametrize(("what", "number"), KILLS)
def test_a_killed_run_ends_like_an_undisturbed_one(
    what: str, number: int, agent: SimulatedAgent, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(undisturbed.fresh, folder)
    nth = random.Random(f"{what}-{number}").randint(1, undisturbed.points[what])
    before = agent.answered
    assert child(what, nth, folder, tmp_path / "counts.json") == -signal.SIGKILL
    lost = settled(agent) - before - stored_replies(folder)
    assert lost >= (what == "reply")
    assert child("any", 0, folder, tmp_path / "counts.json") == 0
    assert cli("verify", folder, "--hash").strip() == undisturbed.hash
    assert json.loads(cli("verify", folder, "--json"))["problems"] == []
    assert agent.answered - before == undisturbed.bought + lost


def test_a_second_run_buys_and_embeds_nothing(
    agent: SimulatedAgent, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(undisturbed.fresh, folder)
    child("any", 0, folder, tmp_path / "counts.json")
    before = agent.answered
    vectors = {p.name: p.stat().st_mtime_ns for p in (folder / "vectors").iterdir()}
    child("any", 0, folder, tmp_path / "counts.json")
    assert agent.answered == before
    assert {p.name: p.stat().st_mtime_ns for p in (folder / "vectors").iterdir()} == vectors
