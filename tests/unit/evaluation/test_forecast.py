"""The project's forecast: points from the control arm, what a label took, the stop advice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from contexts import make_context

from tiebreak.domain.reviews import Annotation
from tiebreak.evaluation.forecast import control_points, effort, project_forecast, successive_kappas
from tiebreak.learner.estimation.forecast import Point, merge_points
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.models.control_arm import control_report
from tiebreak.project.context import ProjectContext
from tiebreak.project.wiring import head_file
from tiebreak.review.annotate import write_annotations

BY_LOT = {"select": {"control_share": 0.9, "batch": 20}}


def played(folder: Path, rounds: int) -> ProjectContext:
    context = make_context(folder, settings=BY_LOT)
    run_loop(context, RunOptions(rounds=rounds, reviewer="labels"))
    return context


def test_points_are_the_control_arm_by_what_their_head_had_learnt(tmp_path: Path) -> None:
    context = played(tmp_path, 5)
    points = merge_points(control_points(context))
    # the first batch was scored by no head
    assert [(p.labels, p.n) for p in points] == [(20, 18), (40, 18), (60, 18), (80, 18)]
    told = control_report(context).model
    assert sum(p.right for p in points) == round(told.accuracy * told.n)


def test_it_tells_once_there_is_a_curve(tmp_path: Path) -> None:
    context = played(tmp_path, 7)
    told = project_forecast(context)
    assert told is not None
    assert told.points[0] == Point(labels=20, right=told.points[0].right, n=18)
    assert told.labels == 60  # half of 140, in whole batches
    assert told.text.startswith("60 more labels -> .")
    assert 0 <= told.low <= told.accuracy <= told.high <= 1
    assert (told.minutes, told.money) == (None, 0.0)  # a simulated reviewer has no seconds
    assert project_forecast(context) == told  # the bootstrap's seed is the project's
    stop = told.stop
    assert len(stop.kappas) == 3
    assert all(0 < k < 0.97 for k in stop.kappas)
    assert (stop.stop, stop.settled) == (False, False)
    assert stop.costs == 20
    assert project_forecast(context, 10_000).labels == 240 - 140  # type: ignore[union-attr]


def test_it_says_when_it_cannot_tell(tmp_path: Path) -> None:
    assert project_forecast(make_context(tmp_path / "empty")) is None
    first = played(tmp_path / "first", 1)
    assert project_forecast(first) is None  # nothing was scored before its label
    early = project_forecast(played(tmp_path / "early", 3))
    assert early is not None
    assert early.text == "Too early to tell: 2 of 4 points on the learning curve."
    assert (early.accuracy, early.low, early.minutes) == (None, None, None)
    assert early.stop.saves is None
    done = project_forecast(played(tmp_path / "done", 12))
    assert done is not None
    assert done.text == "Every record of the pool was answered."


def test_people_and_their_seconds_are_what_minutes_come_from(tmp_path: Path) -> None:
    context = make_context(tmp_path, gold=False)
    ids = context.table.pool[:5].tolist()
    name = context.schema.names[0]
    write_annotations(
        context.store,
        context.schema,
        [
            Annotation(record_id=i, who="ann", source="person", outcome="label",
                       labels=(name,), seconds=s)
            for i, s in zip(ids, (3.0, 4.0, 5.0, 900.0, None), strict=True)
        ],
    )  # fmt: skip
    assert effort(context).seconds == 4.5  # a walk to the coffee machine does not count for much
    assert effort(context).money == 0.0
    assert effort(make_context(tmp_path / "b", gold=False)).money is None


def test_kappas_need_the_heads_files(tmp_path: Path) -> None:
    context = played(tmp_path, 3)
    cards = context.store.notes.models()
    kappas = successive_kappas(context, cards)
    assert len(kappas) == 2
    assert successive_kappas(context, cards) == kappas  # the same records every time
    context.memo.clear()  # as another process would find it
    head_file(context.folder, cards[0].version).unlink()
    assert successive_kappas(context, cards) == []
    told = project_forecast(context)
    assert told is not None
    assert told.stop is None


def test_control_points_leave_out_what_no_head_scored(tmp_path: Path) -> None:
    context = played(tmp_path, 2)
    rights = [
        int(context.schema.names[int(np.argmax(item.model_probabilities))] == label)
        for batch in context.store.batches.all()
        for item in batch.items
        if item.arm == "control" and item.model_probabilities is not None
        for label in [context.store.gold.get([item.record_id])[item.record_id][0]]
    ]
    assert merge_points(control_points(context)) == [Point(labels=20, right=sum(rights), n=18)]


@pytest.mark.parametrize("more", [0, -5])
def test_no_labels_bring_nothing(tmp_path: Path, more: int) -> None:
    told = project_forecast(played(tmp_path, 6), more)
    assert told is not None
    assert told.accuracy is None
