"""Strategies that ask a model: entropy and its kin, committee, density, BADGE, DropQuery."""

from __future__ import annotations

import numpy as np
import pytest
from blobs import blobs
from unit_vectors import unit_rows

from tiebreak.domain.ports import Pool
from tiebreak.learner import label_space
from tiebreak.learner.calibration import softmax
from tiebreak.learner.classifiers.logistic import Logistic
from tiebreak.learner.heads import LinearHead
from tiebreak.learner.label_space import SINGLE
from tiebreak.learner.strategies import dropquery, uncertainty as sampling
from tiebreak.learner.strategies.badge import Badge, Gradients
from tiebreak.learner.strategies.committee import Committee, votes
from tiebreak.learner.strategies.density_weighted import DensityWeighted, density
from tiebreak.learner.strategies.dropquery import DropQuery, changes
from tiebreak.learner.strategies.uncertainty import UncertaintySampling, uncertainty

P = np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [1.0, 0.0, 0.0], [0.45, 0.55, 0.0]])


def rng(seed=0):
    return np.random.default_rng(seed)


def pool_of(vectors, p=None, **more):
    given = {"labelled": vectors[:0], "n_classes": 3, **more}
    return Pool(vectors=vectors, probabilities=p, **given)


def chosen(picks):
    return [pick.position for pick in picks]


def trained(vectors, of, rows):
    """A pool with the head trained on some of its rows, and those rows' labels."""
    labels = tuple(f"label-{of[i]}" for i in rows)
    classes = tuple(f"label-{i}" for i in range(int(of.max()) + 1))
    head = Logistic().fit(vectors[rows], labels, classes, 30.0)
    p = softmax(head.logits(vectors))
    return pool_of(vectors, p, labelled=vectors[rows], labels=labels, head=head)


def test_measures_of_doubt_on_a_case_by_hand(monkeypatch):
    monkeypatch.setattr(sampling, "_CHUNK", 3)
    pool = pool_of(np.eye(4, dtype=np.float32), P)
    assert uncertainty(pool, "least_confidence") == pytest.approx([0.5, 0.6, 0.0, 0.45])
    assert uncertainty(pool, "entropy") == pytest.approx([1.02965, 1.05492, 0.0, 0.68814], abs=1e-5)


def test_least_confidence_and_entropy_rank_differently():
    pool = pool_of(np.eye(4, dtype=np.float32), np.array([[0.5, 0.5, 0], [0.6, 0.2, 0.2]] * 2))
    assert {
        i % 2 for i in chosen(UncertaintySampling("least_confidence").query(pool, 2, rng()))
    } == {0}
    picks = UncertaintySampling("entropy").query(pool, 2, rng())
    assert {i % 2 for i in chosen(picks)} == {1}
    assert "between 2.6 equal labels (entropy 0.95), number 1 of 4 by doubt" in picks[0].reason


def test_vote_entropy_on_a_case_by_hand():
    cast = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 1, 2, 3], [2, 2, 2, 1]])
    wanted = [0, np.log(2), np.log(4), -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))]
    assert vote_entropy(cast) == pytest.approx(wanted)


def vote_entropy(cast):
    """Of votes int64[n, M], one label of each of M members."""
    return SINGLE.vote_entropy(cast[:, [member]] for member in range(cast.shape[1])).entropy


def cast_by(pool):
    """The votes int64[n, M] of the committee's members on single labels."""
    return np.concatenate(list(votes(pool, rng())), axis=1)


def test_a_committee_parts_where_its_labels_meet():
    vectors, of = blobs(rng(), [40, 40, 40], noise=0.1)
    between = (vectors[of == 0][:10] + vectors[of == 1][:10]).astype(np.float32)
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    pool = trained(vectors, of, list(range(0, 120, 6)))
    everything = np.concatenate([vectors, between])
    asked = pool_of(
        everything,
        softmax(pool.head.logits(everything)),
        labelled=pool.labelled,
        labels=pool.labels,
        head=pool.head,
    )
    cast = cast_by(asked)
    assert cast.shape == (130, 6)
    assert (cast[:120] == of[:, None]).all()
    picks = Committee().query(asked, 3, rng())
    assert min(chosen(picks)) >= 120
    assert picks[0].utilities["vote_entropy"] == vote_entropy(cast).max() > 0
    split = np.sort(np.bincount(cast[picks[0].position]))[::-1]
    assert f"6 models vote {' : '.join(str(c) for c in split if c)}" in picks[0].reason


