"""What each way to label a table costs, and how good its labels are: a small Pareto table.

Run it with ``python examples/cost_against_quality.py``. Real questions to a bank; the **people are
simulated** (they answer from sealed labels and never err) and so is the **agent**: a server on this
machine that is right on 85 % of the records and errs where a text is hard. The prices are
assumptions. So the table compares policies; it says nothing about any model or anybody.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.agents.simulated_agent import SimulatedAgent, read_rows
from tiebreak import Project
from tiebreak.simulation.demo import TASK, data_file

A_LABEL = 0.10  # of a person's time: 20 seconds at 18 an hour
A_MILLION_TOKENS = {"simulated": {"input": 2.50, "output": 10.00}}
POOL, BATCH, FEW, MANY = 300, 20, 100, 160
SURE = 0.8

Row = dict[str, Any]


class Result(NamedTuple):
    """What a policy took, and the share of the records whose final label is right."""

    policy: str
    people: int
    calls: int
    money: float
    right: float


def stages(folder: Path, rows: list[Row], agent: str = "") -> Iterator[tuple[list[Row], Row]]:
    """Exported rows and status of a project when people gave `FEW` labels, and when `MANY`.

    With an agent, it labels all records too, and people spend what they give after `FEW` on the
    queue: records on which agent and model disagree, or are not sure.
    """
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    project = Project.create(
        folder / ("with-agent" if agent else "people-only"),
        labels=sorted({row["label"] for row in rows}),
        task=TASK,
        agent="openai:simulated" if agent else "none",
        embedder="hashing",  # needs no model; leave it out for all-MiniLM-L6-v2
        settings={
            "agent": {"base_url": agent},
            "select": {"control_share": 0.2},
            "prices": A_MILLION_TOKENS,
            "route": {"model_confidence": 0.5, "agent_confidence": SURE},
        },
    )
    with project:
        project.import_file(file, labels_are="gold")
        for people in (FEW, MANY):
            status = project.run(
                batch=BATCH,
                rounds=FEW // BATCH if agent else MANY // BATCH,
                max_labels=people,
                reviewer="labels",
                prelabel=None if agent else 0,  # None: every record
                accept_unproved=bool(agent),  # where both agree and are sure; marked for good
            )
            project.export(folder / "export.jsonl")
            with (folder / "export.jsonl").open(encoding="utf-8") as lines:
                exported = [json.loads(line) for line in lines]
            told = project.predict([row["text"] for row in exported])
            for row, answer in zip(exported, told, strict=True):
                row["model_label"] = answer.label
                row["sure_agent"] = row["agent_label"] if _sure(row) else None
            yield exported, status


def _sure(row: Row) -> bool:
    return (row["agent_confidence"] or 0.0) >= SURE


def results(folder: Path, rows: list[Row], server: SimulatedAgent) -> list[Result]:
    gold = {row["id"]: row["label"] for row in rows}

    def result(policy: str, stage: tuple[list[Row], Row], *columns: str) -> Result:
        """A record's label is the first of *columns* that is not empty."""
        exported, status = stage
        final = {row["id"]: next(filter(None, (row[c] for c in columns))) for row in exported}
        right = sum(final[key] == gold[key] for key in final) / len(final)
        people, spend = status.labelled.simulated, status.spend
        return Result(policy, people, spend.calls, people * A_LABEL + spend.money, right)

    few, many = stages(folder, rows)
    few_agent, many_agent = stages(folder, rows, server.url)
    told = many_agent[1].control.agent  # all that you would know without the sealed labels
    print(
        f"control arm: the agent has {told.accuracy:.0%} right "
        f"[{told.low:.0%}, {told.high:.0%}], {told.n} records drawn by lot"
    )
    return [
        result("few by people, rest by model", few, "label", "model_label"),
        result("more by people, rest by model", many, "label", "model_label"),
        result(
            "few, agent where sure, else model", few_agent, "label", "sure_agent", "model_label"
        ),
        result("few, rest by agent", few_agent, "label", "agent_label", "model_label"),
        result("few, then ties, rest by agent", many_agent, "label", "agent_label", "model_label"),
        Result("all by people", POOL, 0, POOL * A_LABEL, 1.0),
    ]


def beaten(one: Result, by: Result) -> bool:
    """Whether another costs no more and is no worse, and is better in one of the two."""
    return (by.money, -by.right) != (one.money, -one.right) and (
        by.money <= one.money and by.right >= one.right
    )


def main() -> None:
    rows = read_rows(data_file())
    pool = [row for row in rows if row["split"] == "train"][:POOL]
    print(f"{POOL} records; simulated people at {A_LABEL:.2f} a label, a simulated agent")
    with tempfile.TemporaryDirectory() as place, SimulatedAgent(rows, accuracy=0.85) as server:
        found = results(Path(place), pool, server)
    print(f"{'policy':36}people  calls    cost   right")
    for one in found:
        mark = "" if any(beaten(one, by) for by in found) else " *"
        print(f"{one.policy:36}{one.people:6}{one.calls:7}{one.money:8.2f}{one.right:8.1%}{mark}")
    print("* no other is as cheap and as good")


if __name__ == "__main__":
    main()
