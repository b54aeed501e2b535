"""Label issues of a project. People and agents are simulated, wrong labels are planted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from contexts import make_context
from stores import act, suggestion
from taught import ROWS, taught

from tiebreak.domain.reviews import ReviewTask
from tiebreak.errors import UsageError
from tiebreak.evaluation.label_issues import list_label_issues, queue_label_issues
from tiebreak.evaluation.results import LabelIssuesReport
from tiebreak.loop.select import select
from tiebreak.loop.verify import verify_project
from tiebreak.models.embed import embed_records
from tiebreak.project.context import ProjectContext
from tiebreak.results import to_json
from tiebreak.review.annotate import write_annotations


@pytest.fixture
def context(tmp_path: Path) -> ProjectContext:
    return make_context(tmp_path, ROWS)


def wrong_labels(context: ProjectContext, every: int = 12) -> dict[int, str]:
    """Every so-manieth record of the first 300 with the next label of the schema."""
    names = context.schema.names
    gold = context.store.gold.get(range(1, 301))
    return {i: names[(names.index(gold[i][0]) + 1) % len(names)] for i in range(every, 301, every)}


def test_peoples_wrong_labels_come_first_and_get_blind_tasks(context: ProjectContext) -> None:
    wrong = wrong_labels(context)
    taught(context, 300, wrong=wrong)
    report = list_label_issues(context, limit=45)
    assert report.judged == 300
    assert 0 < report.flagged < 90
    found = {s.record_id for s in report.suspects} & wrong.keys()
    assert len(found) >= 0.5 * len(wrong)  # by lot: .15
    document = to_json(report)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    before = context.store.queue.tasks()
    done = queue_label_issues(context, most=20)
    opened = [t for t in context.store.queue.tasks() if t not in before]
    assert done.opened == len(opened) == 20
    assert {t.reason for t in opened} == {"relabel"}
    assert all(t.blind for t in opened)
    assert [t.record_id for t in opened] == [s.record_id for s in report.suspects[:20]]


def test_an_answer_closes_a_relabel_task_for_good_and_replaces_the_label(
    context: ProjectContext,
) -> None:
    taught(context, 300, wrong=wrong_labels(context))
    queue_label_issues(context, most=1)
    (task,) = context.store.queue.tasks()
    gold = context.store.gold.get([task.record_id])[task.record_id]
    write_annotations(context.store, context.schema, [act(task.record_id, gold[0], who="eve")])
    assert context.pool_state().labelled[task.record_id] == ("human", gold)
    assert verify_project(context) == []
    again = queue_label_issues(context, most=300)
    assert again.left_out.looked_at == 1
    assert task.record_id not in {t.record_id for t in context.store.queue.tasks()}


def test_the_control_arm_and_what_waits_already_get_no_task(context: ProjectContext) -> None:
    embed_records(context)
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
    assert done.left_out.control == len(labelled_control)
    assert done.left_out.queued == 1
    marked = {s.record_id for s in list_label_issues(context, limit=400).suspects if s.control}
    assert marked == labelled_control


def test_agent_and_model_are_sources_too(context: ProjectContext) -> None:
    taught(context, 200)
    gold = context.store.gold.get(range(1, 331))
    wrong = wrong_labels(context, every=10)
    context.store.suggestions.append(
        [suggestion(i, labels=(wrong[i],) if i in wrong else gold[i]) for i in range(1, 301)]
    )
    agent = list_label_issues(context, "agent", limit=45)
    assert agent.judged == 300
    assert len({s.record_id for s in agent.suspects} & wrong.keys()) >= 0.5 * len(wrong)
    done = queue_label_issues(context, "agent", most=300)
    assert done.left_out.answered == 200
    assert {t.record_id for t in context.store.queue.tasks()} == set(range(201, 301))
    model = list_label_issues(context, "model", limit=300)
    assert {s.record_id for s in model.suspects} <= set(range(201, 301))
    assert model.judged + model.unjudged == 100


@pytest.mark.parametrize("source", ["people", "agent", "model"])
def test_without_labels_nothing_is_suspect(context: ProjectContext, source: Any) -> None:
    embed_records(context)
    assert list_label_issues(context, source) == LabelIssuesReport(
        source=source, judged=0, unjudged=0, flagged=0, suspects=()
    )
    assert queue_label_issues(context, source).opened == 0


def test_an_unknown_source_is_refused(context: ProjectContext) -> None:
    with pytest.raises(UsageError, match="'cat'"):
        list_label_issues(context, "cat")  # type: ignore[arg-type]
