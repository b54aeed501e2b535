"""Annotations, undo and what follows from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from clock import TickingClock
from contexts import make_context, slice_rows
from sqlalchemy import event

from tiebreak.domain.decisions import Decision
from tiebreak.domain.reviews import Annotation, ReviewTask
from tiebreak.errors import LabelError, UsageError
from tiebreak.loop.export import export_rows
from tiebreak.loop.verify import verify_project
from tiebreak.project.context import ProjectContext
from tiebreak.report.results import LabelsInForce
from tiebreak.report.status import project_status
from tiebreak.review.annotate import write_annotations
from tiebreak.store.sql import SqlStore

ROWS = slice_rows(20, 4)
FIRST, SECOND = sorted({r["label"] for r in ROWS})[:2]


@pytest.fixture
def context(tmp_path: Path) -> ProjectContext:
    return make_context(tmp_path, ROWS)


def act(record_id: int, label: str | None = None, **more: object) -> Annotation:
    fields: dict[str, object] = {"who": "ada", "source": "person", "outcome": "label", **more}
    labels = (label,) if label else None
    return Annotation(record_id=record_id, labels=labels, **fields)  # type: ignore[arg-type]


def write(context: ProjectContext, *acts: Annotation) -> list[Annotation]:
    return write_annotations(context.store, context.schema, acts)


def in_force(context: ProjectContext, record_id: int) -> tuple[str | None, tuple[str, ...] | None]:
    decision = context.store.decisions.latest([record_id]).get(record_id)
    return (decision.by, decision.labels) if decision else (None, None)


def test_a_label_is_decided_by_a_human_and_closes_every_task(context: ProjectContext) -> None:
    context.store.queue.open(
        [
            ReviewTask(record_id=1, reason="control", priority=3, blind=True),
            ReviewTask(record_id=1, reason="disagreement", priority=0.5),
        ]
    )
    write(context, act(1, FIRST))
    assert in_force(context, 1) == ("human", (FIRST,))
    assert context.store.queue.tasks() == []


def test_undo_withdraws_the_label_and_reopens_the_task(context: ProjectContext) -> None:
    context.store.queue.open([ReviewTask(record_id=1, reason="selected", priority=2)])
    write(context, act(1, FIRST))
    write(context, act(1, outcome="undo"))
    assert in_force(context, 1) == ("human", None)
    assert [t.record_id for t in context.store.queue.tasks()] == [1]
    assert project_status(context).labelled.human == 0


def test_undo_brings_the_earlier_label_back(context: ProjectContext) -> None:
    write(context, act(1, FIRST))
    write(context, act(1, SECOND))
    write(context, act(1, outcome="undo"))
    assert in_force(context, 1) == ("human", (FIRST,))


def test_none_of_these_is_kept_out_of_training(context: ProjectContext) -> None:
    write(context, act(1, outcome="none"), act(2, FIRST))
    assert context.pool_state().labelled == {2: ("human", (FIRST,))}
    assert project_status(context).none_fits == 1


def test_a_skip_decides_nothing(context: ProjectContext) -> None:
    write(context, act(1, outcome="skip"))
    assert in_force(context, 1) == (None, None)
    assert project_status(context).skipped == 1


def test_a_flag_sets_a_record_aside_and_decides_nothing(context: ProjectContext) -> None:
    context.store.queue.open(
        [ReviewTask(record_id=i, reason="selected", priority=2) for i in (1, 2)]
    )
    write(context, act(2, FIRST))
    write(context, act(1, outcome="flag", note="two intents"), act(2, outcome="flag"))
    assert in_force(context, 1) == (None, None)
    assert in_force(context, 2) == ("human", None)  # the label no longer stands
    assert context.store.queue.tasks() == []
    assert context.pool_state().labelled == {}
    assert 1 not in context.pool_state().unlabelled
    assert context.pool_state().answered_by_people == 0
    assert verify_project(context) == []
    report = project_status(context)
    assert (report.flagged, report.skipped, report.none_fits) == (2, 0, 0)
    assert [(r["outcome"], r["who"], r["label"]) for r in export_rows(context)][:2] == [
        ("flag", "ada", None)
    ] * 2
    write(context, act(1, outcome="undo"), act(2, outcome="undo"))
    assert in_force(context, 2) == ("human", (FIRST,))
    assert [t.record_id for t in context.store.queue.tasks()] == [1]


@pytest.mark.parametrize(
    ("outcome", "listed"), [("none", "none_records"), ("flag", "flagged_records")]
)
def test_status_names_the_newest_of_what_asks_for_a_second_look(
    tmp_path: Path, outcome: str, listed: str
) -> None:
    context = make_context(tmp_path, slice_rows(30, 0))
    names = {r.id: r.external_id for r in context.store.records.scan()}
    order = [*range(25, 0, -1), 26, 3]
    for record_id in order:
        write(context, act(record_id, outcome=outcome))
    write(context, act(26, outcome="undo"), act(25, FIRST))
    newest = [i for i in dict.fromkeys(reversed(order)) if i not in (25, 26)]
    assert getattr(project_status(context), listed) == tuple(names[i] for i in newest[:20])
    assert len(getattr(project_status(context), listed)) == 20


def test_what_a_person_saw_is_kept(context: ProjectContext) -> None:
    write(context, act(1, FIRST, shown="evidence", suggestion=2, model_version=4))
    (stored,) = context.store.annotations.of(1)
    assert (stored.shown, stored.suggestion, stored.model_version) == ("evidence", 2, 4)
    with pytest.raises(UsageError, match=r"Record 2 was shown blind, but suggestion 1"):
        write(context, act(2, FIRST, shown="blind", suggestion=1))
    with pytest.raises(UsageError, match=r"model 4 are named as seen. Name no evidence"):
        write(context, act(2, FIRST, shown="blind", model_version=4))
    assert context.store.annotations.of(2) == []


def test_an_undo_belongs_to_its_author(context: ProjectContext) -> None:
    write(context, act(1, FIRST), act(1, SECOND, who="bob"))
    with pytest.raises(UsageError, match=r"record 1 is from 'bob', and 'ada' cannot"):
        write(context, act(2, FIRST), act(1, outcome="undo"))
    assert in_force(context, 1) == ("human", (SECOND,))
    assert in_force(context, 2) == (None, None)  # refused whole
    write(context, act(1, outcome="undo", who="bob", key="k"))
    assert in_force(context, 1) == ("human", (FIRST,))
    assert write(context, act(1, outcome="undo", who="bob", key="k")) == []  # asked again: no error
    write(context, act(1, outcome="undo"))
    with pytest.raises(UsageError, match=r"Record 1 has no answer that 'ada' could take back"):
        write(context, act(1, outcome="undo"))
    assert in_force(context, 1) == ("human", None)


def test_a_person_takes_back_a_simulated_act_only_in_their_own_name(
    context: ProjectContext,
) -> None:
    write(context, act(1, FIRST, source="simulated", who="gold labels"))
    with pytest.raises(UsageError, match="'gold labels', and 'ada' cannot"):
        write(context, act(1, outcome="undo"))
    write(context, act(1, outcome="undo", who="gold labels"))
    assert in_force(context, 1) == ("simulated", None)


@pytest.mark.parametrize("outcome", ["label", "none"])
def test_a_person_who_takes_back_lets_no_simulated_answer_in(
    context: ProjectContext, outcome: str
) -> None:
    context.store.queue.open([ReviewTask(record_id=1, reason="selected", priority=2)])
    write(context, act(1, FIRST, source="simulated", who="gold labels"))
    write(context, act(1, SECOND if outcome == "label" else None, outcome=outcome))
    write(context, act(1, outcome="undo"))
    assert in_force(context, 1) == ("human", None)  # neither the label undone nor the simulated one
    assert [t.record_id for t in context.store.queue.tasks()] == [1]
    assert context.pool_state().labelled == {}
    assert verify_project(context) == []
    write(context, act(1, FIRST, source="simulated", who="gold labels"))
    assert in_force(context, 1) == ("human", None)
    assert context.store.queue.tasks() == []  # a simulated reviewer comes to an end
    assert verify_project(context) == []


def test_verify_finds_a_label_that_nobodys_act_stands_behind(context: ProjectContext) -> None:
    write(context, act(1, outcome="flag"), act(2, FIRST), act(2, outcome="undo"), act(3, FIRST))
    assert verify_project(context) == []
    context.store.decisions.append(
        [Decision(record_id=i, by="human", labels=(SECOND,)) for i in (1, 2, 3)]
    )
    first, second, third = verify_project(context)
    assert first.text.startswith("Record 1: a person 'flag' stands")
    assert second.text.startswith("Record 2: nothing stands")
    assert third.text.startswith("Record 3: people say")
    assert [(p.part, p.record_id) for p in (first, second, third)] == [
        ("decision", 1), ("decision", 2), ("decision", 3),
    ]  # fmt: skip


def test_one_act_is_cheap_and_reads_no_text(tmp_path: Path) -> None:
    store = SqlStore.open(tmp_path / "store.db", TickingClock())
    context = make_context(tmp_path, ROWS, store=store)
    store.queue.open([ReviewTask(record_id=1, reason="selected", priority=2)])
    said: list[str] = []

    @event.listens_for(store.database._engine, "before_cursor_execute")
    def listen(*args: Any) -> None:
        said.append(args[2])

    schema = context.schema
    said.clear()
    write_annotations(store, schema, [act(1, FIRST, key="k")])
    assert not [statement for statement in said if "records.text" in statement]
    assert len(said) <= 16
    store.close()


def test_a_label_outside_the_schema_names_the_nearest(context: ProjectContext) -> None:
    with pytest.raises(LabelError, match=f"Did you mean '{FIRST}'"):
        write(context, act(1, FIRST + "s"))
    assert context.store.annotations.count() == 0


def test_a_held_out_record_is_never_labelled(context: ProjectContext) -> None:
    heldout = int(context.table.ids[context.table.heldout][0])
    with pytest.raises(UsageError, match="held out"):
        write(context, act(1, FIRST), act(heldout, FIRST))
    assert context.store.annotations.count() == 0  # all or nothing


def test_the_same_key_twice_is_one_act(context: ProjectContext) -> None:
    assert len(write(context, act(1, FIRST, key="k"))) == 1
    assert write(context, act(1, SECOND, key="k")) == []
    assert in_force(context, 1) == ("human", (FIRST,))


@pytest.mark.parametrize("machine", ["simulated", "autonomous", "unproved"])
def test_nothing_replaces_a_human_label(context: ProjectContext, machine: str) -> None:
    write(context, act(1, FIRST))
    context.store.decisions.append(
        [Decision(record_id=1, by=machine, labels=(SECOND,))]  # type: ignore[arg-type]
    )
    assert in_force(context, 1) == ("human", (FIRST,))


def test_simulated_answers_are_never_counted_as_human(context: ProjectContext) -> None:
    write(context, act(1, FIRST, source="simulated"), act(2, FIRST, source="imported"))
    assert project_status(context).labelled == LabelsInForce(
        human=1, simulated=1, autonomous=0, unproved=0
    )


def test_a_person_displaces_a_simulated_answer_for_good(context: ProjectContext) -> None:
    write(context, act(1, FIRST, source="simulated"))
    write(context, act(1, SECOND))
    write(context, act(1, FIRST, source="simulated"))
    assert in_force(context, 1) == ("human", (SECOND,))
