"""Records that need no person for their label: out under a certificate, or perhaps soon."""

from __future__ import annotations

from tiebreak.domain.decisions import Decision
from tiebreak.domain.promises import PolicyCard
from tiebreak.workflow.bench import Bench


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


def held(bench: Bench) -> set[int]:
    """Records that people are not asked to label now: what is out, and while audits of the newest
    policy wait, all its candidates. A look at one of those would be one label less to prove."""
    out = set(autonomous(bench))
    policy = newest(bench)
    if policy is None or all(t.reason != "audit" for t in bench.store.queue.tasks()):
        return out
    return out | {c.record_id for c in bench.store.promises.candidates(policy.number)}
