"""How good is the model, how good will it get, and is it time to stop? All of it as a table too.

Run it with ``python examples/performance_tracking.py``. A part of each batch is drawn by lot, and
what the model says of it is written down before its labels come: that is the honest curve. Scoring
the model on the records that it chose itself is the naive one. The demo's held-out questions show
which is right. The **people are simulated**, from sealed labels.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from tiebreak import Estimate, Project
from tiebreak.files import labels_of_column
from tiebreak.simulation.demo import TASK, data_file

BATCH, ROUNDS, MORE = 40, 9, 4


def written(value: Estimate) -> str:
    return f"{value.accuracy:.2f} [{value.low:.2f}, {value.high:.2f}]"


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        project = Project.create(
            Path(place) / "project",
            labels=labels_of_column(data_file(), "label"),
            task=TASK,
            agent="none",
            embedder="hashing",  # needs no model; leave it out for all-MiniLM-L6-v2
            settings={"select": {"batch": BATCH, "control_share": 0.4}},
        )
        with project:
            project.import_file(data_file(), labels_are="gold")
            truth: dict[int, float] = {}  # labels learnt from: accuracy on held-out questions
            for number in range(1, ROUNDS + 1):
                status = project.run(rounds=number, reviewer="labels")
                labels = status.labelled.simulated
                truth[labels] = status.heldout["test"].model.accuracy

            print(f"{labels} labels by simulated people. Heads that had learnt from:")
            for point in status.curve:
                heads = [truth[n] for n in truth if point.least <= n <= point.most]
                print(
                    f"  {point.least} to {point.most} labels: "
                    f"by lot {written(point.accuracy)} on {point.accuracy.n}, "
                    f"naive {written(point.selected)}, "
                    f"held out {sum(heads) / len(heads):.2f}"
                )

            forecast = project.forecast(more=MORE * BATCH)
            assert forecast is not None
            print(f"forecast: {forecast.text}")
            stop = forecast.stop
            kappas = ", ".join(f"{kappa:.2f}" for kappa in stop.kappas)
            print(f"stop: {stop.stop}; {stop.why} (agreement of heads in turn: {kappas})")

            status = project.run(rounds=ROUNDS + MORE, reviewer="labels")
            came = status.heldout["test"].model.accuracy
            print(f"what came of it: held out {came:.2f} at {status.labelled.simulated} labels")

            file = Path(place) / "metrics.csv"
            rows = project.export_metrics(file)
            with file.open(encoding="utf-8", newline="") as table:
                last = list(csv.DictReader(table))[-1]
            print(f"metrics.csv: {rows} rows of {len(last)} columns; of the last head, by label:")
            counts = {
                k.removeprefix("count: "): v for k, v in last.items() if k.startswith("count")
            }
            print("  " + ", ".join(f"{name} {n}" for name, n in counts.items()))


if __name__ == "__main__":
    main()
