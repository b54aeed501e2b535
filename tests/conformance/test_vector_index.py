"""What every `VectorIndex` must do, and that all give what the reference gives."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_vectors import clustered, unit_rows, with_copies

from benchmarks.scale.recall import recall
from tiebreak import registry
from tiebreak.errors import UsageError

KINDS = registry.known("indexes")
DIM = 12

# Approximate from the first row on: as they come, they are exact up to thousands of rows.
EARLY = {
    "faiss_ivf": partial(registry.find("indexes", "faiss_ivf"), lists_at=1),
    "auto": partial(registry.find("indexes", "auto"), lists_at=100),
}


@pytest.fixture(params=[*KINDS, *(f"early {kind}" for kind in EARLY)])
def make(request):
    early, _, kind = request.param.rpartition(" ")
    return EARLY[kind] if early else registry.find("indexes", kind)


@pytest.fixture(params=EARLY)
def make_early(request):
    return EARLY[request.param]


def ids_of(*ids):
    return np.array(ids, dtype=np.int64)


def test_the_kinds_are_the_ones_this_suite_was_written_for():
    assert KINDS == ["auto", "faiss_flat", "faiss_ivf", "numpy_exact"]


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


def filled(index, ids, rows, parts=1):
    for part in range(parts):
        index.add(ids[part::parts], rows[part::parts])
    return index


def flat(ids, rows):
    return filled(registry.find("indexes", "faiss_flat")(rows.shape[1]), ids, rows)


@pytest.mark.parametrize("parts", [1, 7])
def test_an_approximate_index_finds_most_of_the_neighbours(make_early, parts):
    rows = clustered(np.random.default_rng(5), 3200, 32)
    rows, queries = rows[:3000], rows[3000:]
    ids = np.random.default_rng(6).permutation(9000)[:3000].astype(np.int64)
    index = filled(make_early(32), ids, rows, parts)
    assert recall(index, flat(ids, rows), queries) >= 0.9
    found, cosines = index.search(rows[:500], 10)
    assert (found[:, 0] == ids[:500]).mean() >= 0.99
    order = np.lexsort((found, -cosines), axis=1)
    assert (order == np.arange(10)).all()
    exact = {int(i): row for i, row in zip(ids, rows, strict=True)}
    for query, near, scores in zip(rows[:20], found[:20], cosines[:20], strict=True):
        for i, score in zip(near, scores, strict=True):
            assert score == np.float32(query.astype("f8") @ exact[int(i)].astype("f8"))


def test_an_approximate_index_of_what_was_left_after_removals(make_early):
    rows = clustered(np.random.default_rng(7), 2200, 32)
    rows, queries = rows[:2000], rows[2000:]
    ids = np.arange(2000, dtype=np.int64)
    index = filled(make_early(32), ids, rows)
    for first, last in ((0, 300), (300, 700), (700, 900)):
        assert index.remove(ids[first:last]) == last - first
        found, _ = index.search(queries, 10)
        assert found.min() >= last
        assert recall(index, flat(ids[last:], rows[last:]), queries) >= 0.9
    index.add(ids[:900], rows[:900])
    assert len(index) == 2000
    assert recall(index, flat(ids, rows), queries) >= 0.9


def test_an_approximate_index_gives_all_it_has_when_asked_for_more(make_early):
    rows = clustered(np.random.default_rng(8), 600, 32)
    ids = np.arange(600, dtype=np.int64)
    index = filled(make_early(32), ids, rows)
    index.remove(ids[::10])
    found, cosines = index.search(rows[:3], 700)
    want, scores = flat(np.delete(ids, ids[::10]), np.delete(rows, ids[::10], axis=0)).search(
        rows[:3], 700
    )
    np.testing.assert_array_equal(found, want)
    np.testing.assert_array_equal(cosines, scores)


def test_the_same_rows_make_the_same_approximate_index(make_early):
    rows = clustered(np.random.default_rng(9), 1500, 32)
    ids = np.arange(1500, dtype=np.int64)
    one, other = (filled(make_early(32), ids, rows).search(rows, 10) for _ in range(2))
    np.testing.assert_array_equal(one[0], other[0])


def test_recall_counts_equal_neighbours_alike_and_what_is_missing():
    rows = unit_rows(np.random.default_rng(10), 4, DIM)
    copies = np.repeat(rows, 5, axis=0)
    all_of_them = flat(np.arange(20, dtype=np.int64), copies)
    last_of_each = np.arange(20, dtype=np.int64) % 5 >= 3
    two_of_five = flat(np.flatnonzero(last_of_each), copies[last_of_each])
    assert recall(two_of_five, all_of_them, rows, 2) == 1.0
    assert recall(two_of_five, all_of_them, rows, 5) == pytest.approx(2 / 5)
    assert recall(all_of_them, flat(ids_of(), copies[:0]), rows, 5) == 1.0
