"""What every `VectorIndex` must do, and that all give what the reference gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_vectors import unit_rows, with_copies

from tiebreak import registry
from tiebreak.errors import UsageError

KINDS = registry.known("indexes")
DIM = 12


@pytest.fixture(params=KINDS)
def make(request):
    return registry.find("indexes", request.param)


def ids_of(*ids):
    return np.array(ids, dtype=np.int64)


def test_the_kinds_are_the_ones_this_suite_was_written_for():
    assert KINDS == ["faiss_flat", "numpy_exact"]


def test_best_first_with_cosines(make):
    index = make(2)
    index.add(ids_of(5, 6, 7), np.array([[1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32))
    ids, cosines = index.search(np.array([[1, 0]], dtype=np.float32), 3)
    assert ids.tolist() == [[5, 6, 7]]
    assert cosines[0] == pytest.approx([1, 0.6, 0])
    assert (ids.dtype, cosines.dtype) == (np.int64, np.float32)


def test_missing_neighbours_are_marked(make):
    index = make(DIM)
    query = unit_rows(np.random.default_rng(0), 2, DIM)
    ids, cosines = index.search(query, 2)
    assert (ids == -1).all() and np.isneginf(cosines).all()
    index.add(ids_of(9), query[:1])
    ids, cosines = index.search(query, 3)
    assert ids.tolist() == [[9, -1, -1], [9, -1, -1]]
    assert np.isneginf(cosines[:, 1:]).all() and np.isfinite(cosines[:, 0]).all()


def test_no_queries(make):
    index = make(DIM)
    index.add(ids_of(1), unit_rows(np.random.default_rng(0), 1, DIM))
    ids, cosines = index.search(np.zeros((0, DIM), dtype=np.float32), 4)
    assert ids.shape == cosines.shape == (0, 4)


def test_ties_come_by_id_whatever_the_order_of_adding(make):
    rng = np.random.default_rng(1)
    rows = unit_rows(rng, 3, DIM)
    index = make(DIM)
    order = rng.permutation(300)
    index.add(order.astype(np.int64), rows[order % 3])
    ids, _ = index.search(rows, 150)
    for which in range(3):
        assert ids[which, :100].tolist() == list(range(which, 300, 3))


def test_the_ties_that_fit_are_those_with_the_lowest_ids(make):
    row = unit_rows(np.random.default_rng(2), 1, DIM)
    index = make(DIM)
    index.add(np.arange(1000, dtype=np.int64)[::-1].copy(), np.repeat(row, 1000, axis=0))
    ids, cosines = index.search(row, 5)
    assert ids.tolist() == [[0, 1, 2, 3, 4]]
    assert len(set(cosines[0].tolist())) == 1


def test_remove(make):
    rng = np.random.default_rng(3)
    rows = unit_rows(rng, 10, DIM)
    index = make(DIM)
    index.add(np.arange(10, dtype=np.int64), rows)
    assert index.remove(ids_of(3, 99, 0)) == 2
    assert len(index) == 8
    ids, cosines = index.search(rows, 1)
    kept = [i for i in range(10) if i not in (0, 3)]
    assert ids[kept, 0].tolist() == kept and cosines[kept, 0] == pytest.approx(1)
    assert not np.isin([0, 3], ids).any()
    index.add(ids_of(3), rows[3:4])
    assert index.search(rows[3:4], 1)[0].tolist() == [[3]]
    assert index.remove(ids_of()) == 0


def test_ids_must_be_new(make):
    rows = unit_rows(np.random.default_rng(4), 2, DIM)
    index = make(DIM)
    index.add(ids_of(1, 2), rows)
    for bad in (ids_of(2, 3), ids_of(4, 4), ids_of(-1, 5)):
        with pytest.raises(UsageError, match="in the index already, given twice or negative"):
            index.add(bad, rows)
    with pytest.raises(UsageError, match="Give one each"):
        index.add(ids_of(7), rows)
    assert len(index) == 2


def test_wrong_dimension_and_k_are_usage_errors(make):
    index = make(DIM)
    wrong = np.zeros((1, DIM + 1), dtype=np.float32)
    with pytest.raises(UsageError, match=rf"\(1, {DIM + 1}\).*{DIM}"):
        index.add(ids_of(1), wrong)
    with pytest.raises(UsageError, match="do not fit"):
        index.search(wrong, 1)
    with pytest.raises(UsageError, match="k = 0"):
        index.search(np.zeros((1, DIM), dtype=np.float32), 0)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 400),
    distinct=st.integers(1, 60),
    k=st.integers(1, 70),
    removed=st.integers(0, 50),
)
def test_all_give_what_the_reference_gives(seed, n, distinct, k, removed):
    rng = np.random.default_rng(seed)
    rows = with_copies(rng, n, DIM, distinct)
    ids = rng.permutation(10 * n + 1)[:n].astype(np.int64)
    queries = np.concatenate([rows[:5], unit_rows(rng, 4, DIM)])
    answers = []
    for kind in KINDS:
        index = registry.find("indexes", kind)(DIM)
        index.add(ids[: n // 2], rows[: n // 2])
        index.add(ids[n // 2 :], rows[n // 2 :])
        index.remove(ids[:removed])
        assert len(index) == max(0, n - removed)
        answers.append(index.search(queries, k))
    for found, cosines in answers[1:]:
        np.testing.assert_array_equal(found, answers[0][0])
        np.testing.assert_array_equal(cosines, answers[0][1])


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 120), k=st.integers(1, 10))
def test_the_reference_is_a_full_sort(seed, n, k):
    rng = np.random.default_rng(seed)
    rows = with_copies(rng, n, DIM, max(1, n // 2))
    index = registry.find("indexes", "numpy_exact")(DIM)
    index.add(np.arange(n, dtype=np.int64), rows)
    query = unit_rows(rng, 1, DIM)
    exact = np.array([float(query[0].astype("f8") @ r.astype("f8")) for r in rows], np.float32)
    want = np.argsort(-exact.astype("f8").round(6), kind="stable")[:k]
    found, cosines = index.search(query, k)
    assert np.allclose(cosines[0, : len(want)], exact[want], atol=1e-6)
    assert found[0, 0] == min(np.flatnonzero((rows == rows[want[0]]).all(axis=1)))
