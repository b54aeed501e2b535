"""The honest curve and the metrics, read back from a simulated project's log."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from contexts import make_context, slice_rows
from half_control import HALF, played
from stores import act, rows

from tiebreak.errors import MissingPackage, UsageError
from tiebreak.evaluation.batch_scores import batch_scores
from tiebreak.evaluation.learning_curve import grouped_batches, learning_curve_points
from tiebreak.evaluation.metrics import model_metrics
from tiebreak.evaluation.model_history import batch_populations
from tiebreak.evaluation.tracking import log_to_mlflow, metric_names, write_metrics
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.models.control_arm import control_report
from tiebreak.project.context import ProjectContext
from tiebreak.project.wiring import head_file
from tiebreak.report.status import project_status
from tiebreak.results import to_json
from tiebreak.review.annotate import write_annotations


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> ProjectContext:
    return played(tmp_path_factory.mktemp("curve"), 8)


@pytest.fixture
def context(shared: ProjectContext) -> Iterator[ProjectContext]:
    yield shared
    shared.memo.clear()


def test_points_rest_on_control_labels_each_scored_before_it(context: ProjectContext) -> None:
    points = learning_curve_points(context)
    assert [(p.least, p.most, p.accuracy.n) for p in points] == [
        (20, 40, 20), (60, 80, 20), (100, 140, 30),
    ]  # fmt: skip
    told = control_report(context).model
    assert sum(round(p.plain.accuracy * p.plain.n) for p in points) == round(told.accuracy * told.n)
    for point in points[:2]:  # fewer than 30 earlier records to learn a weight from
        assert asdict(point.accuracy) == pytest.approx(asdict(point.plain))
    assert points[2].accuracy.accuracy != pytest.approx(points[2].plain.accuracy)
    assert [p.selected.n for p in points] == [20, 20, 30]
    document = json.loads(json.dumps(to_json(points), allow_nan=False))
    assert [(p["from"], p["to"]) for p in document] == [(p.least, p.most) for p in points]
    assert document[2]["accuracy"]["accuracy"] == points[2].accuracy.accuracy
    assert learning_curve_points(context) == points
    assert project_status(context).curve == points


def test_the_naive_figure_is_what_the_heads_said_of_the_selected_records(
    context: ProjectContext,
) -> None:
    from tiebreak.models.predict import probabilities
    from tiebreak.project.wiring import read_head

    cards = {card.version: card for card in context.store.notes.models()}
    right = n = 0
    for batch in context.store.batches.all()[1:]:
        card = cards[batch.model_version]
        head = (card.version, card.temperature, read_head(context.folder, card))
        ids = np.array([x.record_id for x in batch.items if x.arm == "active"])
        best = probabilities(head, context.rows(ids)).argmax(axis=1)
        gold = context.store.gold.get(ids.tolist())
        right += sum((card.classes[j],) == gold[i] for i, j in zip(ids.tolist(), best, strict=True))
        n += len(ids)
    told = [p.selected for p in learning_curve_points(context)]
    assert (round(sum(t.accuracy * t.n for t in told)), sum(t.n for t in told)) == (
        right, n,
    )  # fmt: skip


def test_each_lots_population_is_found_again_also_after_an_import(tmp_path: Path) -> None:
    context = played(tmp_path, 2)
    before = [(b.round, ids().tolist()) for b, ids in batch_populations(context)]
    for (_, ids), batch in zip(before, context.store.batches.all(), strict=True):
        control = [x for x in batch.items if x.arm == "control"]
        assert len(ids) == round(len(control) / control[0].probability)
        assert {x.record_id for x in batch.items} <= set(ids)
    assert [len(ids) for _, ids in before] == [300, 280]
    context.store.records.add(rows(["a later text", "another later text"], source="later"))
    context.forget()
    assert [(b.round, ids().tolist()) for b, ids in batch_populations(context)] == before


def test_without_the_heads_files_the_plain_share_is_left(tmp_path: Path) -> None:
    context = played(tmp_path, 5)
    whole = learning_curve_points(context)
    context.memo.clear()  # as another process would find it
    for card in context.store.notes.models()[:-1]:
        head_file(context.folder, card.version).unlink()
    bare = learning_curve_points(context)
    assert [p.plain for p in bare] == [p.plain for p in whole]
    assert len(bare) > 1
    for point in bare:
        assert point.selected is None
        assert asdict(point.accuracy) == pytest.approx(asdict(point.plain))


def test_groups_keep_what_is_left_over_and_drop_nothing(context: ProjectContext) -> None:
    found = batch_scores(context)
    assert [len(look.control.loss) for look in found] == [10] * 7
    sizes = [[x.round for x in group] for group in grouped_batches(found, 20)]
    assert sizes == [[2, 3], [4, 5], [6, 7, 8]]
    assert [len(g) for g in grouped_batches(found, 1000)] == [7]
    assert list(grouped_batches([], 10)) == []


def test_a_young_project_has_no_curve_and_no_metrics(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    assert learning_curve_points(context) == ()
    assert model_metrics(context) == ()
    told = project_status(context)
    assert (told.curve, told.forecast, told.drift) == ((), None, None)
    with pytest.raises(UsageError, match="no metrics yet"):
        write_metrics(tmp_path / "m.csv", [])


# -- metrics


def test_a_row_a_head_says_what_was_known_then(context: ProjectContext) -> None:
    table = model_metrics(context)
    cards = context.store.notes.models()
    assert [row.head for row in table] == [card.version for card in cards]
    assert [row.labels for row in table] == list(range(20, 161, 20))
    assert [row.labels_simulated for row in table] == [row.labels for row in table]
    names = context.schema.names
    for row in table:  # what the log says was labelled then is what the card says it learnt from
        assert list(row.counts) == list(names)
        assert sum(row.counts.values()) == row.labels
    last = table[-2]  # the newest head has scored nothing yet
    told = control_report(context).model
    assert (last.control_so_far.n, last.control_so_far.accuracy) == (told.n, told.accuracy)
    assert (table[-1].control.n, table[-1].naive.accuracy) == (0, None)
    assert table[0].kappa is None
    assert all(0 < row.kappa <= 1 for row in table[1:])
    assert {row.queue["selected"] for row in table} == {0}  # each batch was answered before it
    assert model_metrics(context) == table


def test_people_and_the_queue_are_of_their_time(tmp_path: Path) -> None:
    context = make_context(tmp_path, slice_rows(120, 0), settings=HALF)
    gold = context.store.gold.get(context.table.pool.tolist())
    for seconds in (4.0, 2.0):
        run_loop(context, RunOptions())
        tasks = context.store.queue.tasks()
        acts = [act(t.record_id, gold[t.record_id][0], seconds=seconds) for t in tasks]
        write_annotations(context.store, context.schema, acts[:15])
        if seconds == 4.0:
            write_annotations(context.store, context.schema, acts[15:])
    write_annotations(context.store, context.schema, acts[15:])
    run_loop(context, RunOptions())
    first, second = model_metrics(context)
    assert (first.seconds_a_label, second.seconds_a_label) == (4.0, 2.0)
    assert first.labels_an_hour > 0
    assert second.labels_human == 40
    assert context.store.queue.count() == 20  # the third batch came after the second head
    assert first.queue["control"] == second.queue["control"] == 0
    assert first.classes_seen <= second.classes_seen


def test_a_table_has_every_column_and_reads_back(context: ProjectContext, tmp_path: Path) -> None:
    table = model_metrics(context)
    for name in ("m.csv", "m.jsonl", "m.parquet"):
        assert write_metrics(tmp_path / name, table) == 8
    with (tmp_path / "m.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert list(read[0]) == list(to_json(table[0]))
    assert {"control_so_far_low", "queue_disagreement", "classes_seen"} < set(read[0])
    assert [name for name in read[0] if name.startswith("count: ")] == [
        f"count: {name}" for name in context.schema.names
    ]
    assert [int(row["labels"]) for row in read] == [row.labels for row in table]
    assert read[0]["kappa"] == ""
    lines = (tmp_path / "m.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["kappa"] for line in lines] == [row.kappa for row in table]


# -- MLflow, by a stub that records the calls of the real package's client


class StubClient:
    """Stands for `mlflow.MlflowClient`; knows one experiment once it was made."""

    calls: list[tuple[Any, ...]]

    def __init__(self, tracking_uri: str) -> None:
        self.calls.append(("open", tracking_uri))

    def get_experiment_by_name(self, name: str) -> Any:
        made = any(call == ("experiment", name) for call in self.calls)
        return SimpleNamespace(experiment_id="7") if made else None

    def create_experiment(self, name: str) -> str:
        self.calls.append(("experiment", name))
        return "7"

    def create_run(self, experiment: str, run_name: str) -> Any:
        self.calls.append(("run", experiment, run_name))
        return SimpleNamespace(info=SimpleNamespace(run_id="r1"))

    def log_metric(self, run: str, key: str, value: float, timestamp: int, step: int) -> None:
        self.calls.append(("metric", run, key, value, timestamp, step))

    def set_terminated(self, run: str) -> None:
        self.calls.append(("end", run))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the stub was told."""
    stub = ModuleType("mlflow")
    StubClient.calls = []
    stub.MlflowClient = StubClient  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlflow", stub)
    return StubClient.calls


