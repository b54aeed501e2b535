"""What holds for any answers of any people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tiebreak.annotators.agreement import alpha, cohen_kappa, measured_alpha
from tiebreak.annotators.anchoring import RandomisedCard, measure_anchoring
from tiebreak.annotators.fatigue import sessions
from tiebreak.annotators.intervals import at_most, difference, share_interval

UNITS = st.lists(
    st.dictionaries(st.sampled_from("wxyz"), st.integers(0, 3), max_size=4), max_size=12
)
COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(UNITS, st.permutations(range(4)))
def test_alpha_knows_neither_names_nor_order(units, renamed):
    other = [{who: renamed[v] for who, v in reversed(u.items())} for u in reversed(units)]
    assert alpha(other) == pytest.approx(alpha(units))


@given(UNITS)
def test_alpha_by_pairs(units):
    """Against the definition: disagreeing pairs within units over disagreeing pairs of all."""
    pairable = [list(u.values()) for u in units if len(u) > 1]
    every = [v for u in pairable for v in u]
    n = len(every)
    expected = sum(a != b for a in every for b in every) / (n * (n - 1)) if n else 0.0
    observed = sum(sum(a != b for a in u for b in u) / (len(u) - 1) for u in pairable)
    found = alpha(units)
    if not expected:
        assert found is None
    else:
        assert found == pytest.approx(1 - observed / n / expected)
        assert found <= 1


@given(UNITS, st.integers(0, 99))
def test_an_interval_holds_its_value(units, seed):
    found = measured_alpha(units, np.random.default_rng(seed), draws=60)
    if found is not None:
        assert found.low <= found.value <= found.high <= 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_kappa_is_symmetric_and_inside_its_interval(pairs):
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    found, turned = cohen_kappa(first, second), cohen_kappa(second, first)
    assert (found is None) == (turned is None)
    if found is not None and turned is not None:
        assert found.value == pytest.approx(turned.value)
        assert -1 <= found.low <= found.value + 1e-9
        assert found.value <= found.high + 1e-9 <= 1 + 1e-9


@given(COUNTS, COUNTS)
def test_intervals_hold_their_values(first, second):
    one = share_interval(*first)
    both = difference(*first, *second)
    assert one is not None and both is not None
    assert 0 <= one.low <= one.value <= one.high <= 1
    assert one.value <= at_most(*first) <= one.high + 1e-12
    assert -1 <= both.low <= both.value <= both.high <= 1
    turned = difference(*second, *first)
    assert turned is not None
    assert (turned.low, turned.high) == (pytest.approx(-both.high), pytest.approx(-both.low))


@given(st.lists(st.builds(RandomisedCard, st.booleans(), st.booleans()), max_size=40))
def test_the_pull_is_the_difference_of_both_accuracies(cards):
    found = measure_anchoring(cards)
    assert (found.pull is not None) == (found.accuracy is not None and found.naive is not None)
    if found.pull and found.accuracy and found.naive:
        assert found.pull.value == pytest.approx(found.naive.value - found.accuracy.value)
        assert found.pull.n == len(cards)


@given(st.lists(st.floats(0, 5_000), max_size=30))
def test_sessions_count_every_answer_once(gaps):
    session, position = sessions(np.cumsum(gaps).tolist())
    assert len(session) == len(gaps)
    for number in set(session.tolist()):
        assert position[session == number].tolist() == list(range((session == number).sum()))
