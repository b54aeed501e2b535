"""Metrics out of the project: a table file, or runs of an MLflow tracking store.

MLflow itself writes its store, by its own client. A folder gets a SQLite store: MLflow's older
layout of plain files is deprecated since February 2026, and newer versions refuse to open it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tiebreak.errors import MissingPackage, UsageError
from tiebreak.evaluation.results import LoggedMetrics, MetricsRow
from tiebreak.files import write_rows
from tiebreak.results import to_json

_NO_NAME = re.compile(r"[^A-Za-z0-9_./ -]")
MAX_NAME = 200
"""Characters of a metric's name; MLflow takes 250."""


def write_metrics(path: Path, metrics: Sequence[MetricsRow]) -> int:
    """Write rows as CSV, JSONL or Parquet, by extension; how many. Columns as in the first.

    Raises:
        UsageError: no rows yet.
    """
    if not metrics:
        raise UsageError(
            "There are no metrics yet: no head was trained.",
            mend="Label some records and run: tiebreak run DIR",
        )
    rows = [to_json(row) for row in metrics]
    columns = {name: _type_of(rows, name) for name in rows[0]}
    return write_rows(path, columns, rows)


def _type_of(rows: Sequence[Mapping[str, Any]], name: str) -> type:
    kinds = {type(row[name]) for row in rows} - {type(None)}
    if kinds == {str}:
        return str
    return int if kinds == {int} else float


def log_to_mlflow(where: str, metrics: Sequence[MetricsRow], *, project: str) -> LoggedMetrics:
    """Log rows as one run of the experiment *project*: a metric a column, the step is ``labels``.

    Args:
        where: a folder (made if need be; gets ``mlflow.db``), or a tracking URI with ``://``.
        metrics: of `tiebreak.evaluation.metrics.model_metrics`.
        project: the experiment's name.

    Raises:
        MissingPackage: mlflow is not installed.
    """
    try:
        from mlflow import MlflowClient
    except ImportError:
        raise MissingPackage(
            "The package mlflow is not installed.", mend="pip install 'tiebreak[mlflow]'"
        ) from None
    uri = where
    if "://" not in where:
        folder = Path(where).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=uri)
    known = client.get_experiment_by_name(project)
    experiment = known.experiment_id if known is not None else client.create_experiment(project)
    run = client.create_run(experiment, run_name=f"{project}, {len(metrics)} heads").info.run_id
    rows = [to_json(row) for row in metrics]
    names = metric_names(rows[0]) if rows else {}
    logged = 0
    for row in rows:
        moment = int(datetime.fromisoformat(row["at"]).timestamp() * 1000)
        for column, name in names.items():
            value = row[column]
            if isinstance(value, int | float):
                client.log_metric(run, name, float(value), timestamp=moment, step=row["labels"])
                logged += 1
    client.set_terminated(run)
    return LoggedMetrics(uri=uri, experiment=project, run=run, metrics=logged)


def metric_names(columns: Iterable[str]) -> dict[str, str]:
    """A name that MLflow takes for each column, no two alike: other signs become ``_``."""
    named: dict[str, str] = {}
    for column in columns:
        base = _NO_NAME.sub("_", column.replace(": ", "/", 1))[:MAX_NAME]
        name, n = base, 1
        while name in named.values():
            n += 1
            name = f"{base}_{n}"
        named[column] = name
    return named
