"""Labels with a proof: terms, candidates, the frozen policy, audits, certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.promise.arrivals import (
        ask_arrivals as ask_arrivals,
        take_arrivals as take_arrivals,
    )
    from tiebreak.promise.campaign import (
        LoopHooks as LoopHooks,
        NextAction as NextAction,
        advance_campaign as advance_campaign,
    )
    from tiebreak.promise.settlement import plan_settlement as plan_settlement, settle as settle
    from tiebreak.promise.status import (
        CertificateStatus as CertificateStatus,
        StreamStatus as StreamStatus,
        certificate_statuses as certificate_statuses,
    )
    from tiebreak.promise.terms import (
        PromiseTerms as PromiseTerms,
        current_terms as current_terms,
        keep_terms as keep_terms,
    )
    from tiebreak.promise.verify import verify_promises as verify_promises

__getattr__ = lazy_face(
    __name__,
    {
        "arrivals": "ask_arrivals take_arrivals",
        "campaign": "LoopHooks NextAction advance_campaign",
        "settlement": "plan_settlement settle",
        "status": "CertificateStatus StreamStatus certificate_statuses",
        "terms": "PromiseTerms current_terms keep_terms",
        "verify": "verify_promises",
    },
)
