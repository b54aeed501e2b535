"""Information density: doubt, weighted by how much of the pool a record resembles.

Utility H(x) * max(0, (1/n) sum_x' cos(x, x'))**BETA with H the entropy in nats. The mean over the
pool is one product with the pool's mean vector. Source: Settles & Craven, An analysis of active
learning strategies for sequence labeling tasks, 2008. On BANKING77 density times doubt was at or
below random choice: what resembles the whole pool is seldom what two labels are parted by.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.arrays import Floats, Floats64
from tiebreak.domain.label_space import label_space
from tiebreak.domain.ports import Pick, Pool
from tiebreak.domain.uncertainty import Utility
from tiebreak.learner.strategies._diverse import distinct
from tiebreak.learner.strategies.kmeans_seeds import NO_MODEL
from tiebreak.learner.strategies.uncertainty import ranked, uncertainty

BETA = 1.0
_PRODUCT = Utility(
    "information_density", lambda u: f"information density {u:.3f}", "information density"
)


class DensityWeighted:
    """The top of the pool by entropy times mean cosine to the pool; no head: by density alone."""

    name = "density_weighted"

    def query(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Pick]:
        """Up to *n* picks, the greatest product first."""
        if not len(pool.vectors) or n <= 0:
            return []
        unsure = uncertainty(pool, "entropy")
        near = density(pool.vectors)
        ranking = ranked(unsure * near**BETA, _PRODUCT, rng)
        chosen, _ = distinct(pool.vectors, ranking.order, n)
        informed = pool.probabilities is not None
        words = label_space(pool).uncertainty["entropy"].words
        return [
            ranking.pick(
                i,
                place=f"{words(unsure[i]) if informed else NO_MODEL}, and it resembles "
                f"the pool as a whole (mean cosine {near[i]:.2f})",
                density=float(near[i]),
                **({"entropy": float(unsure[i])} if informed else {}),
            )
            for i in chosen.tolist()
        ]


def density(vectors: Floats) -> Floats64:
    """Mean cosine of each row to all rows, itself among them, not below 0: float64[n]."""
    centre = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    return np.asarray(np.maximum(0.0, vectors @ centre), dtype=np.float64)


def create() -> DensityWeighted:
    """The strategy, for the registry."""
    return DensityWeighted()
