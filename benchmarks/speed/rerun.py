"""A second ``run`` over an unchanged project against the first: seconds, vectors, calls bought.

On the demo's data with the simulated agent. Reach: embeds nothing, buys nothing.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from benchmarks.agents.simulated_agent import SimulatedAgent, read_rows
from tiebreak import Project
from tiebreak.files import labels_of_column
from tiebreak.simulation.demo import data_file


def main() -> None:
    """Run twice and compare."""
    with tempfile.TemporaryDirectory() as place, SimulatedAgent(read_rows(data_file())) as agent:
        folder = Path(place) / "project"
        labels = labels_of_column(data_file(), "label")
        Project.create(folder, labels=labels, agent="openai:simulated").close()
        toml = folder / "tiebreak.toml"
        toml.write_text(
            toml.read_text().replace(
                'name = "openai:simulated"',
                f'name = "openai:simulated"\nbase_url = "{agent.url}"\nmode = "generate"',
            )
        )
        took, vectors, calls = [], [], []
        for _ in range(2):
            start = time.perf_counter()
            with Project.open(folder) as project:
                project.import_file(data_file(), labels_are="gold")
                project.run(batch=12, rounds=5, reviewer="labels", prelabel=100)
                vectors.append(len(project.context.vectors))
            took.append(time.perf_counter() - start)
            calls.append(agent.calls)
    print(
        json.dumps(
            {
                "benchmark": "rerun",
                "first_seconds": round(took[0], 2),
                "second_seconds": round(took[1], 2),
                "ratio": round(took[1] / took[0], 3),
                "vectors_added_by_second": vectors[1] - vectors[0],
                "calls_bought_by_second": calls[1] - calls[0],
            }
        )
    )


if __name__ == "__main__":
    main()
