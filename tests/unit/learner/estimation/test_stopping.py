"""The stop advice: kappa of successive heads, and what the next batch is worth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tiebreak.errors import UsageError
from tiebreak.learner.estimation.stopping import (
    Worth,
    advise,
    next_batch,
    settled,
    successive_kappa,
)

CALM = [0.98, 0.975, 0.99]


def test_kappa_is_cohens() -> None:
    # the textbook's table: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no
    first = np.repeat([0, 0, 1, 1], [20, 5, 10, 15])
    second = np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    assert successive_kappa(first, second) == pytest.approx(0.4)
    rng = np.random.default_rng(0)
    drawn = rng.integers(5, size=20_000)
    assert successive_kappa(drawn, rng.permutation(drawn)) == pytest.approx(0, abs=0.02)
    assert successive_kappa(np.zeros(9, np.int64), np.zeros(9, np.int64)) == 1


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_kappa_is_symmetric_and_one_only_for_equals(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    value = successive_kappa(first, second)
    assert value == pytest.approx(successive_kappa(second, first))
    assert value <= 1 + 1e-12
    assert (value == pytest.approx(1)) == bool((first == second).all())


def test_kappa_wants_pairs() -> None:
    with pytest.raises(UsageError):
        successive_kappa(np.zeros(3, np.int64), np.zeros(4, np.int64))
    with pytest.raises(UsageError):
        successive_kappa(np.zeros(0, np.int64), np.zeros(0, np.int64))


def test_settled_needs_three_batches_in_a_row() -> None:
    assert settled(CALM)
    assert settled([0.5, *CALM])
    assert not settled(CALM[:2])
    assert not settled([*CALM, 0.96])
    assert settled([0.97, 0.97, 0.97])


def test_the_next_batch_is_worth_its_last_three_slopes() -> None:
    # the share falls by .02 a batch: of 950 records left after it, 19 fewer to look at
    worth = next_batch([0.5, 0.30, 0.28, 0.26, 0.24], left=1000, batch=50)
    assert worth is not None
    assert worth.saves == pytest.approx(0.02 * 950)
    assert worth.costs == 50
    assert not worth.pays
    rich = next_batch([0.30, 0.28, 0.26, 0.24], left=10_000, batch=50, review=0.3, label=0.5)
    assert rich == Worth(saves=pytest.approx(0.02 * 9950 * 0.3), costs=25)
    assert rich is not None
    assert rich.pays
    assert next_batch([0.3, 0.2, 0.1], left=1000, batch=50) is None  # two slopes


@pytest.mark.parametrize(
    ("kappas", "worth", "stop", "why"),
    [
        (CALM, Worth(saves=10, costs=50), True, "costs more than it saves"),
        (CALM, Worth(saves=60, costs=50), False, "still saves more"),
        (CALM, None, False, "cannot be told"),  # kappa alone is advisory
        ([0.9, *CALM[1:]], Worth(saves=10, costs=50), False, "still changes"),
    ],
)
def test_stop_only_if_both_say_so(
    kappas: list[float], worth: Worth | None, stop: bool, why: str
) -> None:
    told = advise(kappas, worth)
    assert told.stop is stop
    assert why in told.why
    assert told.settled is settled(kappas)
