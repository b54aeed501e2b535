"""The ladder: frozen rungs, focus, caps, a state that follows the evidence."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from error_streams import finite_pool, fires

from tiebreak.assurance import finite
from tiebreak.assurance.finite import FinitePool
from tiebreak.assurance.ladder import AuditAnswer, next_audits, released, standings, target
from tiebreak.assurance.rungs import (
    Ladder,
    Plan,
    Rung,
    cap_of,
    freeze_ladder,
    least_cap,
    starting_rung,
)
from tiebreak.errors import UsageError

PLAN = Plan(eps=0.05, delta=0.05, audits=600)


def world(seed: int = 0, size: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """(scores, wrong) of candidates in coin order; errors are rarer where the score is high."""
    rng = np.random.default_rng(seed)
    scores = rng.random(size)
    return scores, rng.random(size) < 0.12 * (1 - scores) ** 2


def undrawn(size: int) -> np.ndarray:
    return np.full(size, AuditAnswer.NOT_DRAWN, dtype=np.int8)


def two_rungs(cap: int = 300) -> Ladder:
    inner, outer = finite.per_label(1000, 0.05, cap), finite.per_label(2000, 0.05, 2 * cap)
    return Ladder((Rung(0.5, inner), Rung(0.0, outer)), 0.05)


def audit(ladder: Ladder, scores: np.ndarray, answers: np.ndarray, wrong: np.ndarray, n: int):
    at = next_audits(ladder, scores, answers, n)
    answers[at] = wrong[at]
    return at


def test_rungs_are_frozen_numbers_that_hold_their_shares_and_ties() -> None:
    scores = np.repeat([0.9, 0.8, 0.7, 0.6], [500, 300, 100, 100])
    ladder = freeze_ladder(np.random.default_rng(0).permutation(scores), PLAN)
    assert [(r.threshold, r.pool.size) for r in ladder.rungs] == [
        (0.9, 500), (0.8, 800), (0.7, 900), (0.6, 1000),
    ]  # fmt: skip
    assert ladder == freeze_ladder(scores, PLAN)
    assert all(r.pool == finite.per_label(r.pool.size, 0.05, r.pool.cap) for r in ladder.rungs)
    sizes = (500, 800, 900, 1000)
    assert [r.pool.cap for r in ladder.rungs] == [cap_of(n, sizes, PLAN) for n in sizes]
    few = freeze_ladder(scores, Plan(eps=0.05, delta=0.05, audits=100))
    assert max(r.pool.cap for r in few.rungs) <= 100
    assert freeze_ladder(np.zeros(0), PLAN).rungs == ()
    with pytest.raises(UsageError, match="not a number"):
        freeze_ladder(np.array([0.5, np.nan]), PLAN)


@pytest.mark.parametrize(("audits", "start"), [(200, 3), (400, 3), (599, 2), (900, 0), (5000, 0)])
def test_where_the_sequence_begins(audits: int, start: int) -> None:
    """3 ln(20)/.05 = 179.7 audits: share .45 of 400, .3 of 599, .2 of 900."""
    sizes = [1600, 2400, 3200, 4000, 4800, 5600, 6400, 7200, 8000]
    expected = {599: 2, 900: 0}.get(audits, start)
    assert starting_rung(sizes, Plan(eps=0.05, delta=0.05, audits=audits)) == expected


def test_rungs_that_could_never_be_proven_are_no_start() -> None:
    assert starting_rung([20, 60], PLAN) is None
    assert freeze_ladder(np.linspace(0, 1, 60), PLAN).rungs == ()
    assert starting_rung([60, 1000], PLAN) == 1
    assert starting_rung([1000], Plan(eps=0.05, delta=0.05, audits=50)) is None


def test_a_cap_suffices_for_what_it_is_meant_for() -> None:
    for size in (200, 500, 4000):
        cap = least_cap(size, PLAN, 0.0)
        assert cap is not None
        assert finite.crossing(finite.per_label(size, 0.05, cap), 0, 0.05) is not None
        assert finite.crossing(finite.per_label(size, 0.05, cap - 1), 0, 0.05) is None
        assert cap_of(size, (size, 4000), PLAN) >= cap
    assert least_cap(15, PLAN, 0.0) is None
    strict = Plan(eps=0.05, delta=0.05, audits=600, credit=False)
    assert least_cap(4000, strict, 0.02) == 489  # what a cap takes away is felt:
    assert least_cap(4000, strict, 0.025) is None  # at half of eps no cap is low and high enough
    assert cap_of(4000, (4000,), strict) == 489
    assert cap_of(4000, (4000,), Plan(eps=0.05, delta=0.05, audits=600, cap=0.12)) == 480
    files = Plan(eps=0.05, delta=0.05, audits=600, promise="dataset", file_size=5000)
    assert cap_of(4000, (4000,), files) == 4000
    assert freeze_ladder(np.linspace(0, 1, 4000), files).rungs[-1].pool == FinitePool(
        4000, 251, 4000
    )


def test_focus_audits_each_rung_in_the_order_of_its_own_coins() -> None:
    scores, wrong = world()
    wrong[:] = False
    ladder, answers = freeze_ladder(scores, PLAN), undrawn(3000)
    targets = set()
    while (at := target(standings(ladder, scores, answers))) is not None:
        if not len(audit(ladder, scores, answers, wrong, 7)):
            break
        targets.add(at)
        rung = scores >= ladder.rungs[at].threshold
        assert (answers[~rung] == AuditAnswer.NOT_DRAWN).all()  # focus
    assert len(targets) > 2
    for rung, at in zip(
        ladder.rungs[: max(targets)], standings(ladder, scores, answers), strict=False
    ):
        own = np.flatnonzero(scores >= rung.threshold)
        assert (answers[own[: at.audited]] != AuditAnswer.NOT_DRAWN).all()
        assert answers[own[at.audited]] == AuditAnswer.NOT_DRAWN  # exactly the first n of its order
        assert at.proven


def test_going_on_without_the_missing_band_is_no_prefix() -> None:
    """Broken: after the inner rung's certificate the coins above the last one only."""
    scores, _ = world(1, 2000)
    ladder, answers = two_rungs(), undrawn(2000)
    right = np.zeros(2000, dtype=bool)
    while released(standings(ladder, scores, answers)) is None:
        audit(ladder, scores, answers, right, 5)
    skipping = answers.copy()
    last = int(np.flatnonzero(answers != AuditAnswer.NOT_DRAWN)[-1])
    skipping[last + 1 : last + 60] = AuditAnswer.RIGHT
    assert standings(ladder, scores, skipping)[1].audited < 5  # we do not count them
    band_first = next_audits(ladder, scores, answers, 5)
    assert (band_first < last).all()
    assert (scores[band_first] < 0.5).all()
    # and those who did would take the band's errors for audited: here it is all wrong
    naive = int((skipping != AuditAnswer.NOT_DRAWN).sum())
    assert finite.is_certified(ladder.rungs[1].pool, naive, 0, 0.05)


