"""A promise on the in-memory store: learnt, frozen, audited, certified, settled, taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from promise_projects import answer, pin_coins, promise_bench, two_kinds, waiting

from tiebreak.assurance.ladder import AuditAnswer
from tiebreak.domain.decisions import Decision
from tiebreak.domain.reviews import Annotation
from tiebreak.errors import ConfigError
from tiebreak.loop.run import run_loop
from tiebreak.loop.running import RunOptions
from tiebreak.loop.verify import project_hash, verify_project
from tiebreak.project.context import ProjectContext
from tiebreak.project.pool import withheld_records
from tiebreak.promise.file_track import file_tracks
from tiebreak.promise.settle import settle_promises
from tiebreak.promise.terms import current_terms, keep_terms
from tiebreak.report.status import project_status
from tiebreak.review.annotate import write_annotations

SIMULATED = RunOptions(batch=16, reviewer="labels")
BY_PEOPLE = RunOptions(batch=16)


@pytest.fixture(autouse=True)
def coins_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known coins: people's audits must find a wrong label here in every run, or in none."""
    pin_coins(monkeypatch, b"\x03" * 32)


def until_audits(context: ProjectContext) -> list[int]:
    """People answer batches until the first audits wait; which records those are."""
    for _ in range(20):
        done = run_loop(context, BY_PEOPLE)
        assert done.stopped == "review", done.message
        audits = waiting(context, "audit")
        if audits:
            return [t.record_id for t in audits]
        answer(context, waiting(context))
    raise AssertionError("no audit came")


def until_certified(context: ProjectContext) -> None:
    until_audits(context)
    for _ in range(20):
        answer(context, waiting(context, "audit"))
        run_loop(context, BY_PEOPLE)
        if not waiting(context, "audit"):
            return
    raise AssertionError("audits without an end")


