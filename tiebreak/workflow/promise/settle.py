"""Settling: certificates as they stand now, and the labels that go out or come back by them.

Everything is computed anew from the log, so that settling twice changes nothing. A label that goes
out is a decision by ``autonomous``; a person's decision is never replaced by one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tiebreak.domain.decisions import Decision
from tiebreak.domain.promises import Candidate, PolicyCard
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.promise.evidence import View, views
from tiebreak.workflow.promise.held import autonomous

WITHDRAWN = "no-longer-certified"


@dataclass(frozen=True, slots=True)
class Settled:
    """Labels that went out and that came back just now, and how every policy stands."""

    out: int
    back: int
    views: tuple[View, ...]


def valid(bench: Bench, policy: PolicyCard, policies: list[PolicyCard]) -> bool:
    """Whether a policy's certificates may be in force at all.

    Another label schema is another question. Under the dataset promise each policy spends the
    whole file's tolerated error, so that only the newest one may label.
    """
    newest = policy.number == policies[-1].number
    same = policy.schema_version == bench.schema.version
    return same and (newest or policy.promise == "label")


def settle(bench: Bench) -> Settled:
    """Write down the certificates and bring the autonomous decisions in line with them."""
    policies = bench.store.promises.policies()
    if not policies:
        return Settled(0, 0, ())
    with bench.store.transaction():
        found: list[View] = []
        free: dict[int, Decision] = {}
        for policy in policies:
            good = valid(bench, policy, policies)
            for view in views(bench, policy):
                found.append(view)
                bench.store.promises.certify(view.certificate(valid=good))
                for member in view.free() if good else ():
                    free.setdefault(member.record_id, _decision(policy, view, member))
        now = autonomous(bench)
        gone = [
            replace(d, labels=None, reasons=(WITHDRAWN,), created_at="", seq=0)
            for i, d in now.items()
            if i not in free
        ]
        fresh = [d for i, d in free.items() if not _stands(now.get(i), d)]
        back = bench.store.decisions.append(gone)
        out = bench.store.decisions.append(fresh)
    return Settled(len(out), len(back), tuple(found))


def _decision(policy: PolicyCard, view: View, member: Candidate) -> Decision:
    reasons = ("certified", f"tier:{view.tier.name}")
    return Decision(
        record_id=member.record_id,
        by="autonomous",
        labels=member.labels,
        reasons=(*reasons, "simulated-audits") if view.simulated else reasons,
        schema_version=policy.schema_version,
        policy_version=policy.version,
        confidence=member.score,
    )


def _stands(current: Decision | None, new: Decision) -> bool:
    return current is not None and (current.labels, current.policy_version) == (
        new.labels,
        new.policy_version,
    )