def test_an_audit_without_an_answer_counts_as_an_error() -> None:
    scores = np.linspace(1, 0, 2000)
    ladder, answers = two_rungs(), undrawn(2000)
    answers[:100] = AuditAnswer.RIGHT
    first = standings(ladder, scores, answers)[0]
    assert (first.audited, first.wrong, first.in_force) == (100, 0, True)
    answers[100:110] = AuditAnswer.PENDING
    waiting = standings(ladder, scores, answers)[0]
    assert (waiting.audited, waiting.wrong, waiting.pending) == (110, 10, 10)
    assert not waiting.in_force
    answers[100:110] = AuditAnswer.RIGHT
    assert standings(ladder, scores, answers)[0].in_force


def test_a_certificate_goes_and_comes_with_the_evidence() -> None:
    scores = np.linspace(1, 0, 2000)
    ladder, answers = two_rungs(), undrawn(2000)
    clean, three = (finite.crossing(ladder.rungs[0].pool, s, 0.05) for s in (0, 3))
    assert clean is not None
    assert three is not None
    for n, answer, expected in (
        (clean - 1, AuditAnswer.RIGHT, None),
        (clean, AuditAnswer.RIGHT, 0),
        (clean + 3, AuditAnswer.WRONG, None),
        (three - 1, AuditAnswer.RIGHT, None),
        (three, AuditAnswer.RIGHT, 0),
    ):
        answers[:n][answers[:n] == AuditAnswer.NOT_DRAWN] = answer
        assert released(standings(ladder, scores, answers)) == expected


