from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_vectors import near_to, unit_rows, with_copies

from tiebreak.domain.records import Link
from tiebreak.errors import UsageError
from tiebreak.retrieval import duplicates
from tiebreak.retrieval.duplicates import near_duplicates


def by_hand(ids, rows, threshold):
    """The definition: in id order, follow the earliest leader that is alike, else lead."""
    leaders, links = [], []
    for at in np.argsort(ids):
        for leader in leaders:
            cosine = np.float32(rows[at].astype("f8") @ rows[leader].astype("f8"))
            if float(cosine) > threshold:
                links.append((int(ids[at]), int(ids[leader])))
                break
        else:
            leaders.append(at)
    return links


def test_the_later_record_is_linked_to_the_earlier(rng):
    base = unit_rows(rng, 2, 32)
    rows = np.stack([base[0], base[1], near_to(base[0], 0.99, rng), near_to(base[1], 0.9, rng)])
    assert near_duplicates(np.array([10, 20, 30, 40]), rows) == [
        Link(record_id=30, of_id=10, kind="near", similarity=pytest.approx(0.99, abs=1e-6))
    ]


def test_order_is_by_id_and_not_by_row(rng):
    base = unit_rows(rng, 1, 32)[0]
    rows = np.stack([base, near_to(base, 0.98, rng)])
    (link,) = near_duplicates(np.array([7, 3]), rows)
    assert (link.record_id, link.of_id) == (7, 3)


def test_a_chain_ends_at_a_record_without_a_link(rng):
    a = unit_rows(rng, 1, 64)[0]
    b = near_to(a, 0.98, rng)
    c = near_to(b, 0.98, rng)
    assert a @ c < 0.97
    links = near_duplicates(np.array([1, 2, 3]), np.stack([a, b, c]))
    assert [(x.record_id, x.of_id) for x in links] == [(2, 1)]


def test_equal_to_the_threshold_is_not_above_it():
    rows = np.array([[1, 0], [0.6, 0.8]], dtype=np.float32)
    at = float(np.float32(0.6))
    assert near_duplicates(np.array([1, 2]), rows, threshold=at) == []
    assert len(near_duplicates(np.array([1, 2]), rows, threshold=at - 1e-6)) == 1


def test_known_records_lead_and_are_not_asked_again(rng):
    base = unit_rows(rng, 1, 32)[0]
    rows = np.stack([base, near_to(base, 0.99, rng), near_to(base, 0.99, rng)])
    links = near_duplicates(np.array([1, 2, 3]), rows, after=2)
    assert [(x.record_id, x.of_id) for x in links] == [(3, 1)]


def test_nothing_to_ask():
    none = np.zeros((0, 4), dtype=np.float32)
    assert near_duplicates(np.array([], dtype=np.int64), none) == []
    one = np.ones((1, 1), dtype=np.float32)
    assert near_duplicates(np.array([5]), one, after=5) == []
    with pytest.raises(UsageError, match="1 ids for 0 vectors"):
        near_duplicates(np.array([1]), none)


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 90),
    distinct=st.integers(1, 30),
    block=st.integers(1, 40),
)
def test_blocks_give_what_the_definition_gives(seed, n, distinct, block):
    rng = np.random.default_rng(seed)
    rows = with_copies(rng, n, 3, distinct)  # in 3 dimensions much is near
    ids = rng.permutation(1000)[:n].astype(np.int64)
    want = by_hand(ids, rows, 0.9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_ROWS", block)
        links = near_duplicates(ids, rows, threshold=0.9)
        assert [(x.record_id, x.of_id) for x in links] == want
        linked = {x.record_id for x in links}
        assert not linked & {x.of_id for x in links}
        # in two imports, the second of which knows what the first linked
        half = int(np.median(ids))
        first = near_duplicates(ids[ids <= half], rows[ids <= half], threshold=0.9)
        free = ~np.isin(ids, [x.record_id for x in first])
        second = near_duplicates(ids[free], rows[free], threshold=0.9, after=half)
        assert [(x.record_id, x.of_id) for x in first + second] == want


@pytest.fixture
def rng():
    return np.random.default_rng(11)
