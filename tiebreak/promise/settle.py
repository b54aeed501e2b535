"""Settling: certificates as they stand now, and the labels that go out or come back by them.

A plan is computed from what was read, and writes nothing: an export shows the labels by it. Then
it is applied in one transaction. Everything follows anew from the log, so that settling twice
changes nothing. A label that goes out is a decision by ``autonomous``; a person's decision is never
replaced by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tiebreak.domain.decisions import Decision
from tiebreak.domain.monitoring import Alarm
from tiebreak.domain.promises import Certificate, Policy
from tiebreak.domain.reviews import CHECK_PRIORITY, ReviewTask
from tiebreak.project import NOT_PROVEN, PoolState, ProjectContext
from tiebreak.promise.file_track import FileTrack, file_tracks, labelling_policies
from tiebreak.promise.monitor import new_alarms
from tiebreak.promise.stream_track import StreamTrack, stream_tracks
from tiebreak.promise.track import is_issued

ALARMED, WITHDRAWN = "monitor", "no-longer-certified"


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class SettlementPlan:
    """What is to be written: alarms with the records that go back to people, certificates, labels
    that come back and labels that go out; and how every tier stands."""

    alarms: tuple[Alarm, ...] = ()
    asked_again: tuple[tuple[int, ...], ...] = ()
    certificates: tuple[Certificate, ...] = ()
    withdrawn: tuple[Decision, ...] = ()
    released: tuple[Decision, ...] = ()
    files: tuple[FileTrack, ...] = ()
    streams: tuple[StreamTrack, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """Labels that went out and that came back just now, and how every policy stands."""

    out: int
    back: int
    files: tuple[FileTrack, ...]


def plan_settlement(context: ProjectContext, state: PoolState) -> SettlementPlan:
    """How certificates stand by *state*, and what follows; nothing is written."""
    if not state.policies:
        return SettlementPlan()
    files = file_tracks(context, state)
    labelling = labelling_policies(state.schema.version, files)
    streams = stream_tracks(context, state)
    alarms = new_alarms(state.alarms, streams)
    by_tier = {track.tier.name: track for track in streams}
    asked_again = tuple(_taken_back(alarm, by_tier[alarm.tier]) for alarm in alarms)
    if alarms:
        state = replace(state, alarms=(*state.alarms, *alarms))
        streams = stream_tracks(context, state)
    out: dict[int, Decision] = {}
    for track in files:
        for member in track.free() if track.policy.number in labelling else ():
            out.setdefault(member.record_id, track.release_of(member, track.policy, "tier"))
    out = {**_out_of_streams(context, state, streams), **out}
    current = {**(state.unproven if streams else {}), **state.released}
    alarmed = {record_id for _, record_id in state.taken_back}
    withdrawn = tuple(
        _withdrawal(decision, ALARMED if record_id in alarmed else WITHDRAWN)
        for record_id, decision in current.items()
        if record_id not in out
    )
    released = tuple(d for i, d in out.items() if not is_issued(state.released.get(i), d))
    proven = {i for i in state.released if i in out} | {
        d.record_id for d in released if d.by == "autonomous"
    }
    proven -= {d.record_id for d in released if d.by != "autonomous"}
    return SettlementPlan(
        alarms=alarms,
        asked_again=asked_again,
        certificates=(
            *(track.certificate(valid=track.policy.number in labelling) for track in files),
            *(
                track.certificate(sum(c.record_id in proven for c in track.open()))
                for track in streams
                if track.members.items
            ),
        ),
        withdrawn=withdrawn,
        released=released,
        files=files,
        streams=streams,
    )


def settle_promises(context: ProjectContext) -> Settlement:
    """Write down the certificates and bring the autonomous decisions in line with them."""
    store = context.store
    if not context.pool_state().policies:
        return Settlement(0, 0, ())
    with store.transaction():
        plan = plan_settlement(context, context.pool_state())
        for alarm, ids in zip(plan.alarms, plan.asked_again, strict=True):
            store.monitoring.put_alarm(alarm)
            _ask_again(context, ids)
        for certificate in plan.certificates:
            store.promises.certify(certificate)
        back = store.decisions.append(plan.withdrawn)
        out = store.decisions.append(plan.released)
    return Settlement(_proven(out), _proven(back), plan.files)


def _taken_back(alarm: Alarm, track: StreamTrack) -> tuple[int, ...]:
    """Records whose labels an alarm takes back."""
    record_ids = (c.record_id for c in track.open() if c.policy == alarm.policy)
    return tuple(record_id for record_id in record_ids if alarm.took_back(record_id))


def _out_of_streams(
    context: ProjectContext, state: PoolState, tracks: Sequence[StreamTrack]
) -> dict[int, Decision]:
    """The labels of arrivals that are to be out now, by record.

    Where the bound is in force and nothing stops it, all that was decided for release. What is out
    already stays: the bound counts it. What is not proven yet is held back, or goes out marked.
    """
    policies: Mapping[int, Policy] = {p.number: p for p in state.policies}
    mark = context.settings.promise.unproven == "mark"
    out: dict[int, Decision] = {}
    for track in tracks:
        proven = track.in_force and not track.stop
        for member in track.open():
            wanted = track.release_of(member, policies[member.policy], "stream")
            before = state.decisions.get(member.record_id)
            issued = is_issued(before, wanted)
            if proven or (issued and before is not None and before.by == "autonomous"):
                out[member.record_id] = wanted
            elif (mark and not track.stop) or issued:
                reasons = (NOT_PROVEN, *wanted.reasons[1:])
                out[member.record_id] = replace(wanted, by="unproved", reasons=reasons)
    return out


def _withdrawal(decision: Decision, reason: str) -> Decision:
    return replace(decision, labels=None, reasons=(reason,), created_at="", seq=0)


def _proven(decisions: Sequence[Decision]) -> int:
    return sum(decision.by == "autonomous" for decision in decisions)


def _ask_again(context: ProjectContext, ids: Sequence[int]) -> None:
    context.store.queue.open(
        [
            ReviewTask(record_id=i, reason="relabel", priority=CHECK_PRIORITY, blind=True)
            for i in ids
        ]
    )
    context.progress.note(
        f"monitor: what arrives is labelled worse than before. {len(ids)} labels without a "
        "person go to people, and no further one goes out until somebody has looked."
    )
