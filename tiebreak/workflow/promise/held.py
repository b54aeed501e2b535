"""Labels that go out without a person, and records that are not asked about because of them."""

from __future__ import annotations

from tiebreak.domain.decisions import Decision
from tiebreak.domain.promises import Candidate, PolicyCard
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.promise.watchful import taken_back

MARK = "not-yet-proven"
"""Reason of a label that was decided for release in a stream and goes out without a proof."""


def newest(bench: Bench) -> PolicyCard | None:
    """The policy that was frozen last."""
    return next(reversed(bench.store.promises.policies()), None)


def autonomous(bench: Bench) -> dict[int, Decision]:
    """Labels in force that went out under a certificate, by record."""
    return {
        record_id: decision
        for record_id, decision in bench.store.decisions.latest().items()
        if decision.by == "autonomous" and decision.labels is not None
    }


def marked(bench: Bench) -> dict[int, Decision]:
    """Labels of a stream in force that went out without a proof, by record: never autonomous."""
    return {
        record_id: decision
        for record_id, decision in bench.store.decisions.latest().items()
        if decision.labels is not None and decision.reasons[:1] == (MARK,)
    }


def release(policy: PolicyCard, member: Candidate, by: str, *, simulated: bool) -> Decision:
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


def stands(current: Decision | None, new: Decision) -> bool:
    """Whether a record has this label of this policy already, proven or marked."""
    return current is not None and (current.labels, current.policy_version) == (
        new.labels,
        new.policy_version,
    )


def expected(bench: Bench) -> set[int]:
    """Arrivals of a stream that people are asked about in audits alone: audited ones, and those
    that were decided for release, out or held back. Empty where no stream is asked for."""
    if not bench.settings.promise.stream:
        return set()
    policies = [
        p for p in bench.store.promises.policies() if p.schema_version == bench.schema.version
    ]
    drawn = {p.number: bench.store.promises.drawn(p.number) for p in policies}
    own = [c for c in bench.store.promises.arrivals() if c.policy in drawn]
    touched = bench.store.annotations.histories([c.record_id for c in own])
    back = taken_back(bench)
    return {
        c.record_id
        for c in own
        if (c.release or c.record_id in drawn[c.policy])
        and c.record_id not in touched
        and (c.policy, c.record_id) not in back
    }


def held(bench: Bench) -> set[int]:
    """Records that people are not asked to label now: what is out, and while audits of the newest
    policy wait, all its candidates. A look at one of those would be one label less to prove."""
    out = set(autonomous(bench)) | expected(bench)
    policy = newest(bench)
    if policy is None:
        return out
    waiting = {t.record_id for t in bench.store.queue.tasks() if t.reason == "audit"}
    own = {c.record_id for c in bench.store.promises.candidates(policy.number) if c.pi is None}
    return out | own if own & waiting else out