def test_no_outer_rung_without_the_inner_ones() -> None:
    scores = np.where(np.arange(2000) % 2 == 0, 0.9, 0.1)
    ladder, answers = two_rungs(), undrawn(2000)
    answers[:240] = AuditAnswer.RIGHT
    assert [s.in_force for s in standings(ladder, scores, answers)] == [True, True]
    answers[np.arange(0, 240, 2)[:7]] = AuditAnswer.WRONG  # 7 of 120 inside, 7 of 240 in all
    assert released(standings(ladder, scores, answers)) is None
    free = Ladder((ladder.rungs[1],), 0.05)
    answers[240:460] = AuditAnswer.RIGHT
    assert released(standings(free, scores, answers)) == 0  # broken: every rung for itself
    answers[np.flatnonzero(scores > 0.5)[:230][::12]] = AuditAnswer.WRONG
    assert not standings(ladder, scores, answers)[1].proven


def test_a_lost_rung_is_not_audited_on() -> None:
    scores = np.linspace(1, 0, 2000)
    ladder, answers = two_rungs(), undrawn(2000)
    answers[:36] = AuditAnswer.WRONG  # K0 = floor(.05 * 700) + 1 = 36
    assert standings(ladder, scores, answers)[0].log_e == -inf
    assert len(next_audits(ladder, scores, answers, 10)) == 0


def test_the_cap_of_the_rung_in_force_is_not_spent_on_the_next() -> None:
    scores, wrong = world(2, 2000)[0], np.zeros(2000, dtype=bool)
    wrong[np.flatnonzero(scores < 0.5)[:3]] = True  # the outer rung takes longer than the cap
    inner = finite.per_label(int((scores >= 0.5).sum()), 0.05, 110)
    ladder = Ladder((Rung(0.5, inner), Rung(0.0, finite.per_label(2000, 0.05, 600))), 0.05)
    answers = undrawn(2000)
    while len(audit(ladder, scores, answers, wrong, 10)):
        pass
    first = standings(ladder, scores, answers)[0]
    assert first.in_force
    assert first.seen == 110
    # broken: audits up to the outer rung's cap alone
    answers[:240] = wrong[:240]
    over = standings(ladder, scores, answers)
    assert over[0].proven
    assert not over[0].in_force
    assert released(over) is None


def test_people_who_look_at_more_of_a_rung_count_against_its_cap() -> None:
    """Right labels that people gave elsewhere in the rung leave the errors among the rest."""
    scores = np.linspace(1, 0, 2000)
    ladder, answers = two_rungs(cap=120), undrawn(2000)
    answers[:100] = AuditAnswer.RIGHT
    assert standings(ladder, scores, answers)[0].in_force
    answers[100:120] = AuditAnswer.SEEN
    at = standings(ladder, scores, answers)[0]
    assert (at.audited, at.seen, at.proven, at.in_force) == (100, 120, True, True)
    answers[500] = AuditAnswer.SEEN
    at = standings(ladder, scores, answers)[0]
    assert (at.audited, at.seen, at.proven, at.in_force) == (100, 121, True, False)
    # what was not seen blindly is audited like any other
    answers[90:100] = AuditAnswer.NOT_DRAWN
    answers[95] = AuditAnswer.SEEN
    assert next_audits(two_rungs(), scores, answers, 7).tolist() == [*range(90, 97)]


