"""small-text's strategies, its own code, on given vectors and a head that is fitted already.

Settings are its defaults. Its chance is NumPy's global state, which is seeded before each batch.
SEALS needs hnswlib and BALD a network with dropout: neither is compared.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from small_text import (
    BreakingTies,
    ContrastiveActiveLearning,
    DiscriminativeActiveLearning,
    EmbeddingKMeans,
    GreedyCoreset,
    LeastConfidence,
    LightweightCoreset,
    PredictionEntropy,
    SklearnClassifierFactory,
    SklearnDataset,
)

from tiebreak.domain.ports import Head
from tiebreak.learner.calibration import softmax

UNCERTAIN: dict[str, Any] = {
    "breaking_ties": BreakingTies,
    "least_confidence": LeastConfidence,
    "entropy": PredictionEntropy,
}
EMBEDDED: dict[str, Any] = {
    "embedding_kmeans": EmbeddingKMeans,
    "greedy_coreset": GreedyCoreset,
    "lightweight_coreset": LightweightCoreset,
}
ITERATIONS = 10
"""Of discriminative active learning, which has no default; its paper uses 10 to 20."""


class Fitted:
    """A head of ours behind the interface that its strategies ask."""

    def __init__(self, head: Head | None) -> None:
        self._head = head

    def predict_proba(self, data: Any) -> np.ndarray:
        """float64[n, k] of a data set or a view on one."""
        assert self._head is not None
        return softmax(self._head.logits(np.asarray(data.x, dtype=np.float32)))

    def embed(self, data: Any, return_proba: bool = False, pbar: object = None) -> Any:
        """The vectors themselves, with probabilities where they are asked for."""
        return (data.x, self.predict_proba(data)) if return_proba else data.x


class SmallText:
    """A `ask.Asker`."""

    def __init__(self, name: str, vectors: np.ndarray, n_classes: int, seed: int) -> None:
        self._name, self._vectors, self._n_classes, self._seed = name, vectors, n_classes, seed
        self._strategy = _create(name)

    def ask(
        self,
        open_ids: np.ndarray,
        chosen: np.ndarray,
        targets: np.ndarray,
        head: Head | None,
        n: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See `ask.Asker`."""
        labels = np.zeros(len(self._vectors), dtype=np.int64)  # it reads only those of *chosen*
        labels[chosen] = targets
        data = SklearnDataset(self._vectors, labels, target_labels=np.arange(self._n_classes))
        more: dict[str, Any] = {}
        if self._name in EMBEDDED:
            more = {"embeddings": self._vectors[np.concatenate([open_ids, chosen])], "pbar": None}
        np.random.seed([self._seed, len(chosen)])  # noqa: NPY002  what it draws from
        return np.asarray(
            self._strategy.query(Fitted(head), data, open_ids, chosen, targets, n=n, **more)
        )


def _create(name: str) -> Any:
    if name == "contrastive":
        return ContrastiveActiveLearning(pbar=None)
    if name == "discriminative":
        from sklearn.linear_model import LogisticRegression

        factory = SklearnClassifierFactory(LogisticRegression(C=30.0, max_iter=300), 2)
        return DiscriminativeActiveLearning(factory, ITERATIONS, pbar=None)
    with warnings.catch_warnings():  # GreedyCoreset tells of a default that changed in 1.2
        warnings.simplefilter("ignore", UserWarning)
        return (UNCERTAIN | EMBEDDED)[name]()
