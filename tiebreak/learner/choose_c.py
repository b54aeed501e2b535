"""When a head's C is chosen, and the folds for it; `LearningSpace.choose_c` chooses it.

scikit-learn's default of 1 costs four points of accuracy on BANKING77.
"""

from __future__ import annotations

import numpy as np

from tiebreak.domain.arrays import Positions

DEFAULT_C = 30.0
CHOICES = (DEFAULT_C, 3.0, 10.0, 100.0)
"""The default first, so that it wins a tie."""
FOLDS = 3
LOSS_FLOOR = 1e-6
"""The least probability that a true label is scored with. A fold's head gives 0 to a class that it
never saw; so scored, such a row costs every C the same and does not sway the choice."""


def needs_choice(n_labels: int, chosen_at: int, n_classes: int) -> bool:
    """Whether C should be chosen anew.

    True from three labels a class (on average) on, when there was no choice yet (*chosen_at* 0)
    or the label count has grown by half since. Before that the default stands.
    """
    return n_labels >= FOLDS * n_classes and 2 * n_labels >= 3 * chosen_at


def deal(truth: Positions, rng: np.random.Generator, folds: int = FOLDS) -> Positions:
    """Fold 0..folds-1 per row: each class is spread as evenly as it can be, and so are the folds.

    scikit-learn's splitter warns of classes with fewer rows than folds, which are normal here.
    """
    order = rng.permutation(len(truth))
    order = order[np.argsort(truth[order], kind="stable")]
    fold = np.empty(len(truth), dtype=np.int64)
    fold[order] = np.arange(len(truth)) % folds
    return fold
