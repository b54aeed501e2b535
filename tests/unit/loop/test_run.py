"""The loop on the in-memory store: batches, the control arm, stopping, doing nothing twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from contexts import make_context, slice_rows

from tiebreak.config import RoutePart
from tiebreak.domain.decisions import Decision
from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.reviews import Annotation
from tiebreak.errors import UsageError
from tiebreak.loop.routing import route_all
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.loop.verify import project_hash, verify_project
from tiebreak.models.predict import predict_records
from tiebreak.project.context import ProjectContext
from tiebreak.project.init import names_schema
from tiebreak.project.sampling import is_blind_sample
from tiebreak.report.results import LabelsInForce
from tiebreak.report.status import project_status
from tiebreak.review.annotate import write_annotations

SIMULATED = RunOptions(batch=20, rounds=3, reviewer="labels")


@pytest.fixture
def context(tmp_path: Path) -> ProjectContext:
    return make_context(tmp_path)


def test_rounds_are_answered_trained_and_counted_as_simulated(context: ProjectContext) -> None:
    done = run_loop(context, SIMULATED)
    report = project_status(context)
    assert done.stopped == "run"
    assert report.rounds == 3
    assert report.labelled == LabelsInForce(human=0, simulated=60, autonomous=0, unproved=0)
    assert report.model.trained_on == {"simulated": 60}
    assert report.heldout["test"].model.accuracy > 2 / 12  # chance is 1 / 12
    assert verify_project(context) == []


def test_a_second_run_changes_nothing(context: ProjectContext) -> None:
    run_loop(context, SIMULATED)
    before = project_hash(context), len(context.store.notes.models()), len(context.vectors)
    run_loop(context, SIMULATED)
    assert (
        project_hash(context),
        len(context.store.notes.models()),
        len(context.vectors),
    ) == before


def test_more_rounds_go_on_where_it_was(context: ProjectContext, tmp_path: Path) -> None:
    run_loop(context, RunOptions(batch=20, rounds=1, reviewer="labels"))
    run_loop(context, SIMULATED)
    other = make_context(tmp_path / "other")
    run_loop(other, SIMULATED)
    assert project_hash(context) == project_hash(other)


def test_max_labels_is_exact(context: ProjectContext) -> None:
    run_loop(context, RunOptions(batch=20, rounds=9, max_labels=33, reviewer="labels"))
    assert project_status(context).labelled.simulated == 33


def test_people_are_asked_for_the_whole_batch_control_first_and_blind(
    context: ProjectContext,
) -> None:
    done = run_loop(context, RunOptions(batch=20))
    tasks = context.store.queue.tasks()
    assert done.stopped == "review"
    assert len(tasks) == 20
    assert [t.reason for t in tasks] == ["control"] * 2 + ["selected"] * 18
    by_lot = [is_blind_sample(context, t.record_id) for t in tasks[2:]]
    assert [t.blind for t in tasks] == [True] * 2 + by_lot
    assert 0 < sum(by_lot) < 9  # a tenth of them


def test_the_next_batch_waits_for_every_selected_record(context: ProjectContext) -> None:
    run_loop(context, RunOptions(batch=20))
    names = context.schema.names
    *most, last = context.store.queue.tasks()
    for task in most:
        _label(context, task.record_id, names[task.record_id % len(names)])
    assert run_loop(context, RunOptions(batch=20)).stopped == "review"
    assert len(context.store.batches.all()) == 1
    _label(context, last.record_id, names[0])
    run_loop(context, RunOptions(batch=20))
    assert len(context.store.batches.all()) == 2
    assert project_status(context).model.trained_on == {"human": 20}


def _label(context: ProjectContext, record_id: int, label: str) -> None:
    act = Annotation(
        record_id=record_id, who="ada", source="person", outcome="label", labels=(label,)
    )
    write_annotations(context.store, context.schema, [act])


def test_control_answers_are_written_before_the_label(context: ProjectContext) -> None:
    run_loop(context, RunOptions(batch=20, rounds=2, reviewer="labels"))
    first, second = context.store.batches.all()
    assert all(i.model_probabilities is None for i in first.items)  # no head yet
    control = [i for i in second.items if i.arm == "control"]
    assert len(control) == 2
    for item in control:
        assert item.model_version == 1
        assert sum(item.model_probabilities or ()) == pytest.approx(1)
        assert item.probability == pytest.approx(2 / 220)
    assert all(i.model_probabilities is None for i in second.items if i.arm == "active")


def test_a_control_record_that_was_labelled_meanwhile_measures_nothing(
    context: ProjectContext,
) -> None:
    run_loop(context, RunOptions(batch=20, rounds=1, reviewer="labels"))
    from tiebreak.loop.select import select
    from tiebreak.models.control_arm import control_report, record_answers

    batch = select(context, 2, 20)
    assert batch is not None
    control = [i for i in batch.items if i.arm == "control"]
    _label(context, control[0].record_id, context.schema.names[0])
    record_answers(context, batch)
    stored = [i for i in context.store.batches.get(2).items if i.arm == "control"]
    assert [i.model_probabilities is None for i in stored] == [True, False]
    assert control_report(context).model is None  # round 1 had no head, round 2 no good label


def test_held_out_records_are_never_chosen_or_trained_on(context: ProjectContext) -> None:
    run_loop(context, RunOptions(batch=60, rounds=9, reviewer="labels"))
    heldout = set(context.table.ids[context.table.heldout].tolist())
    chosen = {i.record_id for b in context.store.batches.all() for i in b.items}
    assert chosen == set(context.table.pool.tolist())  # the whole pool was used up
    assert not chosen & heldout
    assert not set(context.pool_state().labelled) & heldout
    assert run_loop(context, RunOptions(reviewer="labels")).stopped == "done"


def test_the_control_arm_is_uniform_over_records_and_the_active_part_skips_duplicates(
    tmp_path: Path,
) -> None:
    rows = slice_rows(60, 0)
    copies = [{**rows[0], "id": f"copy-{n}"} for n in range(140)]
    seen = []
    for seed in range(40):
        context = make_context(
            tmp_path / str(seed), rows + copies, settings={"project": {"seed": seed}}
        )
        run_loop(context, RunOptions(batch=10))
        items = context.store.batches.get(1).items
        linked = {x.record_id for x in context.store.records.links()}
        assert len(linked) == 140
        assert not linked & {i.record_id for i in items if i.arm == "active"}
        seen += [i.record_id in linked for i in items if i.arm == "control"]
    # 140 of 200 records are copies; 40 draws: mean 28, standard deviation 2.9
    assert 18 <= np.sum(seen) <= 38


def test_reviewer_labels_without_gold_says_how_to_get_it(tmp_path: Path) -> None:
    context = make_context(tmp_path, gold=False)
    with pytest.raises(UsageError, match="--labels-are gold"):
        run_loop(context, SIMULATED)


def test_an_empty_project_asks_for_an_import(tmp_path: Path) -> None:
    rows = slice_rows(0, 30)
    context = make_context(tmp_path, rows)
    assert run_loop(context, RunOptions()).stopped == "import"


def test_a_record_without_gold_is_skipped_not_guessed(tmp_path: Path) -> None:
    rows = slice_rows(40, 10)
    rows[0] = {**rows[0], "label": None}
    context = make_context(tmp_path, rows)
    run_loop(context, RunOptions(batch=20, rounds=9, reviewer="labels"))
    report = project_status(context)
    assert report.skipped == 1
    assert report.labelled.simulated == 39
    assert len(context.pool_state().unlabelled) == 0


def test_a_changed_schema_keeps_the_control_figures_and_trains_anew(
    context: ProjectContext,
) -> None:
    run_loop(context, RunOptions(batch=40, rounds=3, reviewer="labels"))
    before = project_status(context)
    names = ["aaa_new_label", *context.schema.names]
    context.store.notes.put_schema(names_schema(names))
    assert project_status(context).control == before.control
    run_loop(context, RunOptions(batch=40, rounds=4, reviewer="labels"))
    after = project_status(context)
    assert after.model.version > before.model.version
    head = context.head()
    assert head is not None
    assert head[2].classes == tuple(names)
    assert after.control.model.n == before.control.model.n + 4


def test_a_lost_head_is_learnt_again(context: ProjectContext) -> None:
    run_loop(context, SIMULATED)
    digest, accuracy = project_hash(context), project_status(context).heldout["test"].model
    for file in (context.folder / "models").iterdir():
        file.unlink()
    assert any("model file" in problem.text for problem in verify_project(context))
    run_loop(context, SIMULATED)
    assert verify_project(context) == []
    assert project_hash(context) == digest
    assert project_status(context).heldout["test"].model == accuracy


def test_lost_vectors_are_made_again(context: ProjectContext, tmp_path: Path) -> None:
    run_loop(context, SIMULATED)
    for file in (context.folder / "vectors").iterdir():
        file.unlink()
    again = ProjectContext(
        folder=context.folder, settings=context.settings, store=context.store, clock=context.clock
    )
    run_loop(again, SIMULATED)
    assert project_status(again) == project_status(context)


def test_an_unproved_label_goes_when_the_record_is_no_longer_proposed(
    context: ProjectContext,
) -> None:
    run_loop(context, SIMULATED)
    first, second = context.pool_state().unlabelled[:2].tolist()
    head = predict_records(context, [first, second])
    assert head is not None
    agreed, likely = (head.classes[at] for at in head.probabilities.argmax(axis=1))
    other = next(name for name in context.schema.names if name != likely)
    context.store.suggestions.append([_told(first, agreed), _told(second, other)])
    context.store.decisions.append(
        [
            Decision(record_id=i, by="unproved", labels=(label,))
            for i, label in ((first, agreed), (second, other))
        ]
    )
    sure = RoutePart(model_confidence=0, agent_confidence=0)
    context.settings = context.settings.model_copy(update={"route": sure})
    assert route_all(context) == {"agreement": 1, "disagreement": 1}
    latest = context.store.decisions.latest([first, second])
    assert (latest[first].labels, latest[second].labels) == ((agreed,), None)
    assert project_status(context).labelled.unproved == 1
    assert [t.record_id for t in context.store.queue.tasks()] == [second]


def _told(record_id: int, label: str) -> Suggestion:
    return Suggestion(
        record_id=record_id,
        purpose="sweep",
        agent="scripted",
        mode="score",
        prompt="p/v1",
        request_hash=f"h{record_id}",
        schema_version=1,
        labels=(label,),
        confidence=0.99,
    )
