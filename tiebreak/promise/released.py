"""Labels that go out without a person, and records that are not asked about because of them."""

from __future__ import annotations

from tiebreak.domain.decisions import Decision
from tiebreak.domain.promises import Candidate, Policy


def release_decision(policy: Policy, member: Candidate, by: str, *, simulated: bool) -> Decision:
    """The decision with which a candidate's label goes out, *by* a tier or a stream."""
    reasons = ("certified", by)
    return Decision(
        record_id=member.record_id,
        by="autonomous",
        labels=member.labels,
        reasons=(*reasons, "simulated-audits") if simulated else reasons,
        schema_version=policy.schema_version,
        policy_version=policy.version,
        confidence=member.score,
    )


def is_in_force(current: Decision | None, new: Decision) -> bool:
    """Whether a record has this label of this policy already, proven or marked."""
    return current is not None and (current.labels, current.policy_version) == (
        new.labels,
        new.policy_version,
    )
