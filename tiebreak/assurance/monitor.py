"""An early warning that a certified tier has become worse. It warns; it proves nothing.

e-SR (Shin, Ramdas & Rinaldo, E-detectors, 2022, 2203.03532) over the tier's audits since its
certificate, L = 1 for an error:

    R_j <- (1 + R_j) LR_j,    LR_j = L ? q_j/eps : (1 - q_j)/(1 - eps),    q_j = eps {1.5 .. 6},

alarm when the mean of the R_j reaches 1000. While the error rate is at most eps, R_t - t is a
supermartingale, so that a false alarm comes after 1000 audits on average, or later.

When the change began: C_j <- max(C_j, 0) + log LR_j (Page's CUSUM, 1954) of the dominant j has its
last restart there. (R_j itself has no restart: it is hardly ever below 1.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from tiebreak.assurance.rates import checked_share
from tiebreak.errors import UsageError

ALARM = 1000.0
WORSE = (1.5, 2.0, 3.0, 4.0, 6.0)
MARGIN = 50
"""Audits before the likely change whose neighbours in time are looked at again, too."""


@dataclass(frozen=True, slots=True)
class MonitorReading:
    """``log_r``: log of the mean R after each audit, float64[n].

    ``alarm``: audits until it first reached the alarm, or None. ``start``: of these, the audits
    before the likely change. ``requeue_from``: labels issued since that audit should be looked at
    again.
    """

    log_r: npt.NDArray[np.float64]
    alarm: int | None = None
    start: int | None = None

    @property
    def requeue_from(self) -> int | None:
        return None if self.start is None else max(self.start - MARGIN, 0)


def read_monitor(errors: Sequence[bool] | npt.NDArray[np.bool_], eps: float) -> MonitorReading:
    """The monitor over a tier's audits since its certificate, in coin or arrival order.

    With S_t the running sum of log LR_j, S_0 = 0: R_j after t audits is sum_{s < t} exp(S_t - S_s),
    and C_j = S_t - min_{s < t} S_s, whose last restart is the last minimum.

    Args:
        errors: bool[n], answered audits only: an unanswered one is no sign of a change.
        eps: the tier's tolerated error.
    """
    worse = np.array([eps * x for x in WORSE if checked_share(eps, "A tolerated error") * x < 1])
    if not len(worse):
        raise UsageError(
            f"No error rate is much worse than {eps!r}.", mend="Tolerate less than .66."
        )
    wrong = np.asarray(errors, dtype=bool)[:, None]
    step = np.where(wrong, np.log(worse / eps), np.log((1 - worse) / (1 - eps)))
    total = np.concatenate([np.zeros((1, len(worse))), np.cumsum(step, axis=0)])
    each = total[1:] + np.logaddexp.accumulate(-total[:-1], axis=0)
    log_r = np.logaddexp.reduce(each, axis=1) - log(len(worse))
    over = np.flatnonzero(log_r >= log(ALARM))
    if not len(over):
        return MonitorReading(log_r)
    alarm = int(over[0]) + 1
    before = total[:alarm, int(each[alarm - 1].argmax())]
    return MonitorReading(log_r, alarm, int(np.flatnonzero(before == before.min())[-1]))
