"""Retrieval and learning: encoders, indexes, query strategies, classifiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Ids
from tiebreak.domain.labels import LabelValue


class Embedder(Protocol):
    """Texts to unit vectors. ``id`` names the weights exactly: equal ids give equal vectors."""

    id: str
    dim: int
    window: int

    def embed(self, texts: Sequence[str]) -> Floats:
        """float32[n, dim], L2-normalised, in the order given."""
        ...

    def cut(self, texts: Sequence[str]) -> int:
        """How many of the texts are longer than the encoder's window of ``window`` tokens."""
        ...


class VectorIndex(Protocol):
    """Inner-product search over unit vectors (so: cosine)."""

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Add rows; ids must be new, or it is a `UsageError`."""
        ...

    def remove(self, ids: Ids) -> int: ...

    def search(self, vectors: Floats, k: int) -> tuple[Ids, Floats]:
        """ids int64[m, k], cosines float32[m, k]; best first, ties by id; missing: -1, -inf."""
        ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """What a query strategy may look at.

    ``vectors`` float32[n, d] of the candidates; ``labelled`` float32[m, d] of what is labelled;
    ``probabilities`` float64[n, k] of the candidates under the current head, None before one.
    ``n_classes`` is the number of names in the schema. ``labels`` are the label names of the
    first ``len(labels)`` rows of ``labelled`` (rows after them are chosen, but not labelled yet);
    ``head`` is the current head. Both may be absent, and a strategy then does without.
    ``multiple``: any number of labels may apply to a record. Each of ``probabilities`` is then
    that its label applies, ``sets`` are the label values of those rows, and ``labels`` is empty.
    """

    vectors: Floats
    labelled: Floats
    probabilities: Floats64 | None
    n_classes: int
    labels: tuple[str, ...] = ()
    head: Head | None = None
    multiple: bool = False
    sets: tuple[LabelValue, ...] = ()

    @property
    def values(self) -> tuple[LabelValue, ...]:
        """The label values that ``labels`` or ``sets`` give, one for each of these rows."""
        return self.sets if self.multiple else tuple((name,) for name in self.labels)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pick:
    """One choice: a position in `Pool.vectors`, the numbers that led to it, the reason in words."""

    position: int
    utilities: Mapping[str, float]
    reason: str


class QueryStrategy(Protocol):
    """Chooses what would teach the head most. Stateless; all chance comes from ``rng``."""

    name: str

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks (fewer only if the pool runs out), no position twice, no two picks
        with cosine above .97 while others remain."""
        ...


HeadLink = Literal["softmax", "sigmoid"]
"""How logits become probabilities: one label of all, or each label by itself."""


class Head(Protocol):
    """A trained classifier over unit vectors. Probabilities are over ``classes``, the schema's
    names in schema order, by ``link``; a class without a training row has probability 0."""

    @property
    def link(self) -> HeadLink: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def c(self) -> float: ...

    def logits(self, vectors: Floats) -> Floats64:
        """float64[n, k] unnormalised log-probabilities; -inf for a class never seen."""
        ...


class Classifier(Protocol):
    """Trains heads. Stateless and deterministic: equal input gives an equal head."""

    name: str

    def fit(
        self,
        vectors: Floats,
        labels: Sequence[str],
        classes: tuple[str, ...],
        c: float,
        sample_weight: Floats64 | None = None,
        *,
        unlabelled: Floats | None = None,
        prototypes: Floats | None = None,
    ) -> Head | None:
        """A head from float32[n, d] and n names out of *classes* (schema order).

        ``c`` is the inverse strength of regularisation. ``unlabelled`` float32[m, d] are rows of
        the pool and ``prototypes`` float32[k, d] unit vectors of the classes' names, which a
        semi-supervised one learns from too; others leave them alone. None where there is nothing
        to learn from: no row (and no use made of prototypes). A label outside *classes* is a
        `LabelError`.
        """
        ...


class SetClassifier(Protocol):
    """Trains heads with a sigmoid link, for records to which any number of labels may apply.
    Stateless and deterministic."""

    name: str

    def fit(
        self, vectors: Floats, sets: Sequence[LabelValue], classes: tuple[str, ...], c: float
    ) -> Head | None:
        """A head from float32[n, d] and n label values of *classes*; None for n = 0.

        ``c`` is the inverse strength of regularisation. A label outside *classes* is a
        `LabelError`.
        """
        ...
