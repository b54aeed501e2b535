"""Annotations, undo and what follows from them."""

from __future__ import annotations

from pathlib import Path

import pytest
from benches import make_bench, slice_rows

from tiebreak.domain.decisions import Decision
from tiebreak.domain.reviews import Annotation, ReviewTask
from tiebreak.errors import LabelError, UsageError
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.people import annotate
from tiebreak.workflow.status import status

ROWS = slice_rows(20, 4)
FIRST, SECOND = sorted({r["label"] for r in ROWS})[:2]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path, ROWS)


def act(record_id: int, label: str | None = None, **more: object) -> Annotation:
    fields: dict[str, object] = {"who": "ada", "source": "person", "outcome": "label", **more}
    labels = (label,) if label else None
    return Annotation(record_id=record_id, labels=labels, **fields)  # type: ignore[arg-type]


def write(bench: Bench, *acts: Annotation) -> list[Annotation]:
    return annotate(bench.store, bench.schema, acts)


def in_force(bench: Bench, record_id: int) -> tuple[str | None, tuple[str, ...] | None]:
    decision = bench.store.decisions.latest([record_id]).get(record_id)
    return (decision.by, decision.labels) if decision else (None, None)


def test_a_label_is_decided_by_a_human_and_closes_every_task(bench: Bench) -> None:
    bench.store.queue.open(
        [
            ReviewTask(record_id=1, reason="control", priority=3, blind=True),
            ReviewTask(record_id=1, reason="disagreement", priority=0.5),
        ]
    )
    write(bench, act(1, FIRST))
    assert in_force(bench, 1) == ("human", (FIRST,))
    assert bench.store.queue.tasks() == []


def test_undo_withdraws_the_label_and_reopens_the_task(bench: Bench) -> None:
    bench.store.queue.open([ReviewTask(record_id=1, reason="selected", priority=2)])
    write(bench, act(1, FIRST))
    write(bench, act(1, outcome="undo"))
    assert in_force(bench, 1) == ("human", None)
    assert [t.record_id for t in bench.store.queue.tasks()] == [1]
    assert status(bench)["labelled"]["human"] == 0


def test_undo_brings_the_earlier_label_back(bench: Bench) -> None:
    write(bench, act(1, FIRST))
    write(bench, act(1, SECOND))
    write(bench, act(1, outcome="undo"))
    assert in_force(bench, 1) == ("human", (FIRST,))


def test_none_of_these_is_kept_out_of_training(bench: Bench) -> None:
    write(bench, act(1, outcome="none"), act(2, FIRST))
    assert bench.labelled() == {2: ("human", (FIRST,))}
    assert status(bench)["none_fits"] == 1


def test_a_skip_decides_nothing(bench: Bench) -> None:
    write(bench, act(1, outcome="skip"))
    assert in_force(bench, 1) == (None, None)
    assert status(bench)["skipped"] == 1


def test_a_label_outside_the_schema_names_the_nearest(bench: Bench) -> None:
    with pytest.raises(LabelError, match=f"Did you mean '{FIRST}'"):
        write(bench, act(1, FIRST + "s"))
    assert bench.store.annotations.count() == 0


def test_a_held_out_record_is_never_labelled(bench: Bench) -> None:
    heldout = int(bench.table.ids[bench.table.heldout][0])
    with pytest.raises(UsageError, match="held out"):
        write(bench, act(1, FIRST), act(heldout, FIRST))
    assert bench.store.annotations.count() == 0  # all or nothing


def test_the_same_key_twice_is_one_act(bench: Bench) -> None:
    assert len(write(bench, act(1, FIRST, key="k"))) == 1
    assert write(bench, act(1, SECOND, key="k")) == []
    assert in_force(bench, 1) == ("human", (FIRST,))


@pytest.mark.parametrize("machine", ["simulated", "autonomous", "unproved"])
def test_nothing_replaces_a_human_label(bench: Bench, machine: str) -> None:
    write(bench, act(1, FIRST))
    bench.store.decisions.append(
        [Decision(record_id=1, by=machine, labels=(SECOND,))]  # type: ignore[arg-type]
    )
    assert in_force(bench, 1) == ("human", (FIRST,))


def test_simulated_answers_are_never_counted_as_human(bench: Bench) -> None:
    write(bench, act(1, FIRST, source="simulated"), act(2, FIRST, source="imported"))
    assert status(bench)["labelled"] == {
        "human": 1, "simulated": 1, "autonomous": 0, "unproved": 0,
    }  # fmt: skip


def test_a_person_displaces_a_simulated_answer_for_good(bench: Bench) -> None:
    write(bench, act(1, FIRST, source="simulated"))
    write(bench, act(1, SECOND))
    write(bench, act(1, FIRST, source="simulated"))
    assert in_force(bench, 1) == ("human", (SECOND,))
