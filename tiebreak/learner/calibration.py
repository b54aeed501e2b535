"""Probabilities of a head's logits, and their calibration by one temperature, fitted on labels
that were drawn at random.

Source: Guo et al., On Calibration of Modern Neural Networks, 2017 (temperature scaling).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from tiebreak.domain.arrays import Floats64, Positions
from tiebreak.domain.ports import HeadLink
from tiebreak.errors import UsageError

MIN_ROWS = 30
BOUNDS = (0.1, 10.0)
FLOOR = 1e-3
"""Least probability that a true label is scored with, before its temperature. A head gives 0 to a
class that it never saw, and no temperature mends that; so floored, such a row pulls T up, towards
caution, and no row (or wrong label) decides alone. Measured on a part of BANKING77's train split:
.01 is nearest to the best T, 1e-3 errs to caution by .04, 1e-6 halves what a fit could gain."""


def softmax(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> Floats64:
    """Probabilities float64[n, k] of logits [n, k] over a temperature; -inf gives exactly 0.

    Log-probabilities will do for logits. NaN, +inf, a row of -inf alone and a temperature that is
    not positive are a `UsageError`.
    """
    scaled = _tempered(logits, temperature)
    top = scaled.max(axis=1, keepdims=True)
    if not np.isfinite(top).all():  # the maximum of a row with NaN is NaN
        raise UsageError(
            "A row of logits has NaN or +inf in it, or -inf alone.", mend="Train the model again."
        )
    odds = np.exp(scaled - top)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def sigmoid(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> Floats64:
    """Probabilities float64[n, k] of logits [n, k], each label by itself; -inf gives exactly 0.

    NaN, +inf and a temperature that is not positive are a `UsageError`.
    """
    scaled = _tempered(logits, temperature)
    if not (scaled < np.inf).all():
        raise UsageError("A row of logits has NaN or +inf in it.", mend="Train the model again.")
    return np.asarray(np.exp(-np.logaddexp(0.0, -scaled)))


LINKS: Mapping[HeadLink, Callable[[Floats64, float], Floats64]] = {
    "softmax": softmax,
    "sigmoid": sigmoid,
}
"""How logits become probabilities, by a head's link."""


def _tempered(logits: npt.NDArray[np.floating], temperature: float) -> Floats64:
    if not (temperature > 0 and np.isfinite(temperature)):
        raise UsageError(f"A temperature of {temperature!r} is not positive.", mend="Use 1.")
    return np.asarray(logits, dtype=np.float64) / temperature


def fit_temperature(logits: npt.NDArray[np.floating], truth: Positions) -> float:
    """The temperature with the least negative log-likelihood; 1 for fewer than 30 rows.

    A faint pull to 1 (a log-normal prior with a spread of one e-fold) keeps thirty faultless rows
    from proving certainty. The search is over log T in `BOUNDS`; the loss is convex in 1/T, the
    prior is mild, so that there is one minimum in practice.

    Args:
        logits: float[n, k] logits or log-probabilities at T = 1, -inf allowed, each row as given
            *before* its label was known. Labels that were chosen actively would mislead.
        truth: int64[n], the position of the true label.
    """
    if len(truth) < MIN_ROWS:
        return 1.0
    with np.errstate(divide="ignore"):
        log_p = np.log(softmax(logits))
    right = np.maximum(log_p[np.arange(len(truth)), truth], np.log(FLOOR))

    def loss(log_t: float) -> float:
        tempered = log_p / np.exp(log_t)
        total = np.log(np.exp(tempered - tempered.max(axis=1, keepdims=True)).sum(axis=1))
        total += tempered.max(axis=1)
        return float((total - right / np.exp(log_t)).sum() + log_t**2 / 2)

    return _least(loss)


def fit_sets_temperature(p: Floats64, truth: Positions) -> float:
    """`fit_temperature` for labels that apply or not, each by itself; 1 for fewer than 30 rows.

    One temperature for all labels, of least binary log-loss with the same pull to 1. It leaves
    every label on its side of one half: the predicted sets stay, and how sure they are changes.

    Args:
        p: float64[n, k] probabilities at T = 1, as given before the labels were known.
        truth: int64[n, k], 1 for the labels that apply.
    """
    if len(truth) < MIN_ROWS:
        return 1.0
    likely = np.where(truth, p, 1 - p)  # of what turned out to be so
    likely, other = np.maximum(likely, FLOOR), np.maximum(1 - likely, np.finfo(np.float64).tiny)
    right = np.log(likely / other)

    def loss(log_t: float) -> float:
        return float(np.logaddexp(0.0, -right / np.exp(log_t)).sum() + log_t**2 / 2)

    return _least(loss)


def _least(loss: Callable[[float], float]) -> float:
    """The temperature whose logarithm, within `BOUNDS`, has the least loss."""
    from scipy.optimize import minimize_scalar

    minimum = minimize_scalar(loss, bounds=tuple(np.log(BOUNDS)), method="bounded")
    return float(np.exp(minimum.x))
