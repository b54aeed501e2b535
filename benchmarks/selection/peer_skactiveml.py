"""scikit-activeml's strategies, its own code, on given vectors and a head that is fitted already.

Settings are its defaults, except what it has to be told (the number of classes for ProbCover).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from skactiveml.base import SkactivemlClassifier
from skactiveml.pool import (
    Badge,
    Clue,
    ContrastiveAL,
    CoreSet,
    DropQuery,
    Falcun,
    MaxHerding,
    ProbCover,
    TypiClust,
    UncertaintySampling,
)

from benchmarks.selection.contenders import TooBig
from tiebreak.domain.ports import Head
from tiebreak.learner.calibration import softmax

MAX_GIB = 8.0
"""Of what BADGE allocates at its peak; three times its gradient matrix."""

UNCERTAIN = {
    "margin": "margin_sampling",
    "least_confident": "least_confident",
    "entropy": "entropy",
}
PLAIN: dict[str, Any] = {"typi_clust": TypiClust, "core_set": CoreSet, "max_herding": MaxHerding}
HEADED: dict[str, Any] = {
    "badge": Badge,
    "contrastive_al": ContrastiveAL,
    "drop_query": DropQuery,
    "falcun": Falcun,
}


class Fitted(SkactivemlClassifier):
    """A head of ours behind the interface that its strategies ask."""

    def __init__(self, head: Head | None = None, n_classes: int = 2) -> None:
        super().__init__(classes=list(range(n_classes)), random_state=0)
        self.head, self.n_classes = head, n_classes
        self._validate_data(np.zeros((1, 1)), np.array([np.nan]))

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: object = None) -> Fitted:  # noqa: N803
        """It is fitted: the loop does that, once for every contender."""
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:  # noqa: N803
        """float64[n, k]."""
        assert self.head is not None
        return softmax(self.head.logits(np.asarray(X, dtype=np.float32)))


class Skactiveml:
    """A `ask.Asker`."""

    def __init__(self, name: str, vectors: np.ndarray, n_classes: int, seed: int) -> None:
        self._name, self._vectors, self._n_classes = name, vectors, n_classes
        self._strategy = _create(name, n_classes, seed)

    def ask(
        self,
        open_ids: np.ndarray,
        chosen: np.ndarray,
        targets: np.ndarray,
        head: Head | None,
        n: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See `ask.Asker`. Its chance comes from the seed that it was made with."""
        y = np.full(len(self._vectors), np.nan)
        y[chosen] = targets
        if self._name in PLAIN or self._name == "prob_cover":
            return np.asarray(self._strategy.query(self._vectors, y, batch_size=n))
        if self._name == "badge":
            gib = 3 * 8 * len(open_ids) * self._n_classes * self._vectors.shape[1] / 2**30
            if gib > MAX_GIB:
                raise TooBig(gib)
        fitted = Fitted(head, self._n_classes)
        if self._name == "clue":
            arguments = {"estimator": fitted, "fit_estimator": False}
        else:
            arguments = {"clf": fitted, "fit_clf": False}
        return np.asarray(self._strategy.query(self._vectors, y, batch_size=n, **arguments))


def _create(name: str, n_classes: int, seed: int) -> Any:
    if name in UNCERTAIN:
        return UncertaintySampling(method=UNCERTAIN[name], random_state=seed)
    if name == "prob_cover":
        return ProbCover(n_classes=n_classes, random_state=seed)
    if name == "clue":
        return Clue(random_state=seed)
    return (PLAIN | HEADED)[name](random_state=seed)
