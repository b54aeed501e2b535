"""Recomputing a stream from the log: who was audited, and what each certificate says of the bound.

Seals and coins are `recheck`'s. Here: that every arrival whose coin fell is an audit and no other,
at the rate that its policy was frozen with, and that each certificate follows from its evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tiebreak.assurance.stream import Lane
from tiebreak.domain.promises import Candidate, Certificate, Policy
from tiebreak.domain.reviews import Annotation
from tiebreak.project.context import ProjectContext
from tiebreak.promise.arrivals import is_audited
from tiebreak.promise.evidence import answers_of
from tiebreak.promise.stream import bound_state, lane_deltas, lanes_of
from tiebreak.promise.verify import check_counted


def verify_stream(context: ProjectContext) -> Iterator[str]:
    """What does not match when a stream is derived again, one sentence each."""
    arrived = context.store.promises.arrivals()
    if not arrived:
        return
    policies = context.store.promises.policies()
    for policy in policies:
        drawn = context.store.promises.drawn(policy.number)
        yield from _draws(policy, [c for c in arrived if c.policy == policy.number], drawn)
    acts = context.store.annotations.histories([c.record_id for c in arrived])
    for state in context.store.promises.certificates():
        if state.mode == "stream":
            yield from _certificate(state, policies, arrived, acts)


def _draws(policy: Policy, arrived: Sequence[Candidate], drawn: set[int]) -> Iterator[str]:
    name = f"Policy {policy.number}"
    for c in arrived:
        if c.pi != policy.audit_rate or c.record_id <= policy.upto:
            yield f"{name}: record {c.record_id} did not arrive after it was frozen, at its rate."
        elif is_audited(c) != (c.record_id in drawn):
            yield f"{name}: the coin of record {c.record_id} does not say what became of it."


def _certificate(
    state: Certificate,
    policies: Sequence[Policy],
    arrived: Sequence[Candidate],
    acts: Mapping[int, Sequence[Annotation]],
) -> Iterator[str]:
    name = f"Certificate {state.seq} of the stream, policy {state.policy}, tier {state.tier}"
    members = [c for c in arrived if c.tier == state.tier and c.policy <= state.policy]
    known = {c.record_id: c for c in members}
    if state.bound is None or any(item.record_id not in known for item in state.evidence):
        yield f"{name}: it counts records that did not arrive."
        return
    for item in state.evidence:
        yield from check_counted(name, item, known[item.record_id], acts.get(item.record_id, ()))
    if not _follows(state, state.bound, lane_deltas(policies), members):
        yield f"{name}: its figures do not follow from the evidence that it names."


def _follows(
    state: Certificate,
    bound: Mapping[str, Any],
    deltas: Mapping[tuple[str, float], float],
    members: Sequence[Candidate],
) -> bool:
    """Whether the bound is that of the evidence.

    A lane may have been begun since, by a label without evidence; one with evidence is counted.
    """
    own = {pi: delta for (tier, pi), delta in deltas.items() if tier == state.tier}
    now = lanes_of(members, answers_of(members, state.evidence), own)
    told = [Lane(pi=pi, delta=delta, caught=n) for pi, delta, n in bound["lanes"]]
    if [lane for lane in now if lane in told] != told:
        return False
    if any(lane.caught for lane in now if lane not in told):
        return False
    again = bound_state(told, bound["open"], bound["eps"])
    return all(bound[key] == value for key, value in again.items())
