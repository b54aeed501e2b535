"""The monitor at work: when a stream's audits become worse, autonomy of the tier stops.

An alarm is kept in the log, and holds until somebody looked (`tiebreak drift DIR --looked`) or
another policy was frozen. Labels without a person since the likely change are taken back and asked
of people, blind. The monitor warns; what is promised is the caught-error bound's word alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tiebreak.assurance.ladder import Answer
from tiebreak.assurance.monitor import WORSE, read
from tiebreak.domain.promises import Candidate, PolicyCard
from tiebreak.domain.reviews import ReviewTask
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.people import CHECK_PRIORITY
from tiebreak.workflow.watch import LOOKED, paused

if TYPE_CHECKING:
    from tiebreak.workflow.promise.stream import Flow

ALARMED = "monitor"
"""Step of the log: the monitor's alarms."""
OFF = "promise.stream is off"


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


def alarms(bench: Bench) -> list[Alarm]:
    """All alarms that there were, oldest first."""
    found: list[tuple[dict[str, Any], bool]] = []
    for step, _, told in bench.store.notes.reports():
        if step == ALARMED:
            found.append((dict(told), False))
        elif step == LOOKED:
            found = [(alarm, True) for alarm, _ in found]
    return [Alarm(**told, looked=looked) for told, looked in found]


def stopped(bench: Bench, policy: PolicyCard, tier: str) -> str:
    """Why no further label of a tier goes out now, in a few words; empty if they may."""
    if not bench.settings.promise.stream:
        return OFF
    if why := paused(bench):
        return f"paused: {why}"
    for alarm in alarms(bench):
        if (alarm.policy, alarm.tier, alarm.looked) == (policy.number, tier, False):
            return (
                f"the monitor saw a change for the worse ({alarm.wrong} of {alarm.audits} audits "
                "wrong since); look at what arrives, then: tiebreak drift DIR --looked"
            )
    return ""


def taken_back(bench: Bench) -> set[tuple[int, int]]:
    """(policy, record id) of the arrivals whose labels an alarm took back, for good."""
    found = alarms(bench)
    if not found:
        return set()
    return {
        (c.policy, c.record_id)
        for c in bench.store.promises.arrivals()
        for alarm in found
        if (alarm.policy, alarm.tier) == (c.policy, c.tier) and alarm.took(c.record_id)
    }


def watch_flows(bench: Bench, found: list[Flow]) -> bool:
    """Read the monitor of every tier; whether one raised an alarm just now.

    Writes the alarm, and asks people about the labels since the likely change.
    """
    known = alarms(bench)
    raised = False
    for flow in found:
        own = [a for a in known if (a.policy, a.tier) == (flow.policy.number, flow.terms.name)]
        alarm = _read(flow, after=max((a.until for a in own), default=0))
        if alarm is None:
            continue
        raised = True
        bench.store.notes.report(
            ALARMED,
            0,
            {
                "policy": alarm.policy,
                "tier": alarm.tier,
                "audits": alarm.audits,
                "wrong": alarm.wrong,
                "since": alarm.since,
                "until": alarm.until,
            },
        )
        _ask_again(bench, [c for c in flow.open() if _took(alarm, c)])
    return raised


def _read(flow: Flow, after: int) -> Alarm | None:
    """The monitor over the answered audits of arrivals after a record that were for release."""
    if min(WORSE) * flow.terms.eps >= 1:
        return None
    own = [c.policy == flow.policy.number and c.record_id > after for c in flow.members]
    known = np.isin(flow.answers, (Answer.RIGHT, Answer.WRONG)) & flow.decided & np.array(own, bool)
    at = np.flatnonzero(known)
    errors = flow.answers[at] == Answer.WRONG
    reading = read(errors, flow.terms.eps)
    if reading.alarm is None or reading.start is None or reading.requeue_from is None:
        return None
    before = flow.members[at[reading.requeue_from - 1]].record_id if reading.requeue_from else after
    return Alarm(
        policy=flow.policy.number,
        tier=flow.terms.name,
        audits=len(errors) - reading.start,
        wrong=int(errors[reading.start :].sum()),
        since=before,
        until=max(c.record_id for c in flow.members),
    )


def _took(alarm: Alarm, c: Candidate) -> bool:
    return c.policy == alarm.policy and alarm.took(c.record_id)


def _ask_again(bench: Bench, labels: list[Candidate]) -> None:
    bench.store.queue.open(
        [
            ReviewTask(record_id=c.record_id, reason="relabel", priority=CHECK_PRIORITY, blind=True)
            for c in labels
        ]
    )
    bench.progress.note(
        f"monitor: what arrives is labelled worse than before. {len(labels)} labels without a "
        "person go to people, and no further one goes out until somebody has looked."
    )
