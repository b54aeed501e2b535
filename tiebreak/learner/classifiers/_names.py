"""What the labels' names say, as far as the labelled rows bear them out.

A name's embedding is its prototype. By itself the nearest prototype is right on 62 % of BANKING77
and 70 % of SIB-200, without one label; on ham against spam it says nothing. So prototypes enter a
head in proportion to their measured *trust*: as rows of their own class, and as the centre that
its penalty pulls the weights to.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64, Positions

WEIGHT = 2.0
"""Of a prototype as a labelled row, at full trust."""

PULL = 10.0
"""Slope by the cosine to a prototype that the penalty is centred on, at full trust."""

BELIEF, BELIEVED = 0.5, 20.0
"""Trust before any label, and how many labels weigh as much as it."""

MIN_TRUST = 0.2
"""Below it, a class without a labelled row has no place in a head."""


def trust(
    prototypes: Floats,
    rows: Floats,
    of: Positions,
    weight: Floats64,
) -> float:
    """How far names can be relied on, in [0, 1].

    It is the skill (a - s) / (1 - s) of the nearest prototype on the labelled rows, not below 0,
    where a is its accuracy and s the share of the most frequent label; shrunk to `BELIEF`.

    Args:
        prototypes: float32[k, d]; ``rows`` float32[n, d] with classes ``of`` int64[n].
        weight: float64[n] of the rows.
    """
    total = float(weight.sum())
    if total <= 0:
        return BELIEF
    right = float(weight @ ((rows @ prototypes.T).argmax(axis=1) == of)) / total
    share = float(np.bincount(of, weights=weight).max()) / total
    skill = max(0.0, (right - share) / (1.0 - share)) if share < 1 else 0.0
    return (total * skill + BELIEVED * BELIEF) / (total + BELIEVED)


def centre(prototypes: Floats, trusted: float) -> Floats64:
    """float64[k, d]: weights whose logits are `PULL` x trust x cosine, over classes of mean 0."""
    middle = prototypes.mean(axis=0, dtype=np.float64)
    return np.asarray(PULL * trusted * (prototypes.astype(np.float64) - middle))
