"""The monitor at work: when a stream's audits become worse, autonomy of the tier stops.

An alarm is kept in the log, and holds until somebody looked (`tiebreak drift DIR --acknowledge`) or
another policy was frozen. Labels without a person since the likely change are taken back and asked
of people, blind. The monitor warns; what is promised is the caught-error bound's word alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tiebreak.assurance.ladder import AuditAnswer
from tiebreak.assurance.monitor import WORSE, read_monitor
from tiebreak.domain.monitoring import Alarm
from tiebreak.domain.promises import Candidate, Policy
from tiebreak.domain.reviews import CHECK_PRIORITY, ReviewTask
from tiebreak.drift.state import last_acknowledged, pause_reason
from tiebreak.project.context import ProjectContext

if TYPE_CHECKING:
    from tiebreak.promise.stream import StreamTrack

STREAM_OFF = "promise.stream is off"


def stop_reason(context: ProjectContext, policy: Policy, tier: str) -> str:
    """Why no further label of a tier goes out now, in a few words; empty if they may."""
    if not context.settings.promise.stream:
        return STREAM_OFF
    if why := pause_reason(context):
        return f"paused: {why}"
    acknowledged = last_acknowledged(context)
    for alarm in context.pool_state().alarms:
        is_open = alarm.id > acknowledged
        if is_open and (alarm.policy, alarm.tier) == (policy.number, tier):
            return (
                f"the monitor saw a change for the worse ({alarm.wrong} of {alarm.audits} audits "
                "wrong since); look at what arrives, then: tiebreak drift DIR --acknowledge"
            )
    return ""


def watch_streams(context: ProjectContext, found: list[StreamTrack]) -> bool:
    """Read the monitor of every tier; whether one raised an alarm just now.

    Writes the alarm, and asks people about the labels since the likely change.
    """
    known = context.pool_state().alarms
    raised = False
    for flow in found:
        own = [a for a in known if (a.policy, a.tier) == (flow.policy.number, flow.terms.name)]
        alarm = _read(flow, after=max((a.until for a in own), default=0))
        if alarm is None:
            continue
        raised = True
        context.store.monitoring.put_alarm(alarm)
        _ask_again(context, [c for c in flow.open() if _took(alarm, c)])
    return raised


def _read(flow: StreamTrack, after: int) -> Alarm | None:
    """The monitor over the answered audits of arrivals after a record that were for release."""
    if min(WORSE) * flow.terms.eps >= 1:
        return None
    own = [c.policy == flow.policy.number and c.record_id > after for c in flow.members]
    known = (
        np.isin(flow.answers, (AuditAnswer.RIGHT, AuditAnswer.WRONG))
        & flow.decided
        & np.array(own, bool)
    )
    at = np.flatnonzero(known)
    errors = flow.answers[at] == AuditAnswer.WRONG
    reading = read_monitor(errors, flow.terms.eps)
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


def _ask_again(context: ProjectContext, labels: list[Candidate]) -> None:
    context.store.queue.open(
        [
            ReviewTask(record_id=c.record_id, reason="relabel", priority=CHECK_PRIORITY, blind=True)
            for c in labels
        ]
    )
    context.progress.note(
        f"monitor: what arrives is labelled worse than before. {len(labels)} labels without a "
        "person go to people, and no further one goes out until somebody has looked."
    )
