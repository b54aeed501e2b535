"""Recomputing every promise from the log, bit for bit; each sentence names a row that lies.

What a certificate says must follow from the evidence that it names, and that evidence from the
annotations that are stored: a changed label, coin, score or answer comes out as a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tiebreak.assurance import ladder as ladders
from tiebreak.assurance.coins import coin
from tiebreak.assurance.ladder import AuditAnswer
from tiebreak.assurance.policy import PolicyContent
from tiebreak.domain.promises import Candidate, Certificate, Evidence, Policy, digest_of
from tiebreak.domain.reviews import DECIDING, Annotation
from tiebreak.errors import UsageError
from tiebreak.project.context import ProjectContext
from tiebreak.promise.evidence import (
    answers_of,
    in_coin_order,
    ladder_of,
    rung_state,
    verdict,
)
from tiebreak.promise.settle import all_file_tracks, labelling_policies
from tiebreak.promise.stream import certified_arrivals


def verify_promises(context: ProjectContext) -> Iterator[str]:
    """What does not match when promises are derived again, one sentence each."""
    policies = context.store.promises.policies()
    states = context.store.promises.certificates()
    free: dict[int, list[Candidate]] = {}
    for policy in policies:
        candidates = context.store.promises.candidates(policy.number)
        yield from _policy(policy, candidates)
        acts = context.store.annotations.histories([c.record_id for c in candidates])
        for state in (s for s in states if s.policy == policy.number and s.mode == "file"):
            yield from _certificate(policy, state, candidates, acts)
    found = all_file_tracks(context)
    able = labelling_policies(context, found)
    for view in found:
        for member in view.free() if view.policy.number in able else ():
            free.setdefault(member.record_id, []).append(member)
    for member in certified_arrivals(context, states):
        free.setdefault(member.record_id, []).append(member)
    for record_id, decision in sorted(context.pool_state().released.items()):
        if all(c.labels != decision.labels for c in free.get(record_id, ())):
            yield (
                f"Record {record_id} is labelled {decision.labels!r} under policy "
                f"{decision.policy_version.partition('-')[0]}, and no certificate in force says "
                "so. Run: tiebreak run DIR"
            )


def _policy(policy: Policy, candidates: Sequence[Candidate]) -> Iterator[str]:
    name = f"Policy {policy.number}"
    try:
        version = PolicyContent(**_bundle(policy)).version
    except (TypeError, ValueError, UsageError):
        version = ""
    if version != policy.version:
        yield f"{name}: its parts do not have the hash {policy.version!r}."
    secret = bytes.fromhex(policy.secret)
    for c in candidates:
        if c.sealed().seal != c.seal:
            yield f"{name}: the candidate of record {c.record_id} does not match its seal."
        if f"{coin(secret, c.record_id, policy.version).number:064x}" != c.coin:
            yield f"{name}: the coin of record {c.record_id} is not the one that was drawn."
    candidates = [c for c in candidates if c.pi is None]
    if digest_of({c.record_id: c.seal for c in candidates}) != policy.digest:
        yield f"{name}: its {len(candidates)} candidates are not those that were frozen."
    for tier in policy.tiers:
        members = in_coin_order(candidates, tier.name)
        scores = np.array([c.score for c in members], dtype=np.float64)
        at = [(r.threshold, int((scores >= r.threshold).sum())) for r in tier.rungs]
        if at != [(r.threshold, r.size) for r in tier.rungs]:
            yield f"{name}, tier {tier.name}: its rungs are not those of its candidates' scores."


def _bundle(policy: Policy) -> dict[str, Any]:
    """The arguments of `PolicyContent` from what JSON kept of them."""
    return {
        key: tuple(tuple(x) if isinstance(x, list) else x for x in value)
        if isinstance(value, list)
        else value
        for key, value in policy.parts.items()
    }


def _certificate(
    policy: Policy,
    state: Certificate,
    candidates: Sequence[Candidate],
    acts: Mapping[int, Sequence[Annotation]],
) -> Iterator[str]:
    name = f"Certificate {state.seq} of policy {state.policy}, tier {state.tier}"
    tier = next((t for t in policy.tiers if t.name == state.tier), None)
    members = in_coin_order([c for c in candidates if c.pi is None], state.tier)
    known = {member.record_id: member for member in members}
    if tier is None or any(item.record_id not in known for item in state.evidence):
        yield f"{name}: it counts records that are no candidates."
        return
    for item in state.evidence:
        yield from check_counted(name, item, known[item.record_id], acts.get(item.record_id, ()))
    scores = np.array([c.score for c in members], dtype=np.float64)
    standing = ladders.standings(ladder_of(tier), scores, answers_of(members, state.evidence))
    if tuple(rung_state(at) for at in standing) != state.rungs:
        yield f"{name}: its figures do not follow from the evidence that it names."
    released = ladders.released(standing)
    if state.released not in (None, released):
        yield f"{name}: it says rung {state.released} was in force, and {released} was."


def check_counted(
    name: str, item: Evidence, member: Candidate, acts: Sequence[Annotation]
) -> Iterator[str]:
    """Whether an act that a certificate counted says what was counted."""
    act = next((a for a in acts if a.seq == item.seq), None)
    if item.answer == AuditAnswer.PENDING and item.seq == 0:
        return
    if act is None:
        yield f"{name}: annotation {item.seq} of record {item.record_id} is not there."
    elif item.answer in (AuditAnswer.RIGHT, AuditAnswer.WRONG) and (
        act.shown != "blind" or act.outcome not in DECIDING or verdict(member, act) != item.answer
    ):
        yield (
            f"{name}: annotation {item.seq} of record {item.record_id} does not say what was "
            "counted."
        )
