"""Who is in the pool and how each record stands: answered, open, out, awaited, withheld."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tiebreak.domain.decisions import Decision
from tiebreak.domain.promises import Policy
from tiebreak.domain.reviews import DECIDING
from tiebreak.project.context import Ids, ProjectContext

NOT_PROVEN = "not-yet-proven"
"""Reason of a label that was decided for release in a stream and goes out without a proof."""


def newest_policy(context: ProjectContext) -> Policy | None:
    """The policy that was frozen last."""
    return next(reversed(context.store.promises.policies()), None)


def released_labels(context: ProjectContext) -> dict[int, Decision]:
    """Labels in force that went out under a certificate, by record."""
    return {
        record_id: decision
        for record_id, decision in context.store.decisions.latest().items()
        if decision.by == "autonomous" and decision.labels is not None
    }


def unproven_labels(context: ProjectContext) -> dict[int, Decision]:
    """Labels of a stream in force that went out without a proof, by record: never autonomous."""
    return {
        record_id: decision
        for record_id, decision in context.store.decisions.latest().items()
        if decision.labels is not None and decision.reasons[:1] == (NOT_PROVEN,)
    }


def awaited_arrivals(context: ProjectContext) -> set[int]:
    """Arrivals of a stream that people are asked about in audits alone: audited ones, and those
    that were decided for release, out or held back. Empty where no stream is asked for."""
    if not context.settings.promise.stream:
        return set()
    policies = [
        p for p in context.store.promises.policies() if p.schema_version == context.schema.version
    ]
    drawn = {p.number: context.store.promises.drawn(p.number) for p in policies}
    own = [c for c in context.store.promises.arrivals() if c.policy in drawn]
    touched = context.store.annotations.histories([c.record_id for c in own])
    back = taken_back(context)
    return {
        c.record_id
        for c in own
        if (c.release or c.record_id in drawn[c.policy])
        and c.record_id not in touched
        and (c.policy, c.record_id) not in back
    }


def withheld_records(context: ProjectContext) -> set[int]:
    """Records that people are not asked to label now: what is out, and while audits of the newest
    policy wait, all its candidates. A look at one of those would be one label less to prove."""
    out = set(released_labels(context)) | awaited_arrivals(context)
    policy = newest_policy(context)
    if policy is None:
        return out
    waiting = {t.record_id for t in context.store.queue.tasks() if t.reason == "audit"}
    own = {c.record_id for c in context.store.promises.candidates(policy.number) if c.pi is None}
    return out | own if own & waiting else out


ACKNOWLEDGED_STEP = "drift-looked"
"""Step of the log: that somebody looked at the drift, and up to which record."""
ALARM_STEP = "monitor"
"""Step of the log: the monitor's alarms."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """The audits of a policy's arrivals in a tier became worse.

    ``wrong`` of the ``audits`` since the likely change were wrong. Labels of arrivals after
    record ``since``, up to record ``until``, were taken back. ``looked``: somebody looked since.
    """

    policy: int
    tier: str
    audits: int
    wrong: int
    since: int
    until: int
    looked: bool = False

    def took(self, record_id: int) -> bool:
        """Whether it took back a record's label."""
        return self.since < record_id <= self.until


def alarms(context: ProjectContext) -> list[Alarm]:
    """All alarms that there were, oldest first."""
    found: list[tuple[dict[str, Any], bool]] = []
    for step, _, told in context.store.notes.reports():
        if step == ALARM_STEP:
            found.append((dict(told), False))
        elif step == ACKNOWLEDGED_STEP:
            found = [(alarm, True) for alarm, _ in found]
    return [Alarm(**told, looked=looked) for told, looked in found]


def taken_back(context: ProjectContext) -> set[tuple[int, int]]:
    """(policy, record id) of the arrivals whose labels an alarm took back, for good."""
    found = alarms(context)
    if not found:
        return set()
    return {
        (c.policy, c.record_id)
        for c in context.store.promises.arrivals()
        for alarm in found
        if (alarm.policy, alarm.tier) == (c.policy, c.tier) and alarm.took(c.record_id)
    }


def unlabelled(context: ProjectContext) -> Ids:
    """Ids of pool records without an answer: nobody annotated them, with whatever outcome, no
    certificate covers their label, and no stream is about to give them one."""
    answered = np.fromiter(context.store.annotations.standing(), dtype=np.int64)
    out = np.fromiter(released_labels(context).keys() | awaited_arrivals(context), dtype=np.int64)
    pool = context.table.pool
    return pool[~np.isin(pool, np.concatenate([answered, out]))]


def batch_size(context: ProjectContext, asked: int | None) -> int:
    """Records per batch: as asked, as set, or one per label between 16 and 100."""
    return asked or context.settings.select.batch or min(max(len(context.schema.names), 16), 100)


def current_round(context: ProjectContext) -> int:
    """The number of the last batch; 0 before the first."""
    last = context.store.batches.last()
    return last.round if last else 0


def answered_by_people(context: ProjectContext) -> int:
    """Records that a person, real or simulated, labelled or found no label for."""
    return sum(
        act.source != "imported" and act.outcome in DECIDING
        for act in context.store.annotations.standing().values()
    )