def test_the_members_differ_in_c_and_in_what_they_saw(monkeypatch):
    fits = []

    class Watching(Logistic):
        def fit(self, vectors, labels, classes, c, sample_weight=None):
            fits.append((c, vectors))
            return super().fit(vectors, labels, classes, c, sample_weight)

    vectors, of = blobs(rng(), [30, 30])
    pool = trained(vectors, of, list(range(0, 60, 2)))
    monkeypatch.setattr(label_space, "Logistic", Watching)
    cast = cast_by(pool)
    assert [c for c, _ in fits] == pytest.approx([3, 300, 30, 30])
    for _, rows in fits[:2]:
        assert np.array_equal(rows, pool.labelled)
    for _, rows in fits[2:]:
        assert len(rows) == 30 > len(np.unique(rows, axis=0))
    assert not np.array_equal(fits[2][1], fits[3][1])
    assert (cast[:, -1] == pool.probabilities.argmax(axis=1)).all()


def test_a_committee_needs_labels_alone():
    vectors, of = blobs(rng(), [30, 30], noise=0.1)
    full = trained(vectors, of, list(range(0, 60, 4)))
    bare = pool_of(vectors, labelled=full.labelled, labels=full.labels)
    assert (cast_by(bare) == of[:, None]).all()


def test_a_tied_committee_is_ranked_by_margin():
    vectors, of = blobs(rng(), [40, 40], noise=0.1)
    pool = trained(vectors, of, [0, 1, 2, 40, 41, 42])
    assert not vote_entropy(cast_by(pool)).any()
    picks = Committee().query(pool, 5, rng())
    margins = np.abs(np.diff(pool.probabilities, axis=1)[:, 0])
    assert chosen(picks) == np.argsort(margins)[:5].tolist()


def test_density_is_the_mean_cosine_to_the_pool():
    vectors = unit_rows(rng(), 50, 6)
    wanted = np.maximum(0, (vectors.astype(np.float64) @ vectors.T.astype(np.float64)).mean(axis=1))
    assert density(vectors) == pytest.approx(wanted, abs=1e-6)


def test_density_weighted_is_the_product():
    vectors, _ = blobs(rng(), [60, 20], noise=0.2)
    p = softmax(rng().normal(size=(80, 4)))
    pool = pool_of(vectors, p)
    picks = DensityWeighted().query(pool, 5, rng())
    product = uncertainty(pool, "entropy") * density(vectors)
    assert chosen(picks) == np.argsort(-product)[:5].tolist()
    assert picks[0].utilities["information_density"] == pytest.approx(product.max())


def embeddings(vectors, p):
    """The gradients that `Gradients` never builds: float64[n, k * d]."""
    errors = p - np.eye(p.shape[1])[p.argmax(axis=1)]
    return np.einsum("nk,nd->nkd", errors, vectors.astype(np.float64)).reshape(len(p), -1)


def test_factorised_distances_are_those_of_the_gradients():
    vectors = (unit_rows(rng(), 40, 7) * np.linspace(0.5, 2, 40)[:, None]).astype(np.float32)
    p = softmax(rng().normal(size=(40, 5)))
    p[:, 4] = 0.0  # never seen
    p /= p.sum(axis=1, keepdims=True)
    gradients, explicit = Gradients(vectors, SINGLE.errors(p)), embeddings(vectors, p)
    assert gradients.squares == pytest.approx((explicit**2).sum(axis=1), abs=1e-6)
    for at in (0, 17, 39):
        squared, cosines = gradients.distances(at)
        assert squared == pytest.approx(((explicit - explicit[at]) ** 2).sum(axis=1), abs=2e-6)
        assert cosines == pytest.approx(vectors @ vectors[at])


