"""The logistic head against scikit-learn, its quiet, its threads, its imports."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from blobs import blobs
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info

from tiebreak.learner._threads import one_thread
from tiebreak.learner.calibration import softmax
from tiebreak.learner.classifiers import logistic


@pytest.mark.parametrize("groups", [2, 3])
def test_probabilities_are_scikit_learns(groups):
    vectors, of = blobs(np.random.default_rng(0), [10] * groups, noise=0.6)
    classes = tuple("cab"[:groups])
    head = logistic.create().fit(vectors, [classes[i] for i in of], classes, 3.0)
    theirs = LogisticRegression(C=3.0, max_iter=300).fit(vectors.astype(np.float64), of)
    assert softmax(head.logits(vectors)) == pytest.approx(
        theirs.predict_proba(vectors.astype(np.float64)), abs=1e-9
    )


def test_an_unfinished_fit_is_quiet_and_says_so(monkeypatch):
    vectors, of = blobs(np.random.default_rng(0), [10, 10, 10])
    labels, classes = [str(i) for i in of], ("0", "1", "2")
    assert logistic.create().fit(vectors, labels, classes, 1.0).converged
    monkeypatch.setattr(logistic, "MAX_ITER", 2)
    assert not logistic.create().fit(vectors, labels, classes, 1.0).converged


def test_the_thread_limit_ends_with_its_block():
    before = [pool["num_threads"] for pool in threadpool_info()]
    with one_thread():
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_the_learner_loads_nothing_heavy_until_it_is_used():
    code = (
        "import sys\n"
        "import tiebreak.learner.heads, tiebreak.learner.choose_c\n"
        "import tiebreak.learner.opinion.routing\n"
        "import tiebreak.learner.estimation.accuracy, tiebreak.learner.label_space\n"
        "import tiebreak.learner.strategies.margin_kmeans\n"
        "import tiebreak.learner.strategies.kmeans_seeds\n"
        "print([m for m in ('sklearn', 'scipy', 'threadpoolctl') if m in sys.modules])\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
