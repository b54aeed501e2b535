"""Doubt about sets of labels: each label applies or not, with a probability of its own.

Labels are taken as independent, as the head takes them. Where "two labels" are torn between in a
single-label project, here the question is one label against the threshold of one half.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tiebreak.learner.strategies._uncertainty import Measure

Doubts = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]


def _margin(p: Matrix) -> Doubts:
    return np.asarray(1.0 - np.abs(2.0 * p - 1.0).min(axis=1))


def _entropy(p: Matrix) -> Doubts:
    # a label that is certain adds nothing
    q = 1.0 - p
    on = p * np.log(np.where(p > 0, p, 1.0))
    off = q * np.log(np.where(q > 0, q, 1.0))
    return np.asarray(-(on + off).sum(axis=1))


MARGIN = Measure(
    "margin_utility",
    lambda u: f"the model is torn over whether a label applies (margin {1 - u:.2f})",
    "doubt",
    _margin,
)
"""1 - min_l |2 p_l - 1|, in [0, 1]: the label nearest to the threshold. Source: Brinker, On active
learning in multi-label classification, 2006 (its minimum over binary classifiers)."""
LEAST_CONFIDENCE = Measure(
    "least_confidence",
    lambda u: f"the model gives even its best set of labels a probability of only {1 - u:.2f}",
    "doubt",
    lambda p: np.asarray(1.0 - np.maximum(p, 1.0 - p).prod(axis=1)),
)
"""1 - prod_l max(p_l, 1 - p_l), in [0, 1): that of the most probable set. Source: Culotta &
McCallum, 2005, whose sequences are sets here."""
ENTROPY = Measure(
    "entropy",
    lambda u: f"the model wavers as between {np.exp(u):.1f} equal sets (entropy {u:.2f})",
    "doubt",
    _entropy,
)
"""Sum of the labels' binary entropies, in nats: the entropy of the set. Source: Shannon, 1948."""
