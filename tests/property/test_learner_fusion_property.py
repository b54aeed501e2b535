"""What holds of every fusion: probabilities, order of labels, and which way an answer pulls."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from tiebreak.learner.opinion.confidence import ConfidenceCurve
from tiebreak.learner.opinion.fusion import Fusion, fit_fusion, fuse

CURVE = ConfidenceCurve(intercept=0.3, slope=0.8, n=50)


@st.composite
def opinions(draw):
    """Probabilities [m, k] (with zeros), answers and confidences."""
    k = draw(st.integers(2, 6))
    m = draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    p = rng.dirichlet(np.full(k, 0.5), m)
    p[p < 0.02] = 0
    p /= p.sum(axis=1, keepdims=True)
    confidence = np.where(rng.random(m) < 0.3, np.nan, rng.random(m))
    return p, rng.integers(-1, k, m), confidence


def fusions():
    return st.builds(
        Fusion,
        temperature=st.floats(0.2, 5),
        right=st.floats(0.05, 0.999),
        weight=st.floats(0, 1),
        curve=st.sampled_from([None, CURVE]),
    )


@given(opinions(), fusions())
def test_rows_are_probabilities(given_, fusion):
    p, said, confidence = given_
    q = fuse(fusion, p, said, confidence)
    assert q.shape == p.shape
    assert (q >= 0).all()
    np.testing.assert_allclose(q.sum(axis=1), 1)


@given(opinions(), fusions())
def test_rows_do_not_depend_on_each_other(given_, fusion):
    p, said, confidence = given_
    whole = fuse(fusion, p, said, confidence)
    alone = [
        fuse(fusion, p[i : i + 1], said[i : i + 1], confidence[i : i + 1])[0] for i in range(len(p))
    ]
    np.testing.assert_allclose(whole, alone, atol=1e-12)


@given(opinions(), fusions(), st.randoms(use_true_random=False))
def test_the_order_of_labels_does_not_matter(given_, fusion, random):
    p, said, confidence = given_
    order = list(range(p.shape[1]))
    random.shuffle(order)
    moved = np.array([order.index(y) if y >= 0 else -1 for y in said])
    np.testing.assert_allclose(
        fuse(fusion, p[:, order], moved, confidence),
        fuse(fusion, p, said, confidence)[:, order],
        atol=1e-12,
    )


@given(opinions(), st.floats(0.2, 5), st.floats(0.05, 0.99), st.floats(0.05, 0.99))
def test_a_better_agent_is_believed_more(given_, temperature, one, other):
    p, said, _ = given_
    worse, better = sorted((one, other))
    at, label = np.flatnonzero(said >= 0), said[said >= 0]
    low = fuse(Fusion(temperature=temperature, right=worse), p, said)[at, label]
    high = fuse(Fusion(temperature=temperature, right=better), p, said)[at, label]
    assert (high >= low - 1e-12).all()


@given(opinions(), st.integers(0, 2**32 - 1))
def test_fitting_gives_chances_and_a_table_of_them(given_, seed):
    p, said, confidence = given_
    rng = np.random.default_rng(seed)
    many = rng.integers(0, len(p), 120)
    truth = rng.integers(0, p.shape[1], 120)
    fusion = fit_fusion(p[many], said[many], truth, confidence[many])
    table = fusion.confusion(p.shape[1])
    assert 0 < fusion.right < 1
    assert 0 <= fusion.weight <= 1
    assert (table > 0).all()
    np.testing.assert_allclose(table.sum(axis=1), 1)
    assert fusion.n == (said[many] >= 0).sum()
    assert all(np.isfinite(value) for _, value in fusion.parameters())
