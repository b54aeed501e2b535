"""How people are measured: agreement, checks, fatigue, anchoring, shared errors, consensus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.review.quality.checks import open_checks, shared_error_bound
    from tiebreak.review.quality.consensus import consensus_report
    from tiebreak.review.quality.report import people_report
    from tiebreak.review.quality.results import (
        ConsensusReport,
        OpenedChecks,
        PeopleReport,
        PersonReport,
    )

__getattr__ = lazy_face(__name__)
