"""Distances, the martingale, prevalence, groups of far texts, and what the sensor makes of them."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from blobs import blobs
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_vectors import near_to, unit_rows

from tiebreak.errors import UsageError
from tiebreak.learner.drift.label_shift import bbse_prevalence, em_prevalence
from tiebreak.learner.drift.martingale import JumperMartingale
from tiebreak.learner.drift.novel_groups import find_novel_groups
from tiebreak.learner.drift.novelty import mean_distance, nearest_others
from tiebreak.learner.drift.sensor import Sensor, State
from tiebreak.learner.drift.two_sample import Finding
from tiebreak.retrieval.indexes.numpy_exact import NumpyIndex

ALARM = np.log(100)


def index_of(rows: np.ndarray, ids: np.ndarray | None = None) -> NumpyIndex:
    index = NumpyIndex(rows.shape[1])
    index.add(np.arange(len(rows)) if ids is None else ids, rows)
    return index


# -- distances


def test_index_and_arrays_give_the_same_mean_distance() -> None:
    rng = np.random.default_rng(0)
    known, new = unit_rows(rng, 50, 8), unit_rows(rng, 7, 8)
    by_hand = 1 - np.sort(new @ known.T, axis=1)[:, -10:].mean(axis=1)
    assert mean_distance(index_of(known), new) == pytest.approx(by_hand, abs=1e-6)


def test_a_record_is_not_its_own_neighbour_even_among_copies() -> None:
    rng = np.random.default_rng(1)
    rows = unit_rows(rng, 12, 8)
    rows[1] = rows[0]  # ids 5 and 6 tie at cosine 1
    ids = np.arange(5, 17)
    own = mean_distance(index_of(rows, ids), rows, k=3, query_ids=ids)
    for at in range(12):
        cosines = np.delete(rows, at, axis=0) @ rows[at]
        assert own[at] == pytest.approx(1 - np.sort(cosines)[-3:].mean(), abs=1e-6)


def test_with_few_known_records_the_mean_is_over_those() -> None:
    rows = np.eye(4, dtype=np.float32)
    assert mean_distance(index_of(rows[:2]), rows[2:]).tolist() == [1.0, 1.0]
    with pytest.raises(UsageError, match="0 known"):
        mean_distance(index_of(rows[:1]), rows[:1], query_ids=np.array([0]))


def test_nearest_others_are_sorted_and_leave_out_the_row_itself() -> None:
    rows = unit_rows(np.random.default_rng(2), 30, 6)
    near, distances = nearest_others(rows, 100)
    assert near.shape == (30, 29)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert all(at not in row for at, row in enumerate(near.tolist()))


# -- the martingale


def test_false_alarms_stay_under_the_bound_over_a_thousand_streams() -> None:
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(1000):
        scores = rng.exponential(size=250)
        machine = JumperMartingale(scores[:50].tolist(), rng)
        alarms += machine.run(scores[50:]).max() >= ALARM
    assert alarms <= 10 + 3 * (1000 * 0.01 * 0.99) ** 0.5


def test_capital_is_a_fair_game_and_p_values_are_uniform() -> None:
    rng = np.random.default_rng(12)
    gains, ps = [], []
    for _ in range(2000):
        machine = JumperMartingale(rng.normal(size=20).tolist(), rng)
        ps += [machine.update(score) for score in rng.normal(size=5)]
        gains.append(np.exp(machine.log_capital))
    assert np.mean(gains) == pytest.approx(1.0, abs=4 * np.std(gains) / 2000**0.5)
    assert np.mean(ps) == pytest.approx(0.5, abs=0.02)
    assert 0 < min(ps) <= max(ps) <= 1


def test_a_fifth_of_far_texts_raises_the_alarm_within_500() -> None:
    rng = np.random.default_rng(13)
    reached = 0
    for _ in range(20):
        far = rng.random(500) < 0.2
        stream = np.where(far, 5 + rng.random(500), rng.normal(size=500))
        reached += JumperMartingale(rng.normal(size=500).tolist(), rng).run(stream).max() >= ALARM
    assert reached >= 19


def test_texts_that_come_nearer_raise_no_alarm() -> None:
    rng = np.random.default_rng(14)
    machine = JumperMartingale(rng.normal(size=300).tolist(), rng)
    machine.run(rng.normal(-3, 1, size=500))
    assert machine.log_peak < ALARM


def test_a_long_drift_does_not_overflow_and_the_peak_stays() -> None:
    rng = np.random.default_rng(15)
    machine = JumperMartingale(rng.normal(size=3000).tolist(), rng)
    machine.run(np.linspace(10, 20, 2500))
    assert machine.log_peak > 500
    top = machine.log_peak
    machine.run(rng.normal(-20, 1, size=100))
    assert machine.log_capital < top == machine.log_peak


def test_equal_scores_are_ranked_by_lot() -> None:
    machine = JumperMartingale([1.0] * 99, np.random.default_rng(16))
    ps = [machine.update(1.0) for _ in range(200)]
    assert 0.3 < np.mean(ps) < 0.7


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_has_no_rank_is_refused(score: float) -> None:
    with pytest.raises(UsageError, match="cannot be ranked"):
        JumperMartingale([1.0], np.random.default_rng(0)).update(score)


def test_bets_that_could_lose_more_than_all_are_refused() -> None:
    with pytest.raises(UsageError, match="-3"):
        JumperMartingale([], np.random.default_rng(0), bets=(-3.0,))


# -- prevalence


def test_em_recovers_a_planted_shift() -> None:
    rng = np.random.default_rng(20)
    now = np.array([0.6, 0.3, 0.1])
    label = rng.choice(3, size=6000, p=now)
    x = np.eye(3)[label] * 1.5 + rng.normal(size=(6000, 3))
    odds = np.exp(1.5 * x)  # p(y|x) exactly, under equal shares
    p = odds / odds.sum(axis=1, keepdims=True)
    prior = np.full(3, 1 / 3)
    found = em_prevalence(p, prior)
    assert found.reason == ""
    assert found.shares == pytest.approx(now, abs=0.03)
    assert abs(p.mean(axis=0) - now).max() > 0.08  # which the plain mean does not


def test_em_without_a_shift_stays_where_it_is() -> None:
    p = np.tile([[0.7, 0.3, 0.0], [0.3, 0.7, 0.0]], (50, 1))
    found = em_prevalence(p, np.array([0.5, 0.5, 0.0]))
    assert found.shares == pytest.approx([0.5, 0.5, 0.0], abs=1e-6)


def test_em_says_so_when_nothing_is_known_of_the_labels() -> None:
    found = em_prevalence(np.array([[0.0, 1.0]]), np.array([1.0, 0.0]))
    assert found.shares is None
    assert "known before" in found.reason
    with pytest.raises(UsageError, match="distribution"):
        em_prevalence(np.array([[0.5, 0.5]]), np.array([0.5, 0.6]))


CONFUSION = np.array([[80, 10, 20], [15, 70, 10], [5, 20, 70]])
NAMES = ("a", "b", "c")


@given(st.lists(st.integers(1, 100), min_size=3, max_size=3))
@settings(max_examples=50)
def test_bbse_recovers_the_exact_shares_of_an_invertible_toy(weights: list[int]) -> None:
    now = np.array(weights) / sum(weights)
    predicted = (CONFUSION / CONFUSION.sum(axis=0)) @ now
    assert bbse_prevalence(CONFUSION, predicted, NAMES).shares == pytest.approx(now)


def test_bbse_is_refused_where_it_would_be_noise() -> None:
    even = np.full(3, 1 / 3)
    few = CONFUSION.copy()
    few[:, 1] = [1, 17, 1]
    assert bbse_prevalence(few, even, NAMES).shares is None
    assert "'b' has 19 verified" in bbse_prevalence(few, even, NAMES).reason
    few[1, 1] += 1
    assert bbse_prevalence(few, even, NAMES).shares is not None
    blurred = np.array([[50, 49, 20], [49, 50, 20], [1, 1, 60]])
    assert "singular value" in bbse_prevalence(blurred, even, NAMES).reason


def test_bbse_has_no_share_below_zero() -> None:
    shares = bbse_prevalence(CONFUSION, np.array([1.0, 0.0, 0.0]), NAMES).shares
    assert shares is not None
    assert shares.min() == 0.0
    assert shares.sum() == pytest.approx(1.0)


# -- groups of far texts


def planted(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """60 strewn texts and *n* like one another, all far but the first 20."""
    strewn = unit_rows(rng, 60, 64)
    centre = unit_rows(rng, 1, 64)[0]
    alike = np.array([near_to(centre, 0.95, rng) for _ in range(n)]).reshape(n, 64)
    return np.concatenate([strewn, alike]), np.repeat([0.1, 0.9], [20, 40 + n])


def test_ten_far_texts_that_are_alike_make_a_group_and_nine_do_not() -> None:
    rng = np.random.default_rng(30)
    rows, distances = planted(rng, 10)
    (group,) = find_novel_groups(rows, distances, far=0.5)
    assert sorted(group.members.tolist()) == list(range(60, 70))
    cosines = rows[group.members] @ rows[group.members[0]]
    assert cosines.min() >= 0.6
    assert group.cosine == pytest.approx(np.sort(cosines)[:-1].mean(), abs=1e-6)
    assert find_novel_groups(*planted(rng, 9), far=0.5) == []


def test_texts_that_are_near_what_was_known_are_in_no_group() -> None:
    rows, distances = planted(np.random.default_rng(31), 12)
    distances[60:65] = 0.2
    assert find_novel_groups(rows, distances, far=0.5) == []
    assert find_novel_groups(rows[:0], distances[:0], far=0.5) == []


def test_groups_do_not_depend_on_the_order_of_the_rows() -> None:
    rng = np.random.default_rng(32)
    rows, of = blobs(rng, [14, 11, 3], dim=24, noise=0.05)
    distances = 0.6 + rng.random(len(rows))
    order = rng.permutation(len(rows))
    found = [
        [set(map(tuple, x[g.members].tolist())) for g in find_novel_groups(x, d, far=0.5)]
        for x, d in ((rows, distances), (rows[order], distances[order]))
    ]
    assert found[0] == found[1]
    assert [len(g) for g in found[0]] == [14, 11]
    assert set(of[find_novel_groups(rows, distances, far=0.5)[0].members]) == {0}


# -- the sensor


def fired(*p: float) -> list[Finding]:
    names: Any = ("distance", "mmd", "classes")
    return [Finding(name=n, statistic=1.0, p=x) for n, x in zip(names, p, strict=False)]


QUIET, LOUD = fired(0.5, 0.2, 0.02), fired(0.5, 0.001, 0.3)


def test_quiet_windows_are_ok_and_ok_is_no_proof() -> None:
    sensor, signal = Sensor().look(capital=3.0, tests=QUIET)
    assert (signal.state, signal.audit_factor) == ("ok", 1)
    assert sensor == Sensor(hits=(False,))


def test_one_window_flags_and_doubles_audits_two_of_three_pause() -> None:
    sensor, signal = Sensor().look(capital=1.0, tests=LOUD)
    assert (signal.state, signal.audit_factor) == ("flag", 2)
    assert "mix of texts" in signal.reason
    sensor, signal = sensor.look(capital=1.0, tests=QUIET)
    assert signal.state == "flag"
    sensor, signal = sensor.look(capital=1.0, tests=LOUD)
    assert signal.state == "pause"
    assert "2 of the last 3" in signal.reason
    sensor, signal = sensor.look(capital=1.0, tests=QUIET)
    assert signal.state == "pause"  # until a person has looked


def test_a_window_falls_out_of_sight_after_three() -> None:
    sensor = Sensor()
    states = []
    for window in (LOUD, QUIET, QUIET, QUIET, LOUD):
        sensor, signal = sensor.look(capital=1.0, tests=window)
        states.append(signal.state)
    assert states == ["flag", "flag", "flag", "ok", "flag"]


@pytest.mark.parametrize(("capital", "state"), [(99.9, "ok"), (100.0, "pause"), (1e300, "pause")])
def test_the_martingale_pauses_at_a_hundred(capital: float, state: str) -> None:
    assert Sensor().look(capital=capital)[1].state == state


def test_groups_of_far_texts_flag() -> None:
    signal = Sensor().look(capital=1.0, groups=2)[1]
    assert signal.state == "flag"
    assert "2 groups" in signal.reason


def test_the_level_is_shared_by_the_tests_of_a_window() -> None:
    assert Sensor().look(capital=1.0, tests=fired(0.02, 0.02, 0.02))[1].state == "ok"
    assert Sensor().look(capital=1.0, tests=fired(0.02, 0.2))[1].state == "flag"


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1e308),
            st.none() | st.lists(st.floats(0.001, 1), min_size=1, max_size=3),
            st.integers(0, 3),
        ),
        max_size=12,
    )
)
@settings(max_examples=100)
def test_nothing_but_ok_flag_and_pause_and_a_pause_stays(readings: list[Any]) -> None:
    sensor, paused = Sensor(), False
    for capital, p, groups in readings:
        window = fired(*p) if p else None
        sensor, signal = sensor.look(capital=capital, tests=window, groups=groups)
        assert signal.state in get_args(State)
        assert signal.reason
        assert signal.audit_factor == (1 if signal.state == "ok" else 2)
        assert signal.state == "pause" or not paused
        paused = signal.state == "pause"


def test_what_is_no_reading_is_refused() -> None:
    with pytest.raises(UsageError, match="nan"):
        Sensor().look(capital=float("nan"))
    with pytest.raises(UsageError, match="no reading"):
        Sensor().look(capital=1.0, tests=[])
