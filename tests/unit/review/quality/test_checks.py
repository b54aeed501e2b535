"""Which tasks measure people, what a dispute leads to, and what counts as what afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated_people import ADA, BOB, CAY, ask, crowd_bench, reasons, say
from stores import candidate, policy, route

from tiebreak.annotators.shared_errors import is_picked
from tiebreak.domain.reviews import Annotation
from tiebreak.loop import routing
from tiebreak.project.context import ProjectContext
from tiebreak.project.sampling import is_blind_sample, is_sampled
from tiebreak.review.annotate import write_annotations
from tiebreak.review.quality.checks import (
    MAX_CHECKS,
    open_checks,
    sampled_audits,
    shared_error_bound,
)
from tiebreak.review.quality.log import read_log
from tiebreak.review.quality.results import OpenedChecks

DAY = 86_400.0
NONE_OPENED = OpenedChecks(adjudicate=0, second=0, repeat=0, gold=0)
NOTHING = {"gold": 0.0, "repeat": 0.0, "second": 0.0, "adjudicate": 0.0}


def only(**shares: float) -> dict[str, dict[str, float]]:
    return {"people": {**NOTHING, **shares}}


@pytest.fixture
def context(tmp_path: Path) -> ProjectContext:
    return crowd_bench(tmp_path, 60, **only(second=1.0, repeat=1.0))


def test_nothing_is_due_without_answers_or_shares(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 10)
    assert open_checks(context) == NONE_OPENED
    none = crowd_bench(tmp_path, 10, **only())
    say(none, ADA, dict.fromkeys(range(1, 11), "bug"))
    say(none, BOB, {1: "bug"})
    none.clock.advance(2 * DAY)  # type: ignore[attr-defined]
    assert open_checks(none) == NONE_OPENED


def test_second_answers_are_for_records_of_one_person_in_a_project_of_several(
    context: ProjectContext,
) -> None:
    say(context, ADA, dict.fromkeys(range(1, 11), "bug"))
    assert open_checks(context).second == 0  # there is nobody else
    say(context, BOB, {1: "bug", 20: "praise"})
    opened = open_checks(context)
    assert opened == OpenedChecks(adjudicate=0, second=10, repeat=0, gold=0)
    assert reasons(context) == dict.fromkeys([*range(2, 11), 20], "second")
    assert all(task.blind for task in context.store.queue.tasks())
    assert open_checks(context) == NONE_OPENED  # they wait


def test_the_lot_takes_its_share_and_no_more_than_so_many_at_once(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 400, **only(second=0.2))
    say(context, ADA, dict.fromkeys(range(1, 401), "bug"))
    say(context, BOB, {400: "bug"})
    expected = {i for i in range(1, 400) if is_sampled(context, i, "second", 0.2)}
    assert 55 < len(expected) < 105
    assert open_checks(context, most=30).second == 30
    assert set(reasons(context)) < expected


def test_repeats_come_a_day_later_and_once(context: ProjectContext) -> None:
    say(context, ADA, {1: "bug", 2: "praise"})
    assert open_checks(context).repeat == 0
    context.clock.advance(DAY)  # type: ignore[attr-defined]
    assert open_checks(context).repeat == 2
    say(context, ADA, {1: "bug", 2: "question"})
    assert sorted(read_log(context).repeats()) == [(ADA, False), (ADA, True)]
    context.clock.advance(DAY)  # type: ignore[attr-defined]
    assert open_checks(context).repeat == 0


def test_an_answer_within_the_day_or_with_evidence_is_no_repeat(context: ProjectContext) -> None:
    say(context, ADA, {1: "bug", 2: "bug"})
    say(context, ADA, {1: "bug"})
    context.clock.advance(DAY)  # type: ignore[attr-defined]
    say(context, ADA, {2: "bug"}, shown="evidence")
    assert list(read_log(context).repeats()) == []


def test_a_record_is_checked_so_often_and_then_left_alone(context: ProjectContext) -> None:
    say(context, ADA, {1: "bug"})
    say(context, BOB, {2: "bug"})
    for _ in range(MAX_CHECKS):
        assert open_checks(context).second == 2
        say(context, ADA, {1: "bug"})  # the same person got the task again
        say(context, BOB, {2: "bug"})
    assert open_checks(context).second == 0


def test_gold_is_what_others_agree_on(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 60, **only(gold=0.2))
    say(context, CAY, {50: "bug"})
    for who in (ADA, BOB):
        say(context, who, dict.fromkeys(range(1, 21), "bug"))
    say(context, ADA, {21: "bug"})
    say(context, BOB, {21: "praise"})  # they differ
    assert open_checks(context).gold == int(0.2 * 43)
    asked = reasons(context)
    assert set(asked) <= set(range(1, 21))
    say(context, CAY, dict.fromkeys(asked, "praise"))
    log = read_log(context)
    assert [log.truth_for(i, CAY) for i in asked] == [("bug",)] * len(asked)
    assert log.truth_for(next(iter(asked)), ADA) is None  # the others differ now
    assert log.truth_for(21, CAY) is None


def test_a_second_answer_that_differs_asks_for_a_third_and_never_silently(
    context: ProjectContext,
) -> None:
    say(context, ADA, {1: "bug", 2: "bug"})
    ask(context, [1, 2], "second")
    say(context, BOB, {1: "praise", 2: "bug"})
    assert reasons(context) == {1: "relabel"}
    assert context.store.queue.tasks()[0].blind
    say(context, CAY, {1: "praise"})
    assert reasons(context) == {}
    assert context.pool_state().labelled[1] == ("human", ("praise",))
    # the third look was no draw by lot: agreement is measured without it
    assert read_log(context).blind(1) == {ADA: ("bug",), BOB: ("praise",)}


def test_a_correction_that_nobody_asked_for_as_a_check_is_just_one(context: ProjectContext) -> None:
    say(context, ADA, {1: "bug"})
    say(context, BOB, {1: "praise"})
    assert reasons(context) == {}
    ask(context, [2], "second")
    say(context, ADA, {2: "bug"})  # the first answer of all, on a card that was a check
    assert reasons(context) == {}


def test_a_check_of_none_of_these_is_disputed_too(context: ProjectContext) -> None:
    say(context, ADA, {1: ""})
    ask(context, [1], "repeat")
    say(context, ADA, {1: "bug"})
    assert reasons(context) == {1: "relabel"}


def test_what_was_taken_back_counts_for_nothing(context: ProjectContext) -> None:
    say(context, ADA, {1: "bug"})
    say(context, BOB, {1: "praise"})
    undo = Annotation(record_id=1, who=BOB, source="person", outcome="undo")
    write_annotations(context.store, context.schema, [undo])
    assert read_log(context).blind(1) == {ADA: ("bug",)}


def test_ties_are_hidden_by_the_same_lot_as_chosen_records(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 60, review={"blind_share": 0.3})
    routing._queue(context, [route(i) for i in range(1, 61)])
    blind = {task.record_id: task.blind for task in context.store.queue.tasks()}
    assert blind == {i: is_blind_sample(context, i) for i in range(1, 61)}
    assert 6 < sum(blind.values()) < 32
    for share, none in ((0.0, False), (1.0, True)):
        other = crowd_bench(tmp_path, 5, review={"blind_share": share})
        assert {is_blind_sample(other, i) for i in range(1, 6)} == {none}


def audited(context: ProjectContext, ids: range, label: str = "bug") -> dict[int, bool]:
    """A policy that would label these records "bug", all of them audited by Ada, who says *label*;
    which ones the adjudication coin picks."""
    card = policy(1)
    context.store.promises.freeze(card, [candidate(i, labels=("bug",)) for i in ids])
    context.store.promises.draw(1, list(ids))
    say(context, ADA, dict.fromkeys(ids, label))
    return {i: is_picked(bytes.fromhex(card.secret), i, card.version) for i in ids}


def test_a_fifth_of_the_audits_is_adjudicated_by_somebody_else(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 101, **only(adjudicate=0.2))
    assert shared_error_bound(context) is None
    picked = [i for i, chosen in audited(context, range(1, 101)).items() if chosen]
    assert 8 < len(picked) < 35
    assert open_checks(context).adjudicate == 0  # there is nobody else
    say(context, BOB, {101: "bug"})
    assert shared_error_bound(context) is None  # nothing is measured, which is not "100 %"
    assert open_checks(context).adjudicate == len(picked)
    assert set(reasons(context)) == set(picked)
    say(context, BOB, {picked[0]: "praise"})
    told = shared_error_bound(context)
    assert told is not None
    assert (told.wrong, told.pending, told.upper) == (1, len(picked) - 1, 1.0)
    say(context, BOB, dict.fromkeys(picked[1:], "bug"))
    told = shared_error_bound(context)
    assert told is not None
    assert (told.picked, told.wrong, told.pending) == (len(picked), 1, 0)
    assert told.upper < 1


def test_audits_that_disagree_are_picked_but_are_no_shared_errors(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 100, **only(adjudicate=0.2))
    picked = [i for i, chosen in audited(context, range(1, 101), "question").items() if chosen]
    say(context, BOB, dict.fromkeys(picked, "praise"))
    told = shared_error_bound(context)
    assert told is not None
    assert (told.picked, told.wrong, told.pending) == (len(picked), 0, 0)
    assert {audit.agreed for audit in sampled_audits(context, read_log(context))} == {False}


def test_an_own_second_answer_adjudicates_nothing(tmp_path: Path) -> None:
    context = crowd_bench(tmp_path, 60, **only(adjudicate=0.5))
    audited(context, range(1, 61))
    say(context, ADA, dict.fromkeys(range(1, 61), "bug"))
    assert len(sampled_audits(context, read_log(context))) > 15
    assert shared_error_bound(context) is None
