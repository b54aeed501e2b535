"""A promise on the in-memory store: learnt, frozen, audited, certified, settled, taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from promise_projects import answer, promise_bench, two_kinds, waiting

from tiebreak.assurance.ladder import Answer
from tiebreak.domain.decisions import Decision
from tiebreak.domain.reviews import Annotation
from tiebreak.errors import ConfigError
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.loop import run
from tiebreak.workflow.people import annotate
from tiebreak.workflow.promise.asked import asked
from tiebreak.workflow.promise.evidence import views
from tiebreak.workflow.promise.held import autonomous, held
from tiebreak.workflow.promise.settle import settle
from tiebreak.workflow.running import RunOptions
from tiebreak.workflow.select import unlabelled
from tiebreak.workflow.status import status
from tiebreak.workflow.verify import project_hash, verify

SIMULATED = RunOptions(batch=16, reviewer="labels")
BY_PEOPLE = RunOptions(batch=16)


@pytest.fixture(autouse=True)
def coins_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known coins: people's audits must find a wrong label here in every run, or in none."""
    known = "tiebreak.workflow.promise.freeze.secrets.token_bytes"
    monkeypatch.setattr(known, lambda n: b"\x03" * n)


def until_audits(bench: Bench) -> list[int]:
    """People answer batches until the first audits wait; which records those are."""
    for _ in range(20):
        done = run(bench, BY_PEOPLE)
        assert done.stopped == "review", done.message
        audits = waiting(bench, "audit")
        if audits:
            return [t.record_id for t in audits]
        answer(bench, waiting(bench))
    raise AssertionError("no audit came")


def until_certified(bench: Bench) -> None:
    until_audits(bench)
    for _ in range(20):
        answer(bench, waiting(bench, "audit"))
        run(bench, BY_PEOPLE)
        if not waiting(bench, "audit"):
            return
    raise AssertionError("audits without an end")


