"""Drift and label errors of a project. People and agents here are simulated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from contexts import make_context, slice_rows
from stores import act, suggestion

from tiebreak.domain.reviews import Reason, ReviewTask
from tiebreak.drift.report import drift_report
from tiebreak.errors import UsageError
from tiebreak.evaluation.label_issues import label_issues, queue_label_issues
from tiebreak.loop.select import select
from tiebreak.loop.verify import verify_project
from tiebreak.models.embed import embed
from tiebreak.models.train import train
from tiebreak.project.context import ProjectContext
from tiebreak.review.annotate import annotate
from tiebreak.ui.server.wire import WHY

ROWS = slice_rows(pool=330, test=0)
STRANGE = "the {0} orbits a {1} planet beyond the {2} nebula near our telescope"
WORDS = ("comet", "frozen", "distant", "probe", "giant", "ringed", "silent", "moon", "dusty")


def strange_rows(n: int) -> list[dict[str, Any]]:
    """Texts on another matter altogether, no two alike."""
    rng = np.random.default_rng(0)
    return [
        {
            "id": f"strange-{i}",
            "text": STRANGE.format(*rng.permutation(WORDS)) + f" {i}",
            "label": None,
            "split": "train",
        }
        for i in range(n)
    ]


def taught(
    context: ProjectContext, n: int, *, wrong: dict[int, str] | None = None
) -> ProjectContext:
    """Embedded, with the first *n* gold labels given by a person, some of them *wrong*."""
    embed(context)
    gold = context.store.gold.get(context.table.pool.tolist())
    labels = {i: gold[i][0] for i in sorted(gold)[:n]} | (wrong or {})
    annotate(context.store, context.schema, [act(i, name) for i, name in labels.items()])
    card = train(context, 0)
    assert card is not None
    context.store.notes.put_model(card)
    return context


@pytest.fixture
def context(tmp_path: Path) -> ProjectContext:
    return make_context(tmp_path, ROWS)


# -- drift


def test_a_like_stream_is_ok_and_the_report_is_json(context: ProjectContext) -> None:
    taught(context, 120)
    report = drift_report(context, after=230, window=50)
    assert report["state"] in ("ok", "flag")
    assert (report["reference"], report["new"]) == (230, 100)
    assert report["martingale"]["alarm_at"] is None
    assert [w["first"] for w in report["windows"]] == [231, 281]
    assert set(report["windows"][0]["p"]) == {"distance", "mmd", "classes"}
    assert sum(report["prevalence"]["em"]["new"].values()) == pytest.approx(1.0)
    assert report["prevalence"]["bbse"] is None
    assert "verified" in report["prevalence"]["reason"]
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert drift_report(context, after=230, window=50) == report


def test_strange_texts_pause_and_come_up_as_a_possible_new_label(tmp_path: Path) -> None:
    context = taught(make_context(tmp_path, [*ROWS, *strange_rows(60)]), 120)
    report = drift_report(context, after=300, window=30)
    assert report["state"] == "pause"
    assert report["audit_factor"] == 2
    assert [w["state"] for w in report["windows"]][-1] == "pause"
    found = {i for group in report["groups"] for i in group["records"]}
    assert len([i for i in found if i.startswith("strange-")]) >= 50
    assert report["martingale"]["alarm_at"] > 330
    (last,) = drift_report(context, after=300, window=30, last_windows=1)["windows"]
    assert last["p"] == report["windows"][-1]["p"]


def test_without_a_model_two_tests_are_left_and_no_prevalence(context: ProjectContext) -> None:
    embed(context)
    report = drift_report(context, after=250, window=80)
    assert set(report["windows"][0]["p"]) == {"distance", "mmd"}
    assert report["prevalence"] is None


def test_nothing_new_is_ok(context: ProjectContext) -> None:
    report = drift_report(taught(context, 60), after=330)
    assert (report["state"], report["new"], report["windows"]) == ("ok", 0, [])


def test_too_small_a_reference_is_refused(context: ProjectContext) -> None:
    with pytest.raises(UsageError, match="99 pool records up to 99"):
        drift_report(context, after=99)


# -- label errors


def wrong_labels(context: ProjectContext, every: int = 12) -> dict[int, str]:
    """Every so-manieth record of the first 300 with the next label of the schema."""
    names = context.schema.names
    gold = context.store.gold.get(range(1, 301))
    return {i: names[(names.index(gold[i][0]) + 1) % len(names)] for i in range(every, 301, every)}


def test_peoples_wrong_labels_come_first_and_get_blind_tasks(context: ProjectContext) -> None:
    wrong = wrong_labels(context)
    taught(context, 300, wrong=wrong)
    report = label_issues(context, limit=45)
    assert report["judged"] == 300
    assert 0 < report["flagged"] < 90
    found = {s["record_id"] for s in report["suspects"]} & wrong.keys()
    assert len(found) >= 0.5 * len(wrong)  # by lot: .15
    assert json.loads(json.dumps(report)) == report
    before = context.store.queue.tasks()
    done = queue_label_issues(context, most=20)
    opened = [t for t in context.store.queue.tasks() if t not in before]
    assert done["opened"] == len(opened) == 20
    assert {t.reason for t in opened} == {"relabel"}
    assert all(t.blind for t in opened)
    assert [t.record_id for t in opened] == [s["record_id"] for s in report["suspects"][:20]]


def test_an_answer_closes_a_relabel_task_for_good_and_replaces_the_label(
    context: ProjectContext,
) -> None:
    taught(context, 300, wrong=wrong_labels(context))
    queue_label_issues(context, most=1)
    (task,) = context.store.queue.tasks()
    gold = context.store.gold.get([task.record_id])[task.record_id]
    annotate(context.store, context.schema, [act(task.record_id, gold[0], who="eve")])
    assert context.pool_state().labelled[task.record_id] == ("human", gold)
    assert verify_project(context) == []
    again = queue_label_issues(context, most=300)
    assert again["left_out"]["looked_at"] == 1
    assert task.record_id not in {t.record_id for t in context.store.queue.tasks()}


def test_the_control_arm_and_what_waits_already_get_no_task(context: ProjectContext) -> None:
    embed(context)
    batch = select(context, 1, 40)
    assert batch is not None
    control = {item.record_id for item in batch.items if item.arm == "control"}
    taught(context, 300)
    context.store.queue.open([ReviewTask(record_id=299, reason="disagreement", priority=1.0)])
    done = queue_label_issues(context, most=400)
    chosen = {t.record_id for t in context.store.queue.tasks() if t.reason == "relabel"}
    labelled_control = control & set(range(1, 301))
    assert labelled_control
    assert not chosen & (control | {299})
    assert done["left_out"]["control"] == len(labelled_control)
    assert done["left_out"]["queued"] == 1
    marked = {s["record_id"] for s in label_issues(context, limit=400)["suspects"] if s["control"]}
    assert marked == labelled_control


def test_agent_and_model_are_sources_too(context: ProjectContext) -> None:
    taught(context, 200)
    gold = context.store.gold.get(range(1, 331))
    wrong = wrong_labels(context, every=10)
    context.store.suggestions.append(
        [suggestion(i, labels=(wrong[i],) if i in wrong else gold[i]) for i in range(1, 301)]
    )
    agent = label_issues(context, "agent", limit=45)
    assert agent["judged"] == 300
    assert len({s["record_id"] for s in agent["suspects"]} & wrong.keys()) >= 0.5 * len(wrong)
    done = queue_label_issues(context, "agent", most=300)
    assert done["left_out"]["answered"] == 200
    assert {t.record_id for t in context.store.queue.tasks()} == set(range(201, 301))
    model = label_issues(context, "model", limit=300)
    assert {s["record_id"] for s in model["suspects"]} <= set(range(201, 301))
    assert model["judged"] + model["unjudged"] == 100


@pytest.mark.parametrize("source", ["people", "agent", "model"])
def test_without_labels_nothing_is_doubted(context: ProjectContext, source: Any) -> None:
    embed(context)
    assert label_issues(context, source) == {
        "source": source, "judged": 0, "unjudged": 0, "flagged": 0, "suspects": [],
    }  # fmt: skip
    assert queue_label_issues(context, source)["opened"] == 0


def test_the_desk_says_of_every_reason_why_a_record_is_there() -> None:
    always_blind = {"control", "audit", "gold", "repeat", "second"}  # all told alike: `BLIND`
    assert set(WHY) == set(get_args(Reason)) - always_blind


def test_an_unknown_source_is_refused(context: ProjectContext) -> None:
    with pytest.raises(UsageError, match="'cat'"):
        label_issues(context, "cat")  # type: ignore[arg-type]