def test_found_errors_make_room_if_they_are_credited() -> None:
    pool = finite.per_label(1000, 0.05, 200)  # K0 = 41
    hard, soft = Rung(0.0, pool), Rung(0.0, pool, credit=0.05)
    assert (hard.room(0, 200), soft.room(0, 200)) == (0, 0)
    assert (hard.room(3, 230), soft.room(3, 230)) == (-30, 30)
    strict = Plan(eps=0.05, delta=0.05, audits=600, credit=False)
    assert least_cap(4000, strict, 0.025) is None
    assert least_cap(4000, PLAN, 0.025) is not None
    scores, answers = np.linspace(1, 0, 1000), undrawn(1000)
    answers[:215] = AuditAnswer.RIGHT
    answers[0] = AuditAnswer.WRONG
    answers[1] = AuditAnswer.PENDING  # an error for the evidence, but none that was found
    at = standings(Ladder((soft,), 0.05), scores, answers)[0]
    assert (at.wrong, at.errors_found, at.room, at.in_force) == (2, 1, 5, True)
    assert not standings(Ladder((hard,), 0.05), scores, answers)[0].in_force


def test_credit_is_valid_for_every_number_of_errors() -> None:
    """Fewer than K0: then in force means within eps, always. K0 or more: exact chance <= delta."""
    pool = finite.per_label(300, 0.05, 90)
    rung = Rung(0.0, pool, credit=0.05)
    too_kind = False
    for k in range(pool.too_many):
        for n in range(300):
            for s in range(max(0, k - 300 + n), min(n, k) + 1):
                above = k - s > 0.05 * (300 - n)
                assert not (above and rung.room(s, n) >= 0)
                too_kind |= above and rung.room(s + 1, n) >= 0  # broken: pending ones are found
    assert too_kind
    rule = finite.crossings(finite.FinitePool(300, pool.too_many, 300), 0.05)
    assert fires(rule, finite_pool(300, pool.too_many), 300).sum() <= 0.05


def test_a_rung_that_right_answers_could_not_save_is_left_alone() -> None:
    scores, answers = np.linspace(1, 0, 2000), undrawn(2000)
    ladder = two_rungs(cap=150)
    answers[:20] = AuditAnswer.RIGHT
    answers[:2] = AuditAnswer.WRONG
    two = finite.crossing(finite.FinitePool(1000, ladder.rungs[0].pool.too_many, 1000), 2, 0.05)
    assert two is not None
    assert two > 150
    assert len(next_audits(ladder, scores, answers, 10)) == 0
    answers[:2] = AuditAnswer.PENDING  # they may come out right
    assert len(next_audits(ladder, scores, answers, 10)) == 10


def test_false_certificates_of_whole_campaigns() -> None:
    """Errors rise with the rank and eps .05 lies inside the ladder: at most delta may fail."""
    runs, bad, naive, free = 60, 0, 0, 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        scores = rng.random(1500)
        wrong = rng.random(1500) < 0.2 * (1 - scores)
        ladder, answers = freeze_ladder(scores, PLAN), undrawn(1500)
        failed = False
        while len(audit(ladder, scores, answers, wrong, 20)):
            at = released(standings(ladder, scores, answers))
            if at is not None:
                out = (scores >= ladder.rungs[at].threshold) & (answers == AuditAnswer.NOT_DRAWN)
                failed |= bool(wrong[out].mean() > 0.05)
                free += 1
        bad += failed
        # broken: the threshold with <= 5 % errors in one sample, judged on that same sample
        sample = rng.permutation(1500)[:200]
        cuts = [
            c for c in np.arange(0, 1, 0.05) if wrong[sample][scores[sample] >= c].mean() <= 0.05
        ]
        naive += bool(cuts and wrong[scores >= min(cuts)].mean() > 0.05)
    assert free > 0  # it is not valid by doing nothing
    assert bad / runs <= 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5
    assert naive / runs > 0.2


def test_odd_plans_are_refused() -> None:
    for shares in ((), (0.5, 0.3), (0.5, 0.5), (0.5, 1.2), (0.0, 0.5)):
        with pytest.raises(UsageError):
            Plan(eps=0.05, delta=0.05, audits=100, shares=shares)
