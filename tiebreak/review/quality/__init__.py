"""How people are measured: agreement, checks, fatigue, anchoring, shared errors, consensus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiebreak.faces import lazy_face

if TYPE_CHECKING:
    from tiebreak.review.quality.checks import (
        open_checks as open_checks,
        shared_error_bound as shared_error_bound,
    )
    from tiebreak.review.quality.consensus import consensus_report as consensus_report
    from tiebreak.review.quality.report import people_report as people_report
    from tiebreak.review.quality.results import (
        ConsensusReport as ConsensusReport,
        OpenedChecks as OpenedChecks,
        PeopleReport as PeopleReport,
        PersonReport as PersonReport,
    )

__getattr__ = lazy_face(
    __name__,
    {
        "checks": "open_checks shared_error_bound",
        "consensus": "consensus_report",
        "report": "people_report",
        "results": "ConsensusReport OpenedChecks PeopleReport PersonReport",
    },
)