def test_every_number_goes_to_mlflow_with_its_labels_for_a_step(
    context: ProjectContext, tmp_path: Path, calls: list[tuple[Any, ...]]
) -> None:
    table = model_metrics(context)
    told = log_to_mlflow(str(tmp_path / "runs"), table, project="tickets")
    assert (tmp_path / "runs").is_dir()
    assert calls[:3] == [
        ("open", f"sqlite:///{tmp_path}/runs/mlflow.db"),
        ("experiment", "tickets"),
        ("run", "7", "tickets, 8 heads"),
    ]
    assert calls[-1] == ("end", "r1")
    logged = [call for call in calls if call[0] == "metric"]
    numbers = [v for row in table for v in to_json(row).values() if isinstance(v, int | float)]
    assert told.metrics == len(logged) == len(numbers)
    kappas = [(call[5], call[3]) for call in logged if call[2] == "kappa"]
    assert kappas == [(row.labels, row.kappa) for row in table[1:]]
    log_to_mlflow("http://127.0.0.1:9/", table[:1], project="tickets")
    assert ("open", "http://127.0.0.1:9/") in calls
    assert calls.count(("experiment", "tickets")) == 1


def test_without_mlflow_the_mend_is_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingPackage, match=r"tiebreak\[mlflow\]"):
        log_to_mlflow("runs", [], project="p")


def test_metric_names_are_taken_by_mlflow_and_no_two_are_alike() -> None:
    told = metric_names({"count: ünde": 1, "count: £nde": 2, "kappa": 3, "count: a/b c": 4})
    assert list(told.values()) == ["count/_nde", "count/_nde_2", "kappa", "count/a/b c"]
    assert len(metric_names(["x" * 500])["x" * 500]) == 200
