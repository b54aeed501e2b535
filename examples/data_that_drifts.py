"""A stream that changes: the sensors keep quiet before a change and pause after it.

Run it with ``python examples/data_that_drifts.py``. Real questions to a bank about eight matters
are labelled by **simulated people** (from sealed labels) and teach a model. A month goes by in
which nothing changes; then one in which two of the eight matters crowd in; then one in which every
second question is about something that no label is for. What each state asks of you is told in
docs/guides/drift-and-label-errors.md.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import numpy as np

from tiebreak import Project, RunResult
from tiebreak.simulation.demo import TASK, data_file

NEW = ("card_swallowed", "lost_or_stolen_card", "compromised_card", "card_delivery_estimate")
CROWDED = ("pending_card_payment", "declined_card_payment")
REFERENCE, MONTH, WINDOW = 400, 120, 60

Rows = list[dict[str, str]]


def stream() -> tuple[Rows, dict[str, Rows]]:
    """The known part and the months after it; no question comes twice."""
    rng = np.random.default_rng(0)

    def shuffled(rows: Rows) -> Rows:
        return [rows[i] for i in rng.permutation(len(rows))]

    with gzip.open(data_file(), "rt", encoding="utf-8") as lines:
        rows = shuffled([json.loads(line) for line in lines])
    new = [row for row in rows if row["label"] in NEW]
    crowd = [row for row in rows if row["label"] in CROWDED]
    crowd, spare = crowd[: MONTH * 3 // 4], crowd[MONTH * 3 // 4 :]
    plain = iter(shuffled([r for r in rows if r["label"] not in NEW + CROWDED] + spare))

    def month(strange: Rows) -> Rows:
        return shuffled(strange + [next(plain) for _ in range(MONTH - len(strange))])

    known = [next(plain) for _ in range(REFERENCE)]
    return known, {
        "as before": month([]),
        "two labels crowd in": month(crowd),
        "a new matter comes up": month(new[: MONTH // 2]),
    }


def main() -> None:
    known, months = stream()
    with tempfile.TemporaryDirectory() as place:
        project = Project.create(
            Path(place) / "project",
            labels=sorted({row["label"] for row in known}),
            task=TASK,
            agent="none",
            embedder="hashing",  # needs no model; leave it out for all-MiniLM-L6-v2
        )

        def arrive(name: str, rows: Rows) -> RunResult:
            """Import and embed; eight rounds in all, so later calls ask nobody anything."""
            file = Path(place) / f"{name}.jsonl"
            kept = ({key: row[key] for key in ("id", "text", "label")} for row in rows)
            file.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
            project.import_file(file, labels_are="gold")
            return project.run(rounds=8, batch=24, reviewer="labels")

        with project:
            status = arrive("known", known)
            mark = (
                project.acknowledge_drift()
            )  # what has come in so far is what new records are held to
            print(f"{mark} records, {status.labelled.simulated} labelled (simulated people)")

            for name, rows in months.items():
                arrive(name, rows)
                report = project.drift(after=mark, window=WINDOW)
                print(f"{name}: {report.state}; {report.reason}")
                for window in report.windows[-MONTH // WINDOW :]:
                    p = ", ".join(f"{test} {value:.3f}" for test, value in window.p.items())
                    span = f"{window.first} to {window.last}"
                    print(f"  records {span}: {window.state}; {p}")
                if name == "two labels crowd in":
                    share = report.prevalence.em
                    for label in CROWDED:
                        before, now = share["reference"][label], share["new"][label]
                        print(f"  share of {label}: {before:.0%} before, {now:.0%} now")
                if alarm := report.martingale.alarm_at:
                    into = alarm - report.windows[-1].last + MONTH
                    print(f"  the bet's alarm: {into} records into this month")


if __name__ == "__main__":
    main()
