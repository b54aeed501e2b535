"""Labels with a proof: terms, candidates, the frozen policy, audits, certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.promise.arrivals import ask_arrivals, take_arrivals
    from tiebreak.promise.campaign import LoopHooks, NextAction, advance_campaign
    from tiebreak.promise.results import CertificateStatus, StreamStatus
    from tiebreak.promise.settle import plan_settlement, settle_promises
    from tiebreak.promise.status import certificate_statuses
    from tiebreak.promise.terms import PromiseTerms, current_terms, keep_terms
    from tiebreak.promise.verify import verify_promises

__getattr__ = lazy_face(__name__)
