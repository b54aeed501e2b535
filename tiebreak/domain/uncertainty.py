"""How unsure probabilities are: three measures, and the errors that the model expects of its guess,
each for one label of all and for sets of labels.

Labels of a set are taken as independent, as the head takes them. Where "two labels" are torn
between in a single-label project, in a multi-label one the question is one label against the
threshold of one half.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from tiebreak.domain.arrays import Floats64

MeasureName = Literal["margin", "least_confidence", "entropy"]

NEAR_TIE = 0.5
"""From this margin on a batch is not of torn records any more: the pool has few left."""


@dataclass(frozen=True, slots=True)
class Utility:
    """How a utility reads: its ``name`` among a pick's numbers, ``words`` for one value, and what
    it ranks ``by``."""

    name: str
    words: Callable[[float], str]
    by: str


@dataclass(frozen=True, slots=True)
class Measure(Utility):
    """A measure of doubt, with the formula ``of`` float64[n, k] probabilities for float64[n]."""

    of: Callable[[Floats64], Floats64]


def _margin(p: Floats64) -> Floats64:
    best = np.partition(p, -2, axis=1)[:, -2:]
    return np.asarray(1.0 - (best[:, 1] - best[:, 0]))


def _margin_words(utility: float) -> str:
    margin = 1 - utility
    torn = "is torn between two labels" if margin < NEAR_TIE else "leans to one label"
    return f"the model {torn} (margin {margin:.2f})"


def _entropy(p: Floats64) -> Floats64:
    # a class never seen has p = 0 and adds nothing
    return np.asarray(-(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1))


def binary_log(p: Floats64) -> Floats64:
    """p ln p + (1 - p) ln(1 - p) of each of float64[n, k]: a binary entropy in nats, negated; 0 for
    what is certain."""
    q = 1.0 - p
    on = p * np.log(np.where(p > 0, p, 1.0))
    off = q * np.log(np.where(q > 0, q, 1.0))
    return np.asarray(on + off)


OF_LABELS: Mapping[MeasureName, Measure] = {
    # 1 - (p1 - p2), in [0, 1]. Source: Scheffer et al., 2001.
    "margin": Measure("margin_utility", _margin_words, "doubt", _margin),
    # 1 - p1, in [0, 1 - 1/k]. Source: Lewis & Gale, 1994; Culotta & McCallum, 2005.
    "least_confidence": Measure(
        "least_confidence",
        lambda u: f"the model gives even its best label a probability of only {1 - u:.2f}",
        "doubt",
        lambda p: np.asarray(1.0 - p.max(axis=1)),
    ),
    # -sum p ln p, in nats. Source: Shannon, 1948; for queries Settles & Craven, 2008.
    "entropy": Measure(
        "entropy",
        lambda u: f"the model wavers as between {np.exp(u):.1f} equal labels (entropy {u:.2f})",
        "doubt",
        _entropy,
    ),
}
"""Of one label of all."""

OF_SETS: Mapping[MeasureName, Measure] = {
    # 1 - min_l |2 p_l - 1|, in [0, 1]: the label nearest to the threshold. Source: Brinker, On
    # active learning in multi-label classification, 2006 (its minimum over binary classifiers).
    "margin": Measure(
        "margin_utility",
        lambda u: f"the model is torn over whether a label applies (margin {1 - u:.2f})",
        "doubt",
        lambda p: np.asarray(1.0 - np.abs(2.0 * p - 1.0).min(axis=1)),
    ),
    # 1 - prod_l max(p_l, 1 - p_l), in [0, 1): that of the most probable set. Source: Culotta &
    # McCallum, 2005, whose sequences are sets here.
    "least_confidence": Measure(
        "least_confidence",
        lambda u: f"the model gives even its best set of labels a probability of only {1 - u:.2f}",
        "doubt",
        lambda p: np.asarray(1.0 - np.maximum(p, 1.0 - p).prod(axis=1)),
    ),
    # The sum of the labels' binary entropies, in nats: the entropy of the set. Shannon, 1948.
    "entropy": Measure(
        "entropy",
        lambda u: f"the model wavers as between {np.exp(u):.1f} equal sets (entropy {u:.2f})",
        "doubt",
        lambda p: np.asarray(-binary_log(p).sum(axis=1)),
    ),
}
"""Of any number of labels."""


class GuessErrors(Protocol):
    """What of n rows' probabilities the model's own guess leaves over: a = p - e, e its code as
    float64[k]. It is the gradient of the log-loss by the logits, were the guess right."""

    squares: Floats64
    """||a||^2, float64[n]."""

    def products(self, at: int) -> Floats64:
        """<a, a_at> of each row, float64[n]."""
        ...


class LabelErrors:
    """The guess is one label; a is never built."""

    def __init__(self, p: Floats64) -> None:
        self._p, self._guess = p, p.argmax(axis=1)
        best = p[np.arange(len(p)), self._guess]
        # ||p - e_y||^2 = ||p||^2 - 2 p_y + 1
        self.squares: Floats64 = np.maximum(0.0, np.einsum("nk,nk->n", p, p) - 2 * best + 1)

    def products(self, at: int) -> Floats64:
        """<p, p_at> - p_y_at - p_at,y + [y = y_at]."""
        y, p = self._guess[at], self._p[at]
        return np.asarray(self._p @ p - self._p[:, y] - p[self._guess] + (self._guess == y))


class SetErrors:
    """The guess is a set of labels."""

    def __init__(self, p: Floats64, threshold: float) -> None:
        self._errors = p - (p >= threshold)
        self.squares: Floats64 = np.einsum("nk,nk->n", self._errors, self._errors)

    def products(self, at: int) -> Floats64:
        """As they are."""
        return np.asarray(self._errors @ self._errors[at])
