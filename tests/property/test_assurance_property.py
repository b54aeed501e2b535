"""What must hold of the proof for all inputs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

from benchmarks.promise.weighted_estimates import probabilities
from tiebreak.assurance import finite, rungs, stream
from tiebreak.assurance.coins import Coin, in_order
from tiebreak.assurance.finite import FinitePool
from tiebreak.assurance.ladder import AuditAnswer, next_audits, released, standings, target
from tiebreak.assurance.monitor import read_monitor
from tiebreak.assurance.rungs import Ladder, Rung

rates = st.sampled_from([0.01, 0.02, 0.05, 0.1, 0.3])


@st.composite
def states(draw: st.DrawFn) -> tuple[FinitePool, int, int]:
    size = draw(st.integers(2, 400))
    pool = FinitePool(size, draw(st.integers(1, size)), draw(st.integers(0, size)))
    n = draw(st.integers(0, size - 1))
    return pool, n, draw(st.integers(0, n))


@given(states())
def test_errors_lower_the_evidence_and_right_ones_raise_it(
    state: tuple[FinitePool, int, int],
) -> None:
    pool, n, s = state
    now = finite.log_e(pool, n, s)
    assert finite.log_e(pool, n + 1, s) >= now - 1e-12
    assert finite.log_e(pool, n + 1, s + 1) <= now + 1e-12


@given(states())
def test_the_finite_evidence_is_a_martingale_at_k0(state: tuple[FinitePool, int, int]) -> None:
    pool, n, s = state
    p = (pool.too_many - s) / (pool.size - n)
    now = finite.log_e(pool, n, s)
    if not (np.isfinite(now) and 0 < p <= 1):
        return
    up = np.exp(finite.log_e(pool, n + 1, s + 1) - now)
    if p == 1:  # a right answer would prove the null wrong: what was bet on it is lost
        assert up <= 1
        return
    down = np.exp(finite.log_e(pool, n + 1, s) - now)
    assert p * up + (1 - p) * down == pytest.approx(1, rel=1e-10)


@given(states(), st.sampled_from([0.001, 0.05, 0.3]))
def test_a_crossing_is_the_first_certified_count(
    state: tuple[FinitePool, int, int], delta: float
) -> None:
    pool, _, s = state
    first = next(
        (n for n in range(s, pool.cap + 1) if finite.is_certified(pool, n, s, delta)), None
    )
    assert finite.crossing(pool, s, delta) == first


@given(st.integers(0, 60), rates, st.sampled_from([0.01, 0.05, 0.2]))
def test_each_caught_error_raises_the_bound_on_the_uncaught(
    s: int, pi: float, delta: float
) -> None:
    u, after = (stream.most_errors(x, pi, delta) for x in (s, s + 1))
    assert after - (s + 1) >= u - s  # an unanswered audit taken for an error is never too kind
    assert stream.most_errors(s, pi, delta / 2) >= u
    assert stream.log_m(s, u, pi) < -np.log(delta) <= stream.log_m(s, u + 1, pi)


@given(st.integers(0, 2**256 - 1), st.floats(1e-300, 1 - 1e-16))
def test_a_coin_falls_exactly_below_pi(number: int, pi: float) -> None:
    drawn = Coin(number, 1)
    assert drawn.falls(pi) == (drawn.u < pi)  # fractions compare exactly


@given(st.sets(st.integers(0, 10**9), max_size=30), st.randoms())
def test_the_order_of_coins_is_of_the_set_alone(ids: set[int], random) -> None:
    shuffled = sorted(ids)
    random.shuffle(shuffled)
    secret = b"0123456789abcdef"
    assert in_order(secret, shuffled, "1-a") == in_order(secret, ids, "1-a")
    assert {c.record_id for c in in_order(secret, ids, "1-a")} == ids


SIZE = 240


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Ladder, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scores = rng.permutation(SIZE) / SIZE
    rungs = tuple(
        Rung(1 - size / SIZE, finite.per_label(size, 0.1, draw(st.integers(20, size // 2))))
        for size in (80, 160, 240)
    )
    drawn, wrong = draw(st.floats(0, 1)), draw(st.floats(0, 0.1))
    answers = rng.choice(np.array([0, 1], dtype=np.int8), SIZE, p=[1 - wrong, wrong])
    answers[int(drawn * SIZE) :] = AuditAnswer.NOT_DRAWN
    for code in (AuditAnswer.NOT_DRAWN, AuditAnswer.PENDING, AuditAnswer.SEEN):
        answers[rng.integers(0, SIZE, draw(st.integers(0, 3)))] = code
    return Ladder(rungs, 0.05), scores, answers


@given(ladders())
def test_a_ladder_counts_prefixes_and_nothing_else(
    case: tuple[Ladder, np.ndarray, np.ndarray],
) -> None:
    ladder, scores, answers = case
    found = standings(ladder, scores, answers)
    for rung, at in zip(ladder.rungs, found, strict=True):
        own = [int(a) for a, x in zip(answers, scores, strict=True) if x >= rung.threshold]
        prefix = []
        for a in own:
            if a < 0:
                break
            prefix.append(a)
        assert (at.audited, at.wrong, at.pending, at.seen) == (
            len(prefix), sum(a > 0 for a in prefix), prefix.count(2), sum(a != -1 for a in own),
        )  # fmt: skip
    proven = [s.proven for s in found]
    assert proven == sorted(proven, reverse=True)  # an outer rung never without the inner ones
    force = released(found)
    assert force is None or (proven[force] and found[force].seen <= ladder.rungs[force].pool.cap)
    assert target(found) == (proven.index(False) if False in proven else None)


@given(ladders(), st.integers(0, 50))
def test_the_next_audits_are_the_first_free_coins_of_the_target(
    case: tuple[Ladder, np.ndarray, np.ndarray], count: int
) -> None:
    ladder, scores, answers = case
    found = standings(ladder, scores, answers)
    nexts = next_audits(ladder, scores, answers, count)
    at = target(found)
    assert len(nexts) <= count
    if at is None:
        assert not len(nexts)
        return
    rung = ladder.rungs[at]
    free = [i for i in range(SIZE) if scores[i] >= rung.threshold and answers[i] < 0]
    assert nexts.tolist() == free[: len(nexts)]
    after = answers.copy()
    after[nexts] = AuditAnswer.RIGHT
    later = standings(ladder, scores, after)
    assert later[at].seen <= max(rung.pool.cap, found[at].seen)
    force = released(found)
    if force is not None:
        assert later[force].in_force  # right answers never end what is in force


@given(ladders(), st.integers(0, SIZE - 1))
def test_an_error_instead_of_a_right_answer_never_frees_more(
    case: tuple[Ladder, np.ndarray, np.ndarray], which: int
) -> None:
    ladder, scores, answers = case
    if answers[which] != AuditAnswer.RIGHT:
        return
    worse = answers.copy()
    worse[which] = AuditAnswer.WRONG
    better, now = (released(standings(ladder, scores, a)) for a in (answers, worse))
    assert now is None or (better is not None and now <= better)


@given(
    st.lists(st.floats(0, 1000, allow_subnormal=False), min_size=1, max_size=40),
    st.floats(0.01, 1),
    st.sampled_from([0.0, 0.5, 1.0]),
)
@example([28.0, 1.5336446770284285e-307], 1.0, 0.0)
def test_probabilities_expect_what_was_asked_for(
    wish: list[float], part: float, uniform: float
) -> None:
    labels = part * len(wish)
    if uniform == 0 and labels > np.count_nonzero(wish):
        return
    pi = probabilities(np.array(wish), labels, uniform)
    assert pi.sum() == pytest.approx(labels)
    assert ((pi >= 0) & (pi <= 1)).all()
    assert pi.min() >= uniform * part * (1 - 1e-9)


@given(st.lists(st.booleans(), max_size=120), rates)
def test_more_errors_alarm_no_later(errors: list[bool], eps: float) -> None:
    one_more = [*errors]
    if False in one_more:
        one_more[one_more.index(False)] = True
    before, after = read_monitor(errors, eps), read_monitor(one_more, eps)
    assert (after.log_r >= before.log_r - 1e-9).all()
    for reading in (before, after):
        if reading.alarm is not None:
            assert reading.start is not None
            assert 0 <= (reading.requeue_from or 0) <= reading.start < reading.alarm


@given(
    st.integers(1, 400),
    st.integers(1, 60),
    st.floats(0.001, 0.4),
    st.sampled_from([0.05, 0.025, 0.01]),
)
def test_the_audits_that_are_needed_are_those_of_a_search_one_by_one(
    size: int, too_many: int, rate: float, delta: float
) -> None:
    pool = FinitePool(size, min(too_many, size), size)
    crossings = [finite.crossing(pool, wrong, delta) for wrong in range(pool.too_many)]
    plain = next(
        (
            (at, wrong)
            for wrong, at in enumerate(crossings)
            if at is not None and at * rate <= wrong
        ),
        (pool.size, 0),
    )
    assert rungs._needed(pool, delta, rate) == plain