def test_a_simulation_ends_with_every_record_answered_or_certified(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    done = run(bench, SIMULATED)
    report = status(bench)
    assert done.stopped == "done"
    by = report["labelled"]
    assert by["human"] == by["unproved"] == 0
    assert by["autonomous"] > 100
    assert by["simulated"] + by["autonomous"] == 400
    (told,) = [c for c in report["certificates"] if c["labels"]]
    assert told["in_force"]
    assert told["simulated"]
    assert told["sentence"].startswith("SIMULATED")
    assert told["labels"] == by["autonomous"]
    assert verify(bench) == []


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    run(bench, SIMULATED)
    before = project_hash(bench), bench.store.promises.certificates(), bench.store.decisions.count()
    run(bench, SIMULATED)
    after = project_hash(bench), bench.store.promises.certificates(), bench.store.decisions.count()
    assert after == before


def test_a_simulation_comes_out_the_same_twice(tmp_path: Path) -> None:
    hashes = set()
    for name in ("a", "b"):
        bench = promise_bench(tmp_path / name, two_kinds(300, wrong=0.05))
        run(bench, SIMULATED)
        hashes.add(project_hash(bench))
    assert len(hashes) == 1


def test_people_get_audits_that_nothing_tells_from_other_blind_cards(tmp_path: Path) -> None:
    from tiebreak.ui.wire import card_on_wire
    from tiebreak.workflow.cards import cards

    bench = promise_bench(tmp_path)
    run(bench, BY_PEOPLE)
    control = waiting(bench, "control")
    first = card_on_wire(cards(bench, control)[0], {})
    until_audits(bench)
    audits = waiting(bench, "audit")
    assert len(audits) == 20
    assert all(t.blind for t in audits)
    assert {t.priority for t in audits} == {t.priority for t in control}
    for card in cards(bench, audits):
        shown = card_on_wire(card, {})
        assert shown.keys() == first.keys()
        own = ("record", "id", "text", "chars")
        assert [v for k, v in shown.items() if k not in own] == [
            v for k, v in first.items() if k not in own
        ]


def test_people_earn_a_certificate_that_is_not_simulated(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    until_certified(bench)
    report = status(bench)
    (told,) = report["certificates"]
    assert told["in_force"]
    assert not told["simulated"]
    assert report["labelled"]["autonomous"] == told["labels"] > 100
    assert report["labelled"]["simulated"] == 0
    out = autonomous(bench)
    gold = bench.store.gold.get(sorted(out))
    assert all(d.labels == gold[i] for i, d in out.items())
    assert {d.policy_version for d in out.values()} == {told["version"]}
    assert verify(bench) == []


def test_while_audits_wait_each_counts_as_wrong_and_nothing_goes_out(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    until_audits(bench)
    (view,) = views(bench, bench.store.promises.policies()[0])
    assert view.standing[0].pending == view.standing[0].wrong == 20
    assert autonomous(bench) == {}
    run(bench, BY_PEOPLE)  # nobody answered: nothing new is drawn
    assert len(bench.store.promises.drawn(1)) == 20


def test_audits_are_the_first_of_the_coins_and_drawn_once(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    drawn = set(until_audits(bench))
    (view,) = views(bench, bench.store.promises.policies()[0])
    inner = view.ladder.rungs[0].threshold
    order = [m.record_id for m in view.members if m.score >= inner]
    assert drawn == set(order[:20])
    answer(bench, waiting(bench, "audit")[:7])
    run(bench, BY_PEOPLE)
    assert bench.store.promises.drawn(1) == set(order[:27])


def test_a_label_that_lies_is_found_and_stands_as_the_persons(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path, two_kinds(wrong=0.08))
    until_certified(bench)
    (view,) = views(bench, bench.store.promises.policies()[0])
    wrong = [e for e in view.evidence if e.answer == Answer.WRONG]
    assert wrong  # 8 % of some 40
    decisions = bench.store.decisions.latest([e.record_id for e in wrong])
    gold = bench.store.gold.get([e.record_id for e in wrong])
    assert {i: (d.by, d.labels) for i, d in decisions.items()} == {
        i: ("human", value) for i, value in gold.items()
    }


def test_hopeless_candidates_are_never_certified(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path, two_kinds(wrong=0.4), audits=100)
    done = run(bench, SIMULATED)
    report = status(bench)
    assert done.stopped == "done"
    assert report["labelled"]["autonomous"] == 0
    assert report["labelled"]["simulated"] == 400  # people got everything
    assert all(not c["in_force"] and c["why"] for c in report["certificates"])


def test_a_certificate_is_a_state_and_its_labels_come_back(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    until_certified(bench)
    out = set(autonomous(bench))
    (view,) = views(bench, bench.store.promises.policies()[0])
    right = [e.record_id for e in view.evidence if e.answer == Answer.RIGHT]
    other = {"refund": "login", "login": "refund"}
    for record_id in right[:30]:  # the one who answered takes it back, and says the other label
        said = bench.store.annotations.standing([record_id])[record_id]
        back = Annotation(record_id=record_id, who="ann", source="person", outcome="undo")
        again = replace(said, labels=(other[said.labels[0]],), key=None)  # type: ignore[index]
        annotate(bench.store, bench.schema, [back])
        annotate(bench.store, bench.schema, [again])
    settled = settle(bench)
    assert settled.back == len(out)
    assert autonomous(bench) == {}
    assert not any(c["in_force"] for c in status(bench)["certificates"])
    states = bench.store.promises.certificates()
    assert [c.labels > 0 for c in states][-2:] == [True, False]  # both stand in the log
    assert verify(bench) == []
    left = unlabelled(bench)
    assert out <= set(left.tolist())  # they are people's again


def test_a_look_that_was_not_blind_is_no_evidence_and_takes_room(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    drawn = until_audits(bench)
    answer(bench, waiting(bench, "audit")[:1], shown="evidence")
    (view,) = views(bench, bench.store.promises.policies()[0])
    assert view.standing[0].pending == 20
    undrawn = [m.record_id for m in view.members if m.record_id not in drawn]
    seen = view.standing[0].seen
    inner = next(i for i in undrawn if _score(bench, i) >= view.ladder.rungs[0].threshold)
    answer(bench, [replace(waiting(bench, "audit")[0], record_id=inner, blind=False)])
    (after,) = views(bench, bench.store.promises.policies()[0])
    assert after.standing[0].seen == seen + 1
    assert after.standing[0].audited == 20


def _score(bench: Bench, record_id: int) -> float:
    return next(c.score for c in bench.store.promises.candidates(1) if c.record_id == record_id)


def test_a_person_always_wins(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    until_certified(bench)
    record_id = min(autonomous(bench))
    mine = Annotation(
        record_id=record_id, who="bob", source="person", outcome="label", labels=("login",)
    )
    annotate(bench.store, bench.schema, [mine])
    settle(bench)
    run(bench, BY_PEOPLE)
    now = bench.store.decisions.latest([record_id])[record_id]
    assert (now.by, now.labels) == ("human", ("login",))
    machine = Decision(record_id=record_id, by="autonomous", labels=("refund",))
    assert bench.store.decisions.append([machine]) == []


def test_a_tier_that_is_never_left_alone_has_no_candidate(tmp_path: Path) -> None:
    rows, grave = two_kinds(600), {"login": "grave"}
    bench = promise_bench(tmp_path, rows, tiers=grave, by_tier={"grave": 0}, audits=120)
    run(bench, SIMULATED)
    assert {d.labels for d in autonomous(bench).values()} == {("refund",)}
    assert {c.labels for c in bench.store.promises.candidates(1)} == {("refund",)}


def test_held_records_are_out_of_the_queue_while_audits_wait(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    until_audits(bench)
    candidates = {c.record_id for c in bench.store.promises.candidates(1)}
    assert candidates <= held(bench)
    assert not any(t.record_id in candidates for t in waiting(bench) if t.reason != "audit")


def test_another_schema_ends_every_certificate(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    until_certified(bench)
    assert autonomous(bench)
    bench.store.notes.put_schema(replace(bench.schema, guidelines="look twice"))
    settle(bench)
    assert autonomous(bench) == {}
    assert not any(c["in_force"] for c in status(bench)["certificates"])


def test_an_earlier_promise_goes_on_without_being_asked_again(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path)
    until_audits(bench)
    quiet = bench.settings.promise.model_copy(update={"max_error": None})
    bench.settings = bench.settings.model_copy(update={"promise": quiet})
    made = asked(bench)
    assert made is not None
    assert (made.max_error, made.confidence, made.kind) == (0.1, 0.95, "label")
    assert not made.further  # kept up, but the agent is not asked about everything again


def test_what_a_call_for_people_asked_is_what_the_desk_goes_on_with(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path, max_error=None)
    assert asked(bench) is None
    asked(bench, max_error=0.02, reviewer="labels")  # a simulation leaves no trace
    assert asked(bench) is None
    asked(bench, max_error=0.02, confidence=0.9, kind="dataset")
    asked(bench, max_error=0.02, confidence=0.9, kind="dataset")
    kept = asked(bench)
    assert kept is not None
    assert (kept.max_error, kept.confidence, kept.kind, kept.further) == (
        0.02,
        0.9,
        "dataset",
        True,
    )
    assert len(bench.store.notes.reports()) == 1
    asked(bench, max_error=0.05)
    now = asked(bench)
    assert now is not None
    assert (now.max_error, now.confidence, now.kind) == (0.05, 0.95, "label")


@pytest.mark.parametrize("bad", [{"max_error": 1.5}, {"confidence": 0.2}])
def test_a_promise_that_makes_no_sense_is_refused(tmp_path: Path, bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        asked(promise_bench(tmp_path), **bad)  # type: ignore[arg-type]


def test_the_labels_asked_for_run_out_before_the_promise_holds(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path, two_kinds(600))
    done = run(bench, replace(SIMULATED, max_labels=50))
    assert done.stopped == "short"
    assert autonomous(bench) == {}
    assert status(bench)["labelled"]["simulated"] == 50


def test_people_do_not_audit_what_was_frozen_in_a_simulation(tmp_path: Path) -> None:
    bench = promise_bench(tmp_path, two_kinds(600))
    run(bench, replace(SIMULATED, max_labels=60))
    drawn = bench.store.promises.drawn(1)
    assert bench.store.promises.policies()[0].simulated
    assert run(bench, BY_PEOPLE).stopped == "review"
    assert waiting(bench, "audit") == []
    assert bench.store.promises.drawn(1) == drawn