def test_badge_draws_in_proportion_to_the_squared_distance():
    vectors = np.eye(4, dtype=np.float32)
    p = np.array([[0.5, 0.5], [0.6, 0.4], [0.7, 0.3], [1.0, 0.0]])
    explicit = embeddings(vectors, p)
    squared = ((explicit - explicit[0]) ** 2).sum(axis=1)
    second = np.zeros(4)
    for seed in range(2000):
        first, then = chosen(Badge().query(pool_of(vectors, p), 2, rng(seed)))
        assert first == 0  # the longest gradient
        second[then] += 1
    share = squared / squared.sum()
    assert (np.abs(second / 2000 - share) < 4 * np.sqrt(share * (1 - share) / 2000) + 1e-9).all()


def test_badge_tells_the_distance_to_the_nearest_earlier_pick():
    vectors, p = unit_rows(rng(), 60, 8), softmax(rng().normal(size=(60, 4)))
    explicit = embeddings(vectors, p)
    picks = Badge().query(pool_of(vectors, p), 12, rng())
    for i, pick in enumerate(picks[1:], start=1):
        gaps = np.linalg.norm(explicit[chosen(picks[:i])] - explicit[pick.position], axis=1)
        assert pick.utilities["distance"] == pytest.approx(gaps.min(), abs=1e-5)


def test_badge_on_a_certain_model_still_fills_the_batch():
    vectors = unit_rows(rng(), 20, 8)
    certain = np.tile([1.0, 0.0], (20, 1))
    assert len(set(chosen(Badge().query(pool_of(vectors, certain), 10, rng())))) == 10


class Counting:
    """A head that says 0, but 1 to a vector with a hidden first feature."""

    classes = ("a", "b")
    c = 1.0

    def logits(self, vectors):
        shown = vectors[:, 0] != 0
        return np.stack([shown, ~shown], axis=1).astype(np.float64)


def test_dropout_hides_three_features_of_four_and_scales_the_rest():
    seen = []

    class Watching(Counting):
        def logits(self, vectors):
            seen.append(vectors)
            return super().logits(vectors)

    vectors = unit_rows(rng(), 400, 50)
    changed = changes(vectors, Watching(), rng())
    assert changed.mean() == pytest.approx(3 * 0.75, abs=0.15)
    plain, *passes = seen
    assert plain is not None and len(passes) == 3
    for dropped in passes:
        kept = dropped != 0
        assert kept.mean() == pytest.approx(0.25, abs=0.02)
        assert dropped[kept] == pytest.approx(4 * vectors[kept])
    assert (changed == sum(dropped[:, 0] == 0 for dropped in passes)).all()


def test_dropquery_takes_one_of_each_group_of_those_that_waver():
    one = np.ones(64)
    # of groups 0 and 1 all features say the same; of 2 and 3 one half says this, the other that
    signs = np.stack([one, -one, np.tile([1, -1], 32), np.tile([1, 1, -1, -1], 16)])
    of = np.repeat(np.arange(4), 300)
    vectors = signs[of] + 0.2 * rng().normal(size=(1200, 64))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    coef, none = np.stack([one, -one]), np.zeros(2)
    head = LinearHead(classes=("a", "b"), c=1.0, coef=coef, intercept=none)
    pool = pool_of(vectors, softmax(head.logits(vectors)), head=head)
    picks = DropQuery().query(pool, 2, rng())
    assert sorted(of[chosen(picks)]) == [2, 3]
    assert "changed its label in" in picks[0].reason
    sizes = [pick.utilities["cluster_size"] for pick in picks]
    assert 50 <= sum(sizes) <= 600


@pytest.mark.parametrize(("wanted", "bar"), [(1, 2), (2, 2), (3, 1), (5, 1), (6, 0), (99, 0)])
def test_the_bar_is_lowered_one_pass_at_a_time(wanted, bar):
    assert dropquery._bar(np.array([3, 2, 1, 1, 1, 0, 0]), wanted) == bar


def test_the_bar_is_lowered_until_there_are_candidates_enough():
    vectors = unit_rows(rng(), 40, 8)
    head = LinearHead(
        classes=("a", "b"), c=1.0, coef=np.zeros((2, 8)), intercept=np.array([1.0, 0])
    )
    pool = pool_of(vectors, softmax(head.logits(vectors)), head=head)
    assert not changes(vectors, head, rng()).any()
    assert len(DropQuery().query(pool, 3, rng())) == 3
    assert sum(p.utilities["cluster_size"] for p in DropQuery().query(pool, 3, rng())) == 40
