"""Settling: certificates as they stand now, and the labels that go out or come back by them.

Everything is computed anew from the log, so that settling twice changes nothing. A label that goes
out is a decision by ``autonomous``; a person's decision is never replaced by one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tiebreak.domain.decisions import Decision
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.promise.arrivals import going_out
from tiebreak.workflow.promise.evidence import View, views
from tiebreak.workflow.promise.held import autonomous, marked, release, stands
from tiebreak.workflow.promise.stream import Flow, flows
from tiebreak.workflow.promise.watchful import ALARMED, taken_back, watch_flows

WITHDRAWN = "no-longer-certified"


@dataclass(frozen=True, slots=True)
class Settled:
    """Labels that went out and that came back just now, and how every policy stands."""

    out: int
    back: int
    views: tuple[View, ...]


def labelling(bench: Bench, found: list[View]) -> set[int]:
    """Numbers of the policies whose certificates may be in force at once.

    Another label schema is another question. Under the label promise each policy is about records
    of its own. Under the dataset promise each spends the whole file's tolerated error, so that one
    alone may label: the one that frees most (the claims of all hold at once, with the confidence
    of the project's life, so that choosing among them costs nothing).
    """
    same = [v for v in found if v.policy.schema_version == bench.schema.version]
    kind = found[-1].policy.promise if found else "label"
    able = {v.policy.number for v in same if v.policy.promise == kind}
    if kind == "label" or not able:
        return able
    free = {n: sum(len(v.free()) for v in same if v.policy.number == n) for n in sorted(able)}
    return {max(free, key=lambda n: free[n])}


def all_views(bench: Bench) -> list[View]:
    """Every tier of every policy as it stands now, by policy."""
    return [view for policy in bench.store.promises.policies() for view in views(bench, policy)]


def settle(bench: Bench) -> Settled:
    """Write down the certificates and bring the autonomous decisions in line with them."""
    if not bench.store.promises.policies():
        return Settled(0, 0, ())
    with bench.store.transaction():
        found = all_views(bench)
        able = labelling(bench, found)
        free: dict[int, Decision] = {}
        for view in found:
            good = view.policy.number in able
            bench.store.promises.certify(view.certificate(valid=good))
            for member in view.free() if good else ():
                free.setdefault(
                    member.record_id,
                    release(
                        view.policy, member, f"tier:{view.tier.name}", simulated=view.simulated
                    ),
                )
        came = _arrivals(bench)
        free = {**going_out(bench, came), **free}
        now = autonomous(bench)
        alarmed = {record_id for _, record_id in taken_back(bench)} if came else set()
        gone = [
            replace(
                d,
                labels=None,
                reasons=(ALARMED if i in alarmed else WITHDRAWN,),
                created_at="",
                seq=0,
            )
            for i, d in ({**marked(bench), **now} if came else now).items()
            if i not in free
        ]
        fresh = [d for i, d in free.items() if not stands(now.get(i), d)]
        back = bench.store.decisions.append(gone)
        out = bench.store.decisions.append(fresh)
        _certify(bench, came)
    return Settled(_proven(out), _proven(back), tuple(found))


def _proven(decisions: list[Decision]) -> int:
    return sum(decision.by == "autonomous" for decision in decisions)


def _arrivals(bench: Bench) -> list[Flow]:
    """The tiers of the stream as they stand, after the monitor looked at them."""
    came = flows(bench)
    return flows(bench) if watch_flows(bench, came) else came


def _certify(bench: Bench, came: list[Flow]) -> None:
    out = autonomous(bench).keys() if came else set()
    for flow in came:
        if flow.members:
            labels = sum(member.record_id in out for member in flow.open())
            bench.store.promises.certify(flow.certificate(labels))
