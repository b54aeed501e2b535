"""Which tasks measure people, what a dispute leads to, and what counts as what afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated_people import ADA, BOB, CAY, ask, crowd_bench, reasons, say
from stores import candidate, policy, route

from tiebreak.assurance.people.shared import is_picked
from tiebreak.domain.reviews import Annotation
from tiebreak.workflow import routing
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.lots import by_lot, hidden
from tiebreak.workflow.people import annotate
from tiebreak.workflow.people_checks import MOST_CHECKS, open_checks, picked_audits, shared
from tiebreak.workflow.people_log import read_log

DAY = 86_400.0
NOTHING = {"gold": 0.0, "repeat": 0.0, "second": 0.0, "adjudicate": 0.0}


def only(**shares: float) -> dict[str, dict[str, float]]:
    return {"people": {**NOTHING, **shares}}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return crowd_bench(tmp_path, 60, **only(second=1.0, repeat=1.0))


def test_nothing_is_due_without_answers_or_shares(tmp_path: Path) -> None:
    bench = crowd_bench(tmp_path, 10)
    assert set(open_checks(bench).values()) == {0}
    none = crowd_bench(tmp_path, 10, **only())
    say(none, ADA, dict.fromkeys(range(1, 11), "bug"))
    say(none, BOB, {1: "bug"})
    none.clock.advance(2 * DAY)  # type: ignore[attr-defined]
    assert set(open_checks(none).values()) == {0}


def test_second_answers_are_for_records_of_one_person_in_a_project_of_several(bench: Bench) -> None:
    say(bench, ADA, dict.fromkeys(range(1, 11), "bug"))
    assert open_checks(bench)["second"] == 0  # there is nobody else
    say(bench, BOB, {1: "bug", 20: "praise"})
    opened = open_checks(bench)
    assert opened == {"adjudicate": 0, "second": 10, "repeat": 0, "gold": 0}
    assert reasons(bench) == dict.fromkeys([*range(2, 11), 20], "second")
    assert all(task.blind for task in bench.store.queue.tasks())
    assert set(open_checks(bench).values()) == {0}  # they wait


def test_the_lot_takes_its_share_and_no_more_than_so_many_at_once(tmp_path: Path) -> None:
    bench = crowd_bench(tmp_path, 400, **only(second=0.2))
    say(bench, ADA, dict.fromkeys(range(1, 401), "bug"))
    say(bench, BOB, {400: "bug"})
    expected = {i for i in range(1, 400) if by_lot(bench, i, "second", 0.2)}
    assert 55 < len(expected) < 105
    assert open_checks(bench, most=30)["second"] == 30
    assert set(reasons(bench)) < expected


def test_repeats_come_a_day_later_and_once(bench: Bench) -> None:
    say(bench, ADA, {1: "bug", 2: "praise"})
    assert open_checks(bench)["repeat"] == 0
    bench.clock.advance(DAY)  # type: ignore[attr-defined]
    assert open_checks(bench)["repeat"] == 2
    say(bench, ADA, {1: "bug", 2: "question"})
    assert sorted(read_log(bench).repeats()) == [(ADA, False), (ADA, True)]
    bench.clock.advance(DAY)  # type: ignore[attr-defined]
    assert open_checks(bench)["repeat"] == 0


def test_an_answer_within_the_day_or_with_evidence_is_no_repeat(bench: Bench) -> None:
    say(bench, ADA, {1: "bug", 2: "bug"})
    say(bench, ADA, {1: "bug"})
    bench.clock.advance(DAY)  # type: ignore[attr-defined]
    say(bench, ADA, {2: "bug"}, shown="evidence")
    assert list(read_log(bench).repeats()) == []


def test_a_record_is_checked_so_often_and_then_left_alone(bench: Bench) -> None:
    say(bench, ADA, {1: "bug"})
    say(bench, BOB, {2: "bug"})
    for _ in range(MOST_CHECKS):
        assert open_checks(bench)["second"] == 2
        say(bench, ADA, {1: "bug"})  # the same person got the task again
        say(bench, BOB, {2: "bug"})
    assert open_checks(bench)["second"] == 0


def test_gold_is_what_others_agree_on(tmp_path: Path) -> None:
    bench = crowd_bench(tmp_path, 60, **only(gold=0.2))
    say(bench, CAY, {50: "bug"})
    for who in (ADA, BOB):
        say(bench, who, dict.fromkeys(range(1, 21), "bug"))
    say(bench, ADA, {21: "bug"})
    say(bench, BOB, {21: "praise"})  # they differ
    assert open_checks(bench)["gold"] == int(0.2 * 43)
    asked = reasons(bench)
    assert set(asked) <= set(range(1, 21))
    say(bench, CAY, dict.fromkeys(asked, "praise"))
    log = read_log(bench)
    assert [log.truth_for(i, CAY) for i in asked] == [("bug",)] * len(asked)
    assert log.truth_for(next(iter(asked)), ADA) is None  # the others differ now
    assert log.truth_for(21, CAY) is None


def test_a_second_answer_that_differs_asks_for_a_third_and_never_silently(bench: Bench) -> None:
    say(bench, ADA, {1: "bug", 2: "bug"})
    ask(bench, [1, 2], "second")
    say(bench, BOB, {1: "praise", 2: "bug"})
    assert reasons(bench) == {1: "relabel"}
    assert bench.store.queue.tasks()[0].blind
    say(bench, CAY, {1: "praise"})
    assert reasons(bench) == {}
    assert bench.labelled()[1] == ("human", ("praise",))
    # the third look was no draw by lot: agreement is measured without it
    assert read_log(bench).blind(1) == {ADA: ("bug",), BOB: ("praise",)}


def test_a_correction_that_nobody_asked_for_as_a_check_is_just_one(bench: Bench) -> None:
    say(bench, ADA, {1: "bug"})
    say(bench, BOB, {1: "praise"})
    assert reasons(bench) == {}
    ask(bench, [2], "second")
    say(bench, ADA, {2: "bug"})  # the first answer of all, on a card that was a check
    assert reasons(bench) == {}


def test_a_check_of_none_of_these_is_disputed_too(bench: Bench) -> None:
    say(bench, ADA, {1: ""})
    ask(bench, [1], "repeat")
    say(bench, ADA, {1: "bug"})
    assert reasons(bench) == {1: "relabel"}


def test_what_was_taken_back_counts_for_nothing(bench: Bench) -> None:
    say(bench, ADA, {1: "bug"})
    say(bench, BOB, {1: "praise"})
    undo = Annotation(record_id=1, who=BOB, source="person", outcome="undo")
    annotate(bench.store, bench.schema, [undo])
    assert read_log(bench).blind(1) == {ADA: ("bug",)}


def test_ties_are_hidden_by_the_same_lot_as_chosen_records(tmp_path: Path) -> None:
    bench = crowd_bench(tmp_path, 60, review={"blind_share": 0.3})
    routing._queue(bench, [route(i) for i in range(1, 61)])
    blind = {task.record_id: task.blind for task in bench.store.queue.tasks()}
    assert blind == {i: hidden(bench, i) for i in range(1, 61)}
    assert 6 < sum(blind.values()) < 32
    for share, none in ((0.0, False), (1.0, True)):
        other = crowd_bench(tmp_path, 5, review={"blind_share": share})
        assert {hidden(other, i) for i in range(1, 6)} == {none}


def audited(bench: Bench, ids: range, label: str = "bug") -> dict[int, bool]:
    """A policy that would label these records "bug", all of them audited by Ada, who says *label*;
    which ones the adjudication coin picks."""
    card = policy(1)
    bench.store.promises.freeze(card, [candidate(i, labels=("bug",)) for i in ids])
    bench.store.promises.draw(1, list(ids))
    say(bench, ADA, dict.fromkeys(ids, label))
    return {i: is_picked(bytes.fromhex(card.secret), i, card.version) for i in ids}


def test_a_fifth_of_the_audits_is_adjudicated_by_somebody_else(tmp_path: Path) -> None:
    bench = crowd_bench(tmp_path, 101, **only(adjudicate=0.2))
    assert shared(bench) is None
    picked = [i for i, chosen in audited(bench, range(1, 101)).items() if chosen]
    assert 8 < len(picked) < 35
    assert open_checks(bench)["adjudicate"] == 0  # there is nobody else
    say(bench, BOB, {101: "bug"})
    assert shared(bench) is None  # nothing is measured, which is not "100 %"
    assert open_checks(bench)["adjudicate"] == len(picked)
    assert set(reasons(bench)) == set(picked)
    say(bench, BOB, {picked[0]: "praise"})
    told = shared(bench)
    assert told is not None
    assert (told.wrong, told.pending, told.upper) == (1, len(picked) - 1, 1.0)
    say(bench, BOB, dict.fromkeys(picked[1:], "bug"))
    told = shared(bench)
    assert told is not None
    assert (told.picked, told.wrong, told.pending) == (len(picked), 1, 0)
    assert told.upper < 1


def test_audits_that_disagree_are_picked_but_are_no_shared_errors(tmp_path: Path) -> None:
    bench = crowd_bench(tmp_path, 100, **only(adjudicate=0.2))
    picked = [i for i, chosen in audited(bench, range(1, 101), "question").items() if chosen]
    say(bench, BOB, dict.fromkeys(picked, "praise"))
    told = shared(bench)
    assert told is not None
    assert (told.picked, told.wrong, told.pending) == (len(picked), 0, 0)
    assert {audit.agreed for audit in picked_audits(bench, read_log(bench))} == {False}


def test_an_own_second_answer_adjudicates_nothing(tmp_path: Path) -> None:
    bench = crowd_bench(tmp_path, 60, **only(adjudicate=0.5))
    audited(bench, range(1, 61))
    say(bench, ADA, dict.fromkeys(range(1, 61), "bug"))
    assert len(picked_audits(bench, read_log(bench))) > 15
    assert shared(bench) is None
