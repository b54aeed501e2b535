"""Who is compared: a library's strategy, how it starts, and which head it works with.

`tiebreak_default` is the product as it comes: its default strategy and cold start, its head (which
reads the labels' names too), its choice of C, its control arm of 10 % by lot. All others, ours and
the peers', have the same plain logistic head (C = 30) and no control arm, so that only the choice
of records differs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tiebreak.config import SelectPart
from tiebreak.learner.choose_c import DEFAULT_C, needs_choice
from tiebreak.learner.label_space import SINGLE
from tiebreak.models.head_selection import (
    BASELINE_HEAD,
    DEFAULT_HEAD,
    baseline_wins,
    compare_heads,
)
from tiebreak.models.head_selection import (
    TrainingData as Labelled,
)
from tiebreak.models.train import MAX_UNLABELLED
from tiebreak.registry import find, known

PRODUCT_HEAD = DEFAULT_HEAD

OURS, SKA, SMALL = "tiebreak", "scikit-activeml", "small-text"
SHORT = {OURS: "tiebreak", SKA: "skactiveml", SMALL: "small_text"}
RANDOM = "random_uniform"
BASELINE, PRODUCT, PLAIN = "random", "tiebreak_default", "tiebreak_default_logistic"
PRODUCT_RANDOM = "random_product_head"
CONTROL = SelectPart().control_share


@dataclass(frozen=True)
class Contender:
    """``cold`` chooses the first batch, ``strategy`` the others; ``cold`` "random" is by lot."""

    key: str
    library: str
    strategy: str
    cold: str
    head: str = "logistic"
    control: float = 0.0


class TooBig(Exception):
    """What a strategy would allocate does not fit; ``gib`` says how much it is."""

    def __init__(self, gib: float) -> None:
        super().__init__(f"would need about {gib:.0f} GiB")
        self.gib = gib


def _ours() -> list[Contender]:
    """The product, what its parts alone are worth, and every strategy in the registry."""
    settings = SelectPart()
    default, cold = settings.strategy, settings.cold_strategy
    made = [
        Contender(BASELINE, OURS, RANDOM, "random"),
        Contender(PRODUCT, OURS, default, cold, "product", CONTROL),
        Contender(PRODUCT_RANDOM, OURS, RANDOM, "random", "product"),
        Contender(PLAIN, OURS, default, cold),
        Contender("tiebreak_default_random_start", OURS, default, "random"),
        Contender("tiebreak_margin_random_start", OURS, "margin", "random"),
    ]
    others = [name for name in known("strategies") if name not in (RANDOM, default)]
    return [*made, *(Contender(f"tiebreak_{name}", OURS, name, cold) for name in others)]


_WARM = {
    SKA: (
        *("margin", "least_confident", "entropy", "badge", "typi_clust", "core_set"),
        *("contrastive_al", "drop_query", "falcun", "clue", "prob_cover", "max_herding"),
    ),
    SMALL: (
        *("breaking_ties", "least_confidence", "entropy", "embedding_kmeans", "greedy_coreset"),
        *("lightweight_coreset", "contrastive", "discriminative"),
    ),
}
_COLD = {
    SKA: (
        *(("typi_clust", w) for w in ("typi_clust", "margin", "badge")),
        *((c, c) for c in ("core_set", "prob_cover", "max_herding")),
    ),
    SMALL: (
        ("embedding_kmeans", "embedding_kmeans"),
        ("embedding_kmeans", "breaking_ties"),
        ("lightweight_coreset", "lightweight_coreset"),
    ),
}


def _peers() -> list[Contender]:
    """Each peer's strategies from a random start, and from its own where it has one."""
    made = []
    for library, short in ((SKA, SHORT[SKA]), (SMALL, SHORT[SMALL])):
        for name in _WARM[library]:
            made.append(Contender(f"{short}_{name}", library, name, "random"))
        for cold, warm in _COLD[library]:
            way = "own_start" if cold == warm else f"from_{cold}"
            made.append(Contender(f"{short}_{warm}_{way}", library, warm, cold))
    return made


CONTENDERS = {c.key: c for c in (*_ours(), *_peers())}


def settings_of(key: str, *, quick: bool) -> dict[str, Any]:
    """What a result depends on beside the code; one with other settings does not count."""
    settings = asdict(CONTENDERS[key])
    if settings["head"] == "product":
        settings["head"] = PRODUCT_HEAD
    return {**settings, "quick": quick}


class Trainer:
    """Fits a contender's head after each batch; the product's as workflow/train.py does: C and the
    kind of head are chosen anew when the labels have grown by half, the latter on its control arm.

    ``names`` float32[k, d] are the vectors of the classes' names; only the product reads them.
    """

    def __init__(
        self, kind: str, classes: tuple[str, ...], names: np.ndarray, rng: np.random.Generator
    ) -> None:
        self._kind, self._classes, self._names, self._rng = kind, classes, names, rng
        self._c, self._chosen_at, self._head = DEFAULT_C, 0, PRODUCT_HEAD

    def fit(
        self, vectors: np.ndarray, targets: np.ndarray, rest: np.ndarray, control: np.ndarray
    ) -> object:
        """A head from labelled float32[n, d], int[n], and *rest* float32[m, d] of the pool.

        *control* are the positions of the labelled rows that were drawn by lot.
        """
        labels = [self._classes[t] for t in targets.tolist()]
        if self._kind == "logistic":
            return find("classifiers", "logistic")().fit(vectors, labels, self._classes, DEFAULT_C)
        due = needs_choice(len(labels), self._chosen_at, len(self._classes))
        if due:
            values = [(label,) for label in labels]
            self._c = SINGLE.choose_c(vectors, values, self._classes, self._rng)
            self._chosen_at = len(labels)
        data = Labelled(
            vectors=vectors,
            labels=labels,
            classes=self._classes,
            c=self._c,
            control=control,
            unlabelled=rest[self._rng.permutation(len(rest))[:MAX_UNLABELLED]],
            prototypes=self._names,
        )
        if due and len(control):
            challenger, baseline = (find("classifiers", k)() for k in (PRODUCT_HEAD, BASELINE_HEAD))
            lost = baseline_wins(compare_heads(data, challenger, baseline, self._rng))
            self._head = BASELINE_HEAD if lost else PRODUCT_HEAD
        return data.fit(find("classifiers", self._head)())
