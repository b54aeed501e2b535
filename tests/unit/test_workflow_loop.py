"""The loop on the in-memory store: batches, the control arm, stopping, doing nothing twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benches import make_bench, slice_rows

from tiebreak.config import RoutePart
from tiebreak.domain.decisions import Decision
from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.reviews import Annotation
from tiebreak.errors import UsageError
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.init import names_schema
from tiebreak.workflow.loop import run
from tiebreak.workflow.lots import hidden
from tiebreak.workflow.people import annotate
from tiebreak.workflow.predict import predict_records
from tiebreak.workflow.routing import route_all
from tiebreak.workflow.running import RunOptions
from tiebreak.workflow.select import unlabelled
from tiebreak.workflow.status import status
from tiebreak.workflow.verify import project_hash, verify

SIMULATED = RunOptions(batch=20, rounds=3, reviewer="labels")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path)


def test_rounds_are_answered_trained_and_counted_as_simulated(bench: Bench) -> None:
    done = run(bench, SIMULATED)
    report = status(bench)
    assert done.stopped == "run"
    assert report["rounds"] == 3
    assert report["labelled"] == {"human": 0, "simulated": 60, "autonomous": 0, "unproved": 0}
    assert report["model"]["trained_on"] == {"simulated": 60}
    assert report["heldout"]["test"]["model"]["accuracy"] > 2 / 12  # chance is 1 / 12
    assert verify(bench) == []


def test_a_second_run_changes_nothing(bench: Bench) -> None:
    run(bench, SIMULATED)
    before = project_hash(bench), len(bench.store.notes.models()), len(bench.vectors)
    run(bench, SIMULATED)
    assert (project_hash(bench), len(bench.store.notes.models()), len(bench.vectors)) == before


def test_more_rounds_go_on_where_it_was(bench: Bench, tmp_path: Path) -> None:
    run(bench, RunOptions(batch=20, rounds=1, reviewer="labels"))
    run(bench, SIMULATED)
    other = make_bench(tmp_path / "other")
    run(other, SIMULATED)
    assert project_hash(bench) == project_hash(other)


def test_max_labels_is_exact(bench: Bench) -> None:
    run(bench, RunOptions(batch=20, rounds=9, max_labels=33, reviewer="labels"))
    assert status(bench)["labelled"]["simulated"] == 33


def test_people_are_asked_for_the_whole_batch_control_first_and_blind(bench: Bench) -> None:
    done = run(bench, RunOptions(batch=20))
    tasks = bench.store.queue.tasks()
    assert done.stopped == "review"
    assert len(tasks) == 20
    assert [t.reason for t in tasks] == ["control"] * 2 + ["selected"] * 18
    by_lot = [hidden(bench, t.record_id) for t in tasks[2:]]
    assert [t.blind for t in tasks] == [True] * 2 + by_lot
    assert 0 < sum(by_lot) < 9  # a tenth of them


def test_the_next_batch_waits_for_every_selected_record(bench: Bench) -> None:
    run(bench, RunOptions(batch=20))
    names = bench.schema.names
    *most, last = bench.store.queue.tasks()
    for task in most:
        _label(bench, task.record_id, names[task.record_id % len(names)])
    assert run(bench, RunOptions(batch=20)).stopped == "review"
    assert len(bench.store.batches.all()) == 1
    _label(bench, last.record_id, names[0])
    run(bench, RunOptions(batch=20))
    assert len(bench.store.batches.all()) == 2
    assert status(bench)["model"]["trained_on"] == {"human": 20}


def _label(bench: Bench, record_id: int, label: str) -> None:
    act = Annotation(
        record_id=record_id, who="ada", source="person", outcome="label", labels=(label,)
    )
    annotate(bench.store, bench.schema, [act])


def test_control_answers_are_written_before_the_label(bench: Bench) -> None:
    run(bench, RunOptions(batch=20, rounds=2, reviewer="labels"))
    first, second = bench.store.batches.all()
    assert all(i.model_probabilities is None for i in first.items)  # no head yet
    control = [i for i in second.items if i.arm == "control"]
    assert len(control) == 2
    for item in control:
        assert item.model_version == 1
        assert sum(item.model_probabilities or ()) == pytest.approx(1)
        assert item.probability == pytest.approx(2 / 220)
    assert all(i.model_probabilities is None for i in second.items if i.arm == "active")


def test_a_control_record_that_was_labelled_meanwhile_measures_nothing(bench: Bench) -> None:
    run(bench, RunOptions(batch=20, rounds=1, reviewer="labels"))
    from tiebreak.workflow.control import control_report, record_answers
    from tiebreak.workflow.select import select

    batch = select(bench, 2, 20)
    assert batch is not None
    control = [i for i in batch.items if i.arm == "control"]
    _label(bench, control[0].record_id, bench.schema.names[0])
    record_answers(bench, batch)
    stored = [i for i in bench.store.batches.get(2).items if i.arm == "control"]
    assert [i.model_probabilities is None for i in stored] == [True, False]
    assert control_report(bench)["model"] is None  # round 1 had no head, round 2 no good label


def test_held_out_records_are_never_chosen_or_trained_on(bench: Bench) -> None:
    run(bench, RunOptions(batch=60, rounds=9, reviewer="labels"))
    heldout = set(bench.table.ids[bench.table.heldout].tolist())
    chosen = {i.record_id for b in bench.store.batches.all() for i in b.items}
    assert chosen == set(bench.table.pool.tolist())  # the whole pool was used up
    assert not chosen & heldout
    assert not set(bench.labelled()) & heldout
    assert run(bench, RunOptions(reviewer="labels")).stopped == "done"


def test_the_control_arm_is_uniform_over_records_and_the_active_part_skips_duplicates(
    tmp_path: Path,
) -> None:
    rows = slice_rows(60, 0)
    copies = [{**rows[0], "id": f"copy-{n}"} for n in range(140)]
    seen = []
    for seed in range(40):
        bench = make_bench(
            tmp_path / str(seed), rows + copies, settings={"project": {"seed": seed}}
        )
        run(bench, RunOptions(batch=10))
        items = bench.store.batches.get(1).items
        linked = {x.record_id for x in bench.store.records.links()}
        assert len(linked) == 140
        assert not linked & {i.record_id for i in items if i.arm == "active"}
        seen += [i.record_id in linked for i in items if i.arm == "control"]
    # 140 of 200 records are copies; 40 draws: mean 28, standard deviation 2.9
    assert 18 <= np.sum(seen) <= 38


def test_reviewer_labels_without_gold_says_how_to_get_it(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, gold=False)
    with pytest.raises(UsageError, match="--labels-are gold"):
        run(bench, SIMULATED)


def test_an_empty_project_asks_for_an_import(tmp_path: Path) -> None:
    rows = slice_rows(0, 30)
    bench = make_bench(tmp_path, rows)
    assert run(bench, RunOptions()).stopped == "import"


def test_a_record_without_gold_is_skipped_not_guessed(tmp_path: Path) -> None:
    rows = slice_rows(40, 10)
    rows[0] = {**rows[0], "label": None}
    bench = make_bench(tmp_path, rows)
    run(bench, RunOptions(batch=20, rounds=9, reviewer="labels"))
    report = status(bench)
    assert report["skipped"] == 1
    assert report["labelled"]["simulated"] == 39
    assert len(unlabelled(bench)) == 0


def test_a_changed_schema_keeps_the_control_figures_and_trains_anew(bench: Bench) -> None:
    run(bench, RunOptions(batch=40, rounds=3, reviewer="labels"))
    before = status(bench)
    names = ["aaa_new_label", *bench.schema.names]
    bench.store.notes.put_schema(names_schema(names))
    assert status(bench)["control"] == before["control"]
    run(bench, RunOptions(batch=40, rounds=4, reviewer="labels"))
    after = status(bench)
    assert after["model"]["version"] > before["model"]["version"]
    head = bench.head()
    assert head is not None
    assert head[2].classes == tuple(names)
    assert after["control"]["model"]["n"] == before["control"]["model"]["n"] + 4


def test_a_lost_head_is_learnt_again(bench: Bench) -> None:
    run(bench, SIMULATED)
    digest, accuracy = project_hash(bench), status(bench)["heldout"]["test"]["model"]
    for file in (bench.folder / "models").iterdir():
        file.unlink()
    assert any("model file" in problem for problem in verify(bench))
    run(bench, SIMULATED)
    assert verify(bench) == []
    assert project_hash(bench) == digest
    assert status(bench)["heldout"]["test"]["model"] == accuracy


def test_lost_vectors_are_made_again(bench: Bench, tmp_path: Path) -> None:
    run(bench, SIMULATED)
    for file in (bench.folder / "vectors").iterdir():
        file.unlink()
    again = Bench(
        folder=bench.folder, settings=bench.settings, store=bench.store, clock=bench.clock
    )
    run(again, SIMULATED)
    assert status(again) == status(bench)


def test_an_unproved_label_goes_when_the_record_is_no_longer_proposed(bench: Bench) -> None:
    run(bench, SIMULATED)
    first, second = unlabelled(bench)[:2].tolist()
    head = predict_records(bench, [first, second])
    assert head is not None
    agreed = head.top(0)[0]
    other = next(name for name in bench.schema.names if name != head.top(1)[0])
    bench.store.suggestions.append([_told(first, agreed), _told(second, other)])
    bench.store.decisions.append(
        [
            Decision(record_id=i, by="unproved", labels=(label,))
            for i, label in ((first, agreed), (second, other))
        ]
    )
    sure = RoutePart(model_confidence=0, agent_confidence=0)
    bench.settings = bench.settings.model_copy(update={"route": sure})
    assert route_all(bench) == {"agreement": 1, "disagreement": 1}
    latest = bench.store.decisions.latest([first, second])
    assert (latest[first].labels, latest[second].labels) == ((agreed,), None)
    assert status(bench)["labelled"]["unproved"] == 1
    assert [t.record_id for t in bench.store.queue.tasks()] == [second]


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
