from __future__ import annotations

import numpy as np
import pytest
from unit_vectors import near_to, unit_rows

from tiebreak import registry
from tiebreak.retrieval.neighbours import nearest_labelled


@pytest.fixture(params=registry.known("indexes"))
def make(request):
    return registry.find("indexes", request.param)


def filled(make, ids, rows):
    index = make(rows.shape[1])
    index.add(np.array(ids, dtype=np.int64), rows)
    return index


def at_cosines(cosines, rng):
    base = unit_rows(rng, 1, 64)[0]
    return base, np.stack([near_to(base, c, rng) for c in cosines])


def test_best_first_without_near_copies_or_the_record_itself(make):
    base, rows = at_cosines([0.99, 0.7, 0.97, 0.5, 0.8], np.random.default_rng(0))
    index = filled(make, [1, 2, 3, 4, 5], rows)
    (found,) = nearest_labelled(index, base[None], 3)
    assert [i for i, _ in found] == [3, 5, 2]
    assert [s for _, s in found] == pytest.approx([0.97, 0.8, 0.7], abs=1e-5)
    (found,) = nearest_labelled(index, base[None], 3, query_ids=np.array([3]))
    assert [i for i, _ in found] == [5, 2, 4]


def test_copies_without_end_do_not_hide_what_lies_behind_them(make):
    rng = np.random.default_rng(1)
    base, rows = at_cosines([0.9, 0.8], rng)
    copies = np.repeat(base[None], 500, axis=0)
    index = filled(make, [*range(1000, 1500), 7, 8], np.concatenate([copies, rows]))
    assert [[i for i, _ in row] for row in nearest_labelled(index, base[None], 2)] == [[7, 8]]


def test_at_most_so_many_of_a_label(make):
    base, rows = at_cosines(np.linspace(0.9, 0.3, 60), np.random.default_rng(2))
    index = filled(make, range(60), rows)
    labels = {i: "a" if i < 55 else "b" for i in range(60)}
    (found,) = nearest_labelled(index, base[None], 4, labels=labels, per_class=2)
    assert [i for i, _ in found] == [0, 1, 55, 56]
    (found,) = nearest_labelled(index, base[None], 4, labels=labels)
    assert [i for i, _ in found] == [0, 1, 2, 3]


def test_fewer_labelled_records_than_asked_for(make):
    base, rows = at_cosines([0.9, 0.99], np.random.default_rng(3))
    assert nearest_labelled(make(64), base[None], 3) == [[]]
    index = filled(make, [1, 2], rows)
    assert [[i for i, _ in row] for row in nearest_labelled(index, base[None], 3)] == [[1]]
    assert nearest_labelled(index, base[None], 0) == [[]]
    assert nearest_labelled(index, np.zeros((0, 64), dtype=np.float32), 3) == []
