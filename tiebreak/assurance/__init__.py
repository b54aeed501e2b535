"""The proof: audit coins, e-processes, the ladder, the caught-error bound, the monitor.

Pure functions and frozen records; what is claimed, and why it holds, stands with each formula.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.assurance.audit_forecast import forecast_audits, more_audits
    from tiebreak.assurance.coins import Coin, coin
    from tiebreak.assurance.finite import FinitePool
    from tiebreak.assurance.ladder import AuditAnswer, Standing, futile, standings, target
    from tiebreak.assurance.monitor import WORSE, read_monitor
    from tiebreak.assurance.policy import PolicyContent
    from tiebreak.assurance.rates import checked_share, delta_share, labels_for
    from tiebreak.assurance.rungs import Ladder, Plan, Rung, freeze_ladder
    from tiebreak.assurance.sentence import Claim, percent, promised, promised_stream
    from tiebreak.assurance.stream import Lane

__getattr__ = lazy_face(__name__)
