"""How common each label is now, from what the classifier says of new records.

Both methods assume that only the mix of labels moved: texts of one label look as they did. A new
kind of text breaks that, so these figures describe, and nothing may rest on them alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiebreak.domain.arrays import Floats64, Positions
from tiebreak.errors import UsageError

MIN_SINGULAR = 0.1
MIN_VERIFIED = 20
MAX_ITER = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Prevalence:
    """Shares float64[k] that sum to 1, or None with the *reason* why there are none."""

    shares: Floats64 | None
    reason: str = ""


def em_prevalence(
    probabilities: Floats64, prior: Floats64, *, tolerance: float = 1e-8, max_iter: int = MAX_ITER
) -> Prevalence:
    """Shares of the labels among new records, by expectation maximisation.

    Source: Saerens, Latinne & Decaestecker, Adjusting the Outputs of a Classifier to New a Priori
    Probabilities, Neural Computation 14 (2002). Each step re-weights p(y|x) by new / old share,
    row by row, and takes the mean; the likelihood never falls.

    Args:
        probabilities: float64[n, k] calibrated p(y|x) of new records.
        prior: float64[k] shares that the classifier learnt under; a label of share 0 keeps it.
        tolerance: stop when no share moves by more.
        max_iter: stop here in any case, with the reason.

    Raises:
        UsageError: no rows, or a *prior* that is no distribution over k labels.
    """
    _check_shares(prior, probabilities.shape[-1])
    if not len(probabilities):
        raise UsageError("There are no new records.", mend="Wait for some.")
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = np.where(prior > 0, probabilities / prior, 0.0)
    known = likelihood.sum(axis=1) > 0
    if not known.any():
        return Prevalence(shares=None, reason="no record has a label that was known before")
    likelihood = likelihood[known]
    shares = prior.copy()
    for _ in range(max_iter):
        joint = likelihood * shares
        new = (joint / joint.sum(axis=1, keepdims=True)).mean(axis=0)
        moved = float(np.abs(new - shares).max())
        shares = new
        if moved <= tolerance:
            return Prevalence(shares=shares)
    return Prevalence(shares=shares, reason=f"stopped after {max_iter} steps, still moving")


def bbse_prevalence(
    confusion: Positions, predicted: Floats64, classes: Sequence[str]
) -> Prevalence:
    """Shares of the labels among new records, by inverting the confusion of verified ones.

    Source: Lipton, Wang & Smola, Detecting and Correcting for Label Shift with Black Box
    Predictors, ICML 2018. With C[i, j] = P(predicted i | true j) the shares solve C q = m. Shares
    below 0, which chance can give, are cut off and the rest scaled to 1.

    Refused (None, with the reason) where the answer would be noise: a label with fewer than 20
    verified records, or a smallest singular value of C of .1 or less. The conditional C is looked
    at, because the joint one's values shrink with the number of labels.

    Args:
        confusion: int64[k, k], verified records by (predicted, true label), drawn at random.
        predicted: float64[k], share of new records that were predicted as each label.
        classes: the k labels' names.
    """
    _check_shares(predicted, len(confusion))
    of_label = confusion.sum(axis=0)
    if of_label.min() < MIN_VERIFIED:
        return Prevalence(
            shares=None,
            reason=f"{classes[int(of_label.argmin())]!r} has {of_label.min()} verified records, "
            f"and {MIN_VERIFIED} are needed",
        )
    conditional = confusion / of_label
    least = float(np.linalg.svd(conditional, compute_uv=False)[-1])
    if least <= MIN_SINGULAR:
        return Prevalence(
            shares=None,
            reason=f"the confusion's smallest singular value is {least:.3f}, and it must be above "
            f"{MIN_SINGULAR}",
        )
    shares = np.maximum(np.linalg.solve(conditional, predicted), 0.0)
    return Prevalence(shares=shares / shares.sum())


def _check_shares(shares: Floats64, k: int) -> None:
    if shares.shape != (k,) or shares.min() < 0 or abs(float(shares.sum()) - 1) > 1e-6:
        raise UsageError(
            f"Shares {shares.tolist()!r} are no distribution over {k} labels.",
            mend="Give one number of 0 or more for each label, 1 in all.",
        )
