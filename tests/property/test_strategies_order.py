"""The order of the pool decides nothing but ties; and what margin with k-means must take.

Not promised, by definition: random choice, k-means seeds, margin with k-means, TypiClust, ProbCover
and DropQuery (k-means starts from rows drawn by position; DropQuery hides features by position),
BADGE (it draws each pick), the hunt for rare labels (a part is by lot), k-center with nothing
labelled (it starts by lot).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_vectors import unit_rows, with_copies

from tiebreak import registry
from tiebreak.domain.ports import Pool
from tiebreak.learner.calibration import softmax
from tiebreak.learner.heads import LinearHead
from tiebreak.learner.strategies._diverse import distinct
from tiebreak.learner.strategies._kmeans import assign_clusters, cluster
from tiebreak.learner.strategies.margin_kmeans import WIDTH, MarginKMeans
from tiebreak.learner.strategies.uncertainty import by_uncertainty, uncertainty

SETTLED = [
    "committee",
    "density_weighted",
    "entropy",
    "k_center",
    "least_confidence",
    "margin",
    "maxherding",
    "uncertainty_herding",
]
CLASSES = ("a", "b", "c", "d")


def pool_of(seed, size):
    rng = np.random.default_rng(seed)
    vectors, labelled = unit_rows(rng, size, 6), unit_rows(rng, 12, 6)
    coef, bias = 3 * rng.normal(size=(4, 6)), rng.normal(size=4)
    head = LinearHead(classes=CLASSES, c=30.0, coef=coef, intercept=bias)
    return Pool(
        vectors=vectors,
        labelled=labelled,
        probabilities=softmax(head.logits(vectors)),
        n_classes=4,
        labels=tuple(CLASSES[i % 4] for i in range(12)),
        head=head,
    )


@pytest.mark.parametrize("name", SETTLED)
@settings(max_examples=15)
@given(seed=st.integers(0, 2**16), size=st.integers(2, 80), n=st.integers(1, 20))
def test_a_shuffled_pool_gives_the_same_records(name, seed, size, n):
    pool = pool_of(seed, size)
    shuffle = np.random.default_rng(seed + 1).permutation(size)
    turned = Pool(
        vectors=pool.vectors[shuffle],
        labelled=pool.labelled,
        probabilities=pool.probabilities[shuffle],
        n_classes=4,
        labels=pool.labels,
        head=pool.head,
    )
    strategy = registry.find("strategies", name)()
    one = strategy.query(pool, n, np.random.default_rng(seed))
    other = strategy.query(turned, n, np.random.default_rng(seed))
    for left, right in zip(one, other, strict=True):
        deciding = next(iter(left.utilities))  # the others may differ where this one ties
        assert left.utilities[deciding] == pytest.approx(right.utilities[deciding], abs=1e-4)
        if left.position != shuffle[right.position]:
            break  # a tie: as good as each other, whatever comes after


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    size=st.integers(1, 300),
    different=st.integers(1, 300),
    n=st.integers(1, 12),
)
def test_margin_kmeans_takes_one_per_cell_of_the_most_doubtful(seed, size, different, n):
    vectors = with_copies(np.random.default_rng(seed), size, 8, different)
    p = softmax(np.random.default_rng(seed).normal(size=(size, 3)))
    pool = Pool(vectors=vectors, labelled=vectors[:0], probabilities=p, n_classes=3)
    picks = [pick.position for pick in MarginKMeans().query(pool, n, np.random.default_rng(5))]

    rng = np.random.default_rng(5)
    candidates, clear = distinct(vectors, by_uncertainty(pool, "margin", rng).order, WIDTH * n)
    cells = cluster(vectors[candidates[:clear]], n, rng)
    first = picks[: len(cells.sizes)]
    of, _ = assign_clusters(vectors[first], cells.centres)
    assert sorted(of.tolist()) == list(range(len(cells.sizes)))
    # the top by margin once copies are struck: nothing distinct and more doubtful is left out
    assert set(first) <= set(candidates[:clear].tolist())
    doubt = uncertainty(pool, "margin")
    alike = vectors @ vectors.T > 0.97
    better = np.flatnonzero(doubt > doubt[first].min() + 1e-12)
    assert sum(not alike[i, candidates[:clear]].any() for i in better) == 0
    copies = alike[np.ix_(picks, picks)] & ~np.eye(len(picks), dtype=bool)
    assert not copies[: len(first), : len(first)].any()
    distinct_texts = len(np.unique(vectors, axis=0))
    if distinct_texts >= n and clear >= n and len(cells.sizes) == n:
        assert not copies.any()
