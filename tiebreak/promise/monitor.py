"""The monitor at work: when a stream's audits become worse, autonomy of the tier stops.

An alarm is kept, and holds until somebody acknowledged it (`tiebreak drift DIR --acknowledge`) or
another policy was frozen. Labels without a person since the likely change are taken back and asked
of people, blind. The monitor warns; what is promised is the caught-error bound's word alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tiebreak.assurance import WORSE, read_monitor
from tiebreak.domain.monitoring import Alarm
from tiebreak.domain.promises import Policy
from tiebreak.drift import last_acknowledged, pause_reason
from tiebreak.project import PoolState, ProjectContext

if TYPE_CHECKING:
    from tiebreak.promise.stream_track import StreamTrack

STREAM_OFF = "promise.stream is off"


def stop_reasons(
    context: ProjectContext, state: PoolState, takers: Mapping[str, Policy]
) -> dict[str, str]:
    """Why no further label of a tier goes out now, in a few words, by tier; empty if they may.
    *takers*: the policy that takes arrivals of each tier."""
    if not state.stream:
        return dict.fromkeys(takers, STREAM_OFF)
    if why := pause_reason(context):
        return dict.fromkeys(takers, f"paused: {why}")
    acknowledged = last_acknowledged(context)
    reasons = dict.fromkeys(takers, "")
    for alarm in state.alarms:
        policy, is_open = takers.get(alarm.tier), alarm.id == 0 or alarm.id > acknowledged
        if is_open and policy is not None and policy.number == alarm.policy:
            reasons[alarm.tier] = reasons[alarm.tier] or (
                f"the monitor saw a change for the worse ({alarm.wrong} of {alarm.audits} audits "
                "wrong since); look at what arrives, then: tiebreak drift DIR --acknowledge"
            )
    return reasons


def new_alarms(known: Sequence[Alarm], tracks: Sequence[StreamTrack]) -> tuple[Alarm, ...]:
    """The alarms that the monitor raises now, a tier at a time."""
    raised = []
    for track in tracks:
        earlier = [a for a in known if (a.policy, a.tier) == (track.policy.number, track.tier.name)]
        alarm = _read(track, after=max((a.until for a in earlier), default=0))
        if alarm is not None:
            raised.append(alarm)
    return tuple(raised)


def _read(track: StreamTrack, after: int) -> Alarm | None:
    """The monitor over the answered audits of arrivals after a record that were for release."""
    if min(WORSE) * track.tier.eps >= 1:
        return None
    audited, errors = track.verified(after)
    reading = read_monitor(errors, track.tier.eps)
    if reading.alarm is None or reading.start is None or reading.requeue_from is None:
        return None
    before = audited[reading.requeue_from - 1].record_id if reading.requeue_from else after
    return Alarm(
        policy=track.policy.number,
        tier=track.tier.name,
        audits=len(errors) - reading.start,
        wrong=int(errors[reading.start :].sum()),
        since=before,
        until=max(c.record_id for c in track.members.items),
    )