def test_a_simulation_ends_with_every_record_answered_or_certified(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    done = run_loop(context, SIMULATED)
    report = project_status(context)
    assert done.stopped == "done"
    by = report.labelled
    assert by.human == by.unproved == 0
    assert by.autonomous > 100
    assert by.simulated + by.autonomous == 400
    (told,) = [c for c in report.certificates if c.labels]
    assert told.in_force
    assert told.simulated
    assert told.sentence.startswith("SIMULATED")
    assert told.labels == by.autonomous
    assert verify_project(context) == []


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    run_loop(context, SIMULATED)
    before = (
        project_hash(context),
        context.store.promises.certificates(),
        context.store.decisions.count(),
    )
    run_loop(context, SIMULATED)
    after = (
        project_hash(context),
        context.store.promises.certificates(),
        context.store.decisions.count(),
    )
    assert after == before


def test_a_simulation_comes_out_the_same_twice(tmp_path: Path) -> None:
    hashes = set()
    for name in ("a", "b"):
        context = promise_bench(tmp_path / name, two_kinds(300, wrong=0.05))
        run_loop(context, SIMULATED)
        hashes.add(project_hash(context))
    assert len(hashes) == 1


def test_people_get_audits_that_nothing_tells_from_other_blind_cards(tmp_path: Path) -> None:
    from tiebreak.review.cards import build_cards
    from tiebreak.ui.server.wire import card_on_wire

    context = promise_bench(tmp_path)
    run_loop(context, BY_PEOPLE)
    control = waiting(context, "control")
    first = card_on_wire(build_cards(context, control)[0], {})
    until_audits(context)
    audits = waiting(context, "audit")
    assert len(audits) == 20
    assert all(t.blind for t in audits)
    assert {t.priority for t in audits} == {t.priority for t in control}
    for card in build_cards(context, audits):
        shown = card_on_wire(card, {})
        assert shown.keys() == first.keys()
        own = ("record", "id", "text", "chars")
        assert [v for k, v in shown.items() if k not in own] == [
            v for k, v in first.items() if k not in own
        ]


def test_people_earn_a_certificate_that_is_not_simulated(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    until_certified(context)
    report = project_status(context)
    (told,) = report.certificates
    assert told.in_force
    assert not told.simulated
    assert report.labelled.autonomous == told.labels > 100
    assert report.labelled.simulated == 0
    out = context.pool_state().released
    gold = context.store.gold.get(sorted(out))
    assert all(d.labels == gold[i] for i, d in out.items())
    assert {d.policy_version for d in out.values()} == {told.version}
    assert verify_project(context) == []


@pytest.mark.parametrize(("off", "problems"), [(1e-14, 0), (1e-6, 1)])
def test_another_processors_last_bits_are_no_tampering(
    tmp_path: Path, off: float, problems: int
) -> None:
    context = promise_bench(tmp_path)
    until_certified(context)
    store: Any = context.store
    kept = store._memory.state.certificates
    key = max(kept)
    first, *others = kept[key].rungs
    moved = replace(first, log_e=(float.fromhex(first.log_e) * (1 + off)).hex())
    assert moved != first
    kept[key] = replace(kept[key], rungs=(moved, *others))
    assert len(verify_project(context)) == problems


def test_while_audits_wait_each_counts_as_wrong_and_nothing_goes_out(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    until_audits(context)
    (view,) = file_tracks(context, context.pool_state())
    assert view.standing[0].pending == view.standing[0].wrong == 20
    assert context.pool_state().released == {}
    run_loop(context, BY_PEOPLE)  # nobody answered: nothing new is drawn
    assert len(context.store.promises.drawn(1)) == 20


def test_audits_are_the_first_of_the_coins_and_drawn_once(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    drawn = set(until_audits(context))
    (view,) = file_tracks(context, context.pool_state())
    inner = view.ladder.rungs[0].threshold
    order = [m.record_id for m in view.members.items if m.score >= inner]
    assert drawn == set(order[:20])
    answer(context, waiting(context, "audit")[:7])
    run_loop(context, BY_PEOPLE)
    assert context.store.promises.drawn(1) == set(order[:27])


def test_a_label_that_lies_is_found_and_stands_as_the_persons(tmp_path: Path) -> None:
    context = promise_bench(tmp_path, two_kinds(wrong=0.08))
    until_certified(context)
    (view,) = file_tracks(context, context.pool_state())
    wrong = [e for e in view.evidence if e.answer == AuditAnswer.WRONG]
    assert wrong  # 8 % of some 40
    decisions = context.store.decisions.latest([e.record_id for e in wrong])
    gold = context.store.gold.get([e.record_id for e in wrong])
    assert {i: (d.by, d.labels) for i, d in decisions.items()} == {
        i: ("human", value) for i, value in gold.items()
    }


def test_hopeless_candidates_are_never_certified(tmp_path: Path) -> None:
    context = promise_bench(tmp_path, two_kinds(wrong=0.4), audits=100)
    done = run_loop(context, SIMULATED)
    report = project_status(context)
    assert done.stopped == "done"
    assert report.labelled.autonomous == 0
    assert report.labelled.simulated == 400  # people got everything
    assert all(not c.in_force and c.why for c in report.certificates)


def test_a_certificate_is_a_state_and_its_labels_come_back(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    until_certified(context)
    out = set(context.pool_state().released)
    (view,) = file_tracks(context, context.pool_state())
    right = [e.record_id for e in view.evidence if e.answer == AuditAnswer.RIGHT]
    other = {"refund": "login", "login": "refund"}
    for record_id in right[:30]:  # the one who answered takes it back, and says the other label
        said = context.store.annotations.standing([record_id])[record_id]
        back = Annotation(record_id=record_id, who="ann", source="person", outcome="undo")
        again = replace(said, labels=(other[said.labels[0]],), key=None)  # type: ignore[index]
        write_annotations(context.store, context.schema, [back])
        write_annotations(context.store, context.schema, [again])
    settled = settle_promises(context)
    assert settled.back == len(out)
    assert context.pool_state().released == {}
    assert not any(c.in_force for c in project_status(context).certificates)
    states = context.store.promises.certificates()
    assert [c.labels > 0 for c in states][-2:] == [True, False]  # both stand in the log
    assert verify_project(context) == []
    left = context.pool_state().unlabelled
    assert out <= set(left.tolist())  # they are people's again


def test_a_look_that_was_not_blind_is_no_evidence_and_takes_room(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    drawn = until_audits(context)
    answer(context, waiting(context, "audit")[:1], shown="evidence")
    (view,) = file_tracks(context, context.pool_state())
    assert view.standing[0].pending == 20
    undrawn = [m.record_id for m in view.members.items if m.record_id not in drawn]
    seen = view.standing[0].seen
    inner = next(i for i in undrawn if _score(context, i) >= view.ladder.rungs[0].threshold)
    answer(context, [replace(waiting(context, "audit")[0], record_id=inner, blind=False)])
    (after,) = file_tracks(context, context.pool_state())
    assert after.standing[0].seen == seen + 1
    assert after.standing[0].audited == 20


def _score(context: ProjectContext, record_id: int) -> float:
    return next(c.score for c in context.store.promises.candidates(1) if c.record_id == record_id)


def test_a_person_always_wins(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    until_certified(context)
    record_id = min(context.pool_state().released)
    mine = Annotation(
        record_id=record_id, who="bob", source="person", outcome="label", labels=("login",)
    )
    write_annotations(context.store, context.schema, [mine])
    settle_promises(context)
    run_loop(context, BY_PEOPLE)
    now = context.store.decisions.latest([record_id])[record_id]
    assert (now.by, now.labels) == ("human", ("login",))
    machine = Decision(record_id=record_id, by="autonomous", labels=("refund",))
    assert context.store.decisions.append([machine]) == []


def test_a_tier_that_is_never_left_alone_has_no_candidate(tmp_path: Path) -> None:
    rows, grave = two_kinds(600), {"login": "grave"}
    context = promise_bench(tmp_path, rows, tiers=grave, by_tier={"grave": 0}, audits=120)
    run_loop(context, SIMULATED)
    assert {d.labels for d in context.pool_state().released.values()} == {("refund",)}
    assert {c.labels for c in context.store.promises.candidates(1)} == {("refund",)}


def test_held_records_are_out_of_the_queue_while_audits_wait(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    until_audits(context)
    candidates = {c.record_id for c in context.store.promises.candidates(1)}
    assert candidates <= withheld_records(context, context.store.queue.tasks())
    assert not any(t.record_id in candidates for t in waiting(context) if t.reason != "audit")


def test_another_schema_ends_every_certificate(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    until_certified(context)
    assert context.pool_state().released
    context.store.notes.put_schema(replace(context.schema, guidelines="look twice"))
    settle_promises(context)
    assert context.pool_state().released == {}
    assert not any(c.in_force for c in project_status(context).certificates)


def test_an_earlier_promise_goes_on_without_being_asked_again(tmp_path: Path) -> None:
    context = promise_bench(tmp_path)
    until_audits(context)
    quiet = context.settings.promise.model_copy(update={"max_error": None})
    context.settings = context.settings.model_copy(update={"promise": quiet})
    made = current_terms(context)
    assert made is not None
    assert (made.max_error, made.confidence, made.kind) == (0.1, 0.95, "label")
    assert not made.further  # kept up, but the agent is not asked about everything again


def ask(context: ProjectContext, **asked: Any) -> None:
    """Terms as a run that asks for them keeps them."""
    terms = current_terms(context, **asked)
    assert terms is not None
    keep_terms(context, terms)


def test_what_a_call_for_people_asked_is_what_the_desk_goes_on_with(tmp_path: Path) -> None:
    context = promise_bench(tmp_path, max_error=None)
    assert current_terms(context) is None
    ask(context, max_error=0.02, reviewer="labels")  # a simulation leaves no trace
    assert current_terms(context) is None
    ask(context, max_error=0.02, confidence=0.9, kind="dataset")
    ask(context, max_error=0.02, confidence=0.9, kind="dataset")
    kept = current_terms(context)
    assert kept is not None
    assert (kept.max_error, kept.confidence, kept.kind, kept.further) == (
        0.02,
        0.9,
        "dataset",
        True,
    )
    assert (terms := context.store.monitoring.last_terms()) is not None
    assert terms.id == 1  # the second call asked the same
    ask(context, max_error=0.05)
    now = current_terms(context)
    assert now is not None
    assert (now.max_error, now.confidence, now.kind) == (0.05, 0.95, "label")


@pytest.mark.parametrize("bad", [{"max_error": 1.5}, {"confidence": 0.2}])
def test_a_promise_that_makes_no_sense_is_refused(tmp_path: Path, bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        current_terms(promise_bench(tmp_path), **bad)  # type: ignore[arg-type]


def test_the_labels_asked_for_run_out_before_the_promise_holds(tmp_path: Path) -> None:
    context = promise_bench(tmp_path, two_kinds(600))
    done = run_loop(context, replace(SIMULATED, max_labels=50))
    assert done.stopped == "short"
    assert context.pool_state().released == {}
    assert project_status(context).labelled.simulated == 50


def test_people_do_not_audit_what_was_frozen_in_a_simulation(tmp_path: Path) -> None:
    context = promise_bench(tmp_path, two_kinds(600))
    run_loop(context, replace(SIMULATED, max_labels=60))
    drawn = context.store.promises.drawn(1)
    assert context.store.promises.policies()[0].simulated
    assert run_loop(context, BY_PEOPLE).stopped == "review"
    assert waiting(context, "audit") == []
    assert context.store.promises.drawn(1) == drawn
