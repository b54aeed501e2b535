"""Each of `examples/` runs as it stands, leaves nothing behind, and makes the point that it makes.

People and agents in them are simulated. `examples/quickstart.py` has a test of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from commands import ENV
from scripts import EXAMPLES, python

ROOT = EXAMPLES.parent
WITHOUT_DUCKDB = (
    "import sys, runpy; sys.modules['duckdb'] = None; "
    "runpy.run_path(sys.argv[1], run_name='__main__')"
)
Run = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path) -> Run:
    """What an example printed, after which its folder is empty."""

    def run(name: str) -> str:
        printed = python(EXAMPLES / f"{name}.py", folder=tmp_path)
        assert list(tmp_path.iterdir()) == []
        return printed

    return run


def numbers(pattern: str, text: str) -> list[float]:
    """The groups of the one place that *pattern* fits."""
    (found,) = re.findall(pattern, text, re.MULTILINE)
    return [float(x) for x in ([found] if isinstance(found, str) else found)]


def test_every_example_is_told_of_with_its_command() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for file in EXAMPLES.glob("*.py"):
        assert f"python examples/{file.name}" in page


def about_the_table(printed: str) -> list[str]:
    (pool,) = numbers(r"entropy of the pool: ([\d.]+) nats", printed)
    (asked,) = numbers(r"entropy of what is asked next: ([\d.]+) nats", printed)
    assert asked > 1.2 * pool > 0
    rows = re.findall(r"^(\w+): (\d+) rows, (\d+) by simulated people, (\d+) by", printed, re.M)
    counts = {channel: [int(x) for x in n] for channel, *n in rows}
    assert sorted(counts) == ["chat", "mail", "phone"]
    assert sum(n for n, _, _ in counts.values()) == 1199
    assert counts["phone"][1:] == [0, 0] != counts["phone"][:1]  # not in the query
    assert all(n == people + model for n, people, model in (counts["chat"], counts["mail"]))
    assert counts["chat"][1] + counts["mail"][1] == 4 * 24
    return printed.splitlines()


@pytest.mark.skipif(find_spec("duckdb") is None, reason="not installed: duckdb")
def test_a_table_is_queried_by_entropy_with_duckdb_or_pandas_alike(
    told: Run, tmp_path: Path
) -> None:
    script = EXAMPLES / "entropy_queries_over_a_table.py"
    *with_it, by = about_the_table(told(script.stem))
    assert by == "read and joined by: DuckDB"
    *without, by = about_the_table(python("-c", WITHOUT_DUCKDB, script, folder=tmp_path))
    assert by == "read and joined by: pandas"
    assert without == with_it


def test_a_rare_class_is_hunted(told: Run) -> None:
    printed = told("hunt_a_rare_class")
    (share,) = numbers(r"are rare: ([\d.]+)%", printed)
    assert 0.8 < share < 1.5
    held = {
        name: numbers(rf"{name}: (\d+), (\d+), (\d+); mean ([\d.]+) of 14", printed)
        for name in ("rare_class", "margin_kmeans", "random_uniform")
    }
    for *each, mean in held.values():
        assert all(2 <= x <= 14 for x in each)
        assert mean == pytest.approx(sum(each) / 3, abs=0.05)
    assert held["rare_class"][-1] >= 2 * held["random_uniform"][-1]
    assert held["rare_class"][-1] > held["margin_kmeans"][-1]


def test_cost_is_set_against_quality(told: Run) -> None:
    printed = told("cost_against_quality")
    lines = re.findall(r"^(.+?) +(\d+) +(\d+) +([\d.]+) +([\d.]+)%( \*)?$", printed, re.M)
    rows = {name: [float(x) for x in figures] for name, *figures, _ in lines}
    best = {name for name, *_, mark in lines if mark}
    assert len(rows) == 6
    for people, calls, cost, _ in rows.values():
        assert calls in (0, 300)
        assert (cost == pytest.approx(0.1 * people)) == (calls == 0)
        assert cost < 0.1 * people + 1
    right = {name: figures[-1] for name, figures in rows.items()}
    few, ties = "few by people, rest by model", "few, then ties, rest by agent"
    assert right[few] <= right["few, agent where sure, else model"] + 1
    assert right[few] < right["few, rest by agent"] < right[ties]
    assert rows[ties][0] == rows["more by people, rest by model"][0]
    assert right[ties] > right["more by people, rest by model"]
    assert {ties, "all by people"} <= best < rows.keys()
    front = sorted(rows[name][2:] for name in best)
    assert [q for _, q in front] == sorted({q for _, q in front})
    share, low, high, n = numbers(
        r"the agent has (\d+)% right \[(\d+)%, (\d+)%\], (\d+) records", printed
    )
    assert low < 85 < high
    assert low < share <= high
    assert n == 20


def test_drift_is_noticed_after_a_change_and_not_before(told: Run) -> None:
    quiet, crowd, new = re.split(r"^(?=as|two|a new)", told("data_that_drifts"), flags=re.M)[1:]

    def p(month: str, test: str) -> list[float]:
        return [float(x) for x in re.findall(rf"{test} ([\d.]+)", month)]

    assert quiet.startswith("as before: ok;")
    assert re.findall(r"to \d+: (\w+);", quiet) == ["ok", "ok"]
    assert "alarm" not in quiet + crowd
    assert crowd.startswith("two labels crowd in: pause;")
    assert max(p(crowd, "mmd") + p(crowd, "classes")) <= 0.01
    for label in ("pending_card_payment", "declined_card_payment"):
        before, now = numbers(rf"share of {label}: (\d+)% before, (\d+)% now", crowd)
        assert now > 1.5 * before
    assert new.startswith("a new matter comes up: pause;")
    assert max(p(new, "distance")) <= 0.01 < min(p(crowd, "distance"))
    (late,) = numbers(r"alarm: (-?\d+) records into", new)
    assert 0 < late <= 120


def test_the_cycle_goes_step_by_step(told: Run) -> None:
    printed = told("the_cycle_step_by_step")
    assert "imported: 600, 300 of them may be labelled\nembedded: 599; again: 0\n" in printed
    assert re.findall(r"^round (\d): (\w+) chose 30, 3 by lot$", printed, re.M) == [
        ("1", "kmeans_seeds"), ("2", "margin_kmeans"), ("3", "margin_kmeans"),
    ]  # fmt: skip
    assert re.findall(r"suggested: (\d+) calls so far", printed) == ["30", "60", "90"]
    assert "'disagreement': " not in printed.split("round 2")[0] != printed
    assert "'disagreement': " in printed.split("round 2")[1]
    reviewed = re.findall(
        r"reviewed: 30, (\d+) of them blind; the agent was right on (\d+)$", printed, re.M
    )
    assert len(reviewed) == 3
    assert all(int(blind) >= 3 for blind, _ in reviewed)  # the control arm, and a tenth by lot
    assert all(10 <= int(right) <= 30 - int(blind) for blind, right in reviewed)
    trained = re.findall(r"model (\d) on (\d+) labels, held-out accuracy ([\d.]+)", printed)
    assert [x[:2] for x in trained] == [("1", "30"), ("2", "60"), ("3", "90")]
    assert float(trained[-1][2]) > float(trained[0][2]) + 0.1
    assert "predicted: 'The machine ate my card' is card_swallowed" in printed
    assert "exported: {'unlabelled': 210, 'simulated': 90}" in printed
    assert printed.endswith("verified, problems: []\n")


def test_performance_is_tracked(told: Run) -> None:
    printed = told("performance_tracking")
    ranges = r"([\d.]+) \[([\d.]+), ([\d.]+)\]"
    points = [
        [float(x) for x in found]
        for found in re.findall(
            rf"by lot {ranges} on (\d+), naive {ranges}, held out ([\d.]+)$", printed, re.M
        )
    ]
    assert len(points) == 4
    for lot, low, high, n, _, naive_low, naive_high, truth in points:
        assert n >= 30
        assert low < lot < high
        assert low <= truth <= high
        assert naive_low < naive_high
    errors = [(abs(p[0] - p[-1]), abs(p[4] - p[-1])) for p in points]
    assert 2 * sum(lot for lot, _ in errors) < sum(naive for _, naive in errors)
    assert all(p[6] < p[-1] for p in points[:2])  # the naive interval leaves the truth out
    assert points[-1][-1] > points[0][-1] + 0.05
    told_ahead = r"160 more labels -> \.\d\d (± \.\d\d|\()"
    assert re.search(rf"^forecast: ({told_ahead}|Cannot tell)", printed, re.M)
    kappas = re.search(r"agreement of heads in turn: ([\d., ]+)\)", printed)
    assert kappas is not None
    assert all(0.5 < float(kappa) <= 1 for kappa in kappas[1].split(", "))
    came, labels = numbers(r"held out ([\d.]+) at (\d+) labels$", printed)
    assert labels == 13 * 40
    assert came > points[0][-1]
    assert "metrics.csv: 13 rows of " in printed
    counts = re.findall(r"[a-z_?]+ (\d+)", printed.splitlines()[-1])
    assert len(counts) == 12
    assert sum(map(int, counts)) == labels


def test_plug_ins_are_found_and_used(told: Run) -> None:
    printed = told("plug_in_your_own")
    assert "doubt_and_lot is among the strategies: True" in printed
    assert "hashed_words is among the embedders: True" in printed
    assert re.search(r"is by doubt_and_lot: the model's best label has 0\.\d\d\n", printed)
    labels, accuracy = numbers(
        r"^(\d+) labels by simulated people, encoder hashed-words-512: .* ([\d.]+)$", printed
    )
    assert labels == 120
    assert accuracy > 3 / 12  # twelve labels


def test_the_plug_ins_do_what_every_strategy_and_encoder_must(tmp_path: Path) -> None:
    """The conformance suites, which take up whatever is installed."""
    code = "import sys, pathlib, plug_in_your_own as p; p.install(pathlib.Path(sys.argv[1]))"
    path = os.pathsep.join([str(EXAMPLES), str(tmp_path), *sys.path])
    env = {**ENV, "PYTHONPATH": path}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=env, check=True)
    suites = [ROOT / "tests/conformance" / f"test_{x}.py" for x in ("query_strategy", "embedder")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, suites),
         "-k", "doubt_and_lot or hashed_words"],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    (passed,) = numbers(r"(\d+) passed", done.stdout)
    assert passed >= 30
