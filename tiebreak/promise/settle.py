"""Settling: certificates as they stand now, and the labels that go out or come back by them.

Everything is computed anew from the log, so that settling twice changes nothing. A label that goes
out is a decision by ``autonomous``; a person's decision is never replaced by one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tiebreak.domain.decisions import Decision
from tiebreak.project.context import ProjectContext
from tiebreak.promise.arrivals import going_out
from tiebreak.promise.evidence import FileTrack, file_tracks
from tiebreak.promise.monitor import watch_streams
from tiebreak.promise.released import is_in_force, release_decision
from tiebreak.promise.stream import StreamTrack, stream_tracks

ALARMED, WITHDRAWN = "monitor", "no-longer-certified"


@dataclass(frozen=True, slots=True)
class Settlement:
    """Labels that went out and that came back just now, and how every policy stands."""

    out: int
    back: int
    views: tuple[FileTrack, ...]


def labelling_policies(context: ProjectContext, found: list[FileTrack]) -> set[int]:
    """Numbers of the policies whose certificates may be in force at once.

    Another label schema is another question. Under the label promise each policy is about records
    of its own. Under the dataset promise each spends the whole file's tolerated error, so that one
    alone may label: the one that frees most (the claims of all hold at once, with the confidence
    of the project's life, so that choosing among them costs nothing).
    """
    same = [v for v in found if v.policy.schema_version == context.schema.version]
    kind = found[-1].policy.promise if found else "label"
    able = {v.policy.number for v in same if v.policy.promise == kind}
    if kind == "label" or not able:
        return able
    free = {n: sum(len(v.free()) for v in same if v.policy.number == n) for n in sorted(able)}
    return {max(free, key=lambda n: free[n])}


def all_file_tracks(context: ProjectContext) -> list[FileTrack]:
    """Every tier of every policy as it stands now, by policy."""
    return [
        view
        for policy in context.store.promises.policies()
        for view in file_tracks(context, policy)
    ]


def settle(context: ProjectContext) -> Settlement:
    """Write down the certificates and bring the autonomous decisions in line with them."""
    if not context.store.promises.policies():
        return Settlement(0, 0, ())
    with context.store.transaction():
        found = all_file_tracks(context)
        able = labelling_policies(context, found)
        free: dict[int, Decision] = {}
        for view in found:
            good = view.policy.number in able
            context.store.promises.certify(view.certificate(valid=good))
            for member in view.free() if good else ():
                free.setdefault(
                    member.record_id,
                    release_decision(
                        view.policy, member, f"tier:{view.tier.name}", simulated=view.simulated
                    ),
                )
        came = _arrivals(context)
        free = {**going_out(context, came), **free}
        now = context.pool_state().released
        alarmed = {record_id for _, record_id in context.pool_state().taken_back} if came else set()
        gone = [
            replace(
                d,
                labels=None,
                reasons=(ALARMED if i in alarmed else WITHDRAWN,),
                created_at="",
                seq=0,
            )
            for i, d in ({**context.pool_state().unproven, **now} if came else now).items()
            if i not in free
        ]
        fresh = [d for i, d in free.items() if not is_in_force(now.get(i), d)]
        back = context.store.decisions.append(gone)
        out = context.store.decisions.append(fresh)
        _certify(context, came)
    return Settlement(_proven(out), _proven(back), tuple(found))


def _proven(decisions: list[Decision]) -> int:
    return sum(decision.by == "autonomous" for decision in decisions)


def _arrivals(context: ProjectContext) -> list[StreamTrack]:
    """The tiers of the stream as they stand, after the monitor looked at them."""
    came = stream_tracks(context)
    return stream_tracks(context) if watch_streams(context, came) else came


def _certify(context: ProjectContext, came: list[StreamTrack]) -> None:
    out = context.pool_state().released.keys() if came else set()
    for flow in came:
        if flow.members:
            labels = sum(member.record_id in out for member in flow.open())
            context.store.promises.certify(flow.certificate(labels))
