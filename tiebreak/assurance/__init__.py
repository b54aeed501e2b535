"""The proof: audit coins, e-processes, the ladder, the caught-error bound, the monitor.

Pure functions and frozen records; what is claimed, and why it holds, stands with each formula.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.assurance.audit_forecast import (
        forecast_audits as forecast_audits,
        more_audits as more_audits,
    )
    from tiebreak.assurance.coins import Coin as Coin, coin as coin
    from tiebreak.assurance.finite import FinitePool as FinitePool
    from tiebreak.assurance.ladder import (
        AuditAnswer as AuditAnswer,
        Standing as Standing,
        futile as futile,
        standings as standings,
        target as target,
    )
    from tiebreak.assurance.monitor import WORSE as WORSE, read_monitor as read_monitor
    from tiebreak.assurance.policy import PolicyContent as PolicyContent
    from tiebreak.assurance.rates import (
        checked_share as checked_share,
        delta_share as delta_share,
        labels_for as labels_for,
    )
    from tiebreak.assurance.rungs import (
        Ladder as Ladder,
        Plan as Plan,
        Rung as Rung,
        freeze_ladder as freeze_ladder,
    )
    from tiebreak.assurance.sentence import (
        Claim as Claim,
        percent as percent,
        promised as promised,
        promised_stream as promised_stream,
    )
    from tiebreak.assurance.stream import Lane as Lane

__getattr__ = lazy_face(
    __name__,
    {
        "audit_forecast": "forecast_audits more_audits",
        "coins": "Coin coin",
        "finite": "FinitePool",
        "ladder": "AuditAnswer Standing futile standings target",
        "monitor": "WORSE read_monitor",
        "policy": "PolicyContent",
        "rates": "checked_share delta_share labels_for",
        "rungs": "Ladder Plan Rung freeze_ladder",
        "sentence": "Claim percent promised promised_stream",
        "stream": "Lane",
    },
)
