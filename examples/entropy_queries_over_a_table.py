"""A table in Parquet, asked about by entropy: SQL out, labels back in.

Run it with ``python examples/entropy_queries_over_a_table.py``. DuckDB reads the table if it is
installed (the extra ``examples``), else pandas does. The texts are the real ones of the demo, the
table's other columns are made up, and the **people are simulated**: they answer from sealed labels.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tiebreak import Project
from tiebreak.simulation.demo import TASK, data_file

try:
    import duckdb
except ImportError:
    duckdb = None

CHANNELS = ["chat", "mail", "phone"]


def make_table(file: Path) -> list[str]:
    """Your table; here 1,199 questions to a bank. Returns the labels that people may give."""
    with gzip.open(data_file(), "rt", encoding="utf-8") as lines:
        table = pd.DataFrame([json.loads(line) for line in lines])[["id", "text", "label"]]
    table["channel"] = np.random.default_rng(0).choice(CHANNELS, len(table), p=[0.6, 0.3, 0.1])
    table.to_parquet(file)
    return sorted(set(table["label"]))


def written_ones(table: Path, into: Path) -> None:
    """What shall be labelled is a query: here all but the phone calls."""
    if duckdb is not None:
        duckdb.sql(
            f"SELECT id, text, label FROM '{table}' WHERE channel <> 'phone' ORDER BY id"
        ).write_parquet(str(into))
    else:
        rows = pd.read_parquet(table, filters=[("channel", "!=", "phone")])
        rows[["id", "text", "label"]].sort_values("id").to_parquet(into)


def join_back(table: Path, labels: Path, into: Path) -> list[tuple[Any, ...]]:
    """The table with its labels; returns (channel, rows, by people, by the model)."""
    if duckdb is not None:
        duckdb.sql(
            f"SELECT t.id, t.channel, t.text, l.given, l.given_by FROM '{table}' t "
            f"LEFT JOIN '{labels}' l USING (id) ORDER BY t.id"
        ).write_parquet(str(into))
        return duckdb.sql(
            "SELECT channel, count(*), count(*) FILTER (given_by = 'simulated'), "
            f"count(*) FILTER (given_by = 'model') FROM '{into}' GROUP BY channel ORDER BY channel"
        ).fetchall()
    rows = pd.read_parquet(table)[["id", "channel", "text"]]
    joined = rows.merge(pd.read_parquet(labels)[["id", "given", "given_by"]], on="id", how="left")
    joined.sort_values("id").to_parquet(into)
    return [
        (channel, len(x), *(int((x["given_by"] == by).sum()) for by in ("simulated", "model")))
        for channel, x in joined.groupby("channel")
    ]


def entropy(project: Project, texts: Sequence[str]) -> list[float]:
    """In nats, of the model's probabilities for each text: what the strategy ranks by."""
    told = project.predict(texts, top=len(project.schema.names))
    return [-sum(p * np.log(p) for _, p in answer.top if p > 0) for answer in told]


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        names = make_table(folder / "table.parquet")
        written_ones(folder / "table.parquet", folder / "written.parquet")

        project = Project.create(
            folder / "project",
            labels=names,
            task=TASK,
            agent="none",
            embedder="hashing",  # needs no model; leave it out for all-MiniLM-L6-v2
            settings={"select": {"strategy": "entropy", "batch": 24}},
        )
        with project:
            # without labels_are="gold" the label column would be imported as people's own answers
            project.import_file(folder / "written.parquet", labels_are="gold")
            project.run(rounds=4, reviewer="labels")

            # The fifth batch is chosen, and waits in the queue. What has been asked for?
            report = project.run()
            cards = project.next_batch(report.queue, who="nobody yet")
            asked = [c.record.text for c in cards if not c.task.blind]  # blind ones are by lot
            project.export(folder / "export.parquet")
            rows = pd.read_parquet(folder / "export.parquet")
            everything = float(np.mean(entropy(project, rows["text"].tolist())))
            print(f"mean entropy of the pool: {everything:.2f} nats")
            next_ones = float(np.mean(entropy(project, asked)))
            print(f"mean entropy of what is asked next: {next_ones:.2f} nats")

            # People's labels where there are any, the model's for the rest; told apart for good.
            people = rows["label"].notna()
            best = [answer.label for answer in project.predict(rows["text"].tolist())]
            rows["given"] = rows["label"].where(people, pd.Series(best))
            rows["given_by"] = rows["by"].where(people, "model")
            rows.to_parquet(folder / "labels.parquet")

        for channel, n, by_people, by_model in join_back(
            folder / "table.parquet", folder / "labels.parquet", folder / "labelled.parquet"
        ):
            print(f"{channel}: {n} rows, {by_people} by simulated people, {by_model} by the model")
        print(f"read and joined by: {'pandas' if duckdb is None else 'DuckDB'}")


if __name__ == "__main__":
    main()
