"""Recomputing every promise from the log; each sentence names a row that lies.

What a certificate says must follow from the evidence that it names, and that evidence from the
annotations that are stored: a changed label, coin, score or answer comes out as a difference. Of a
stream, every arrival whose coin fell is an audit and no other, at the rate that its policy was
frozen with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isclose
from typing import Any

from tiebreak.assurance import AuditAnswer, Lane, PolicyContent, coin, ladder as ladders
from tiebreak.domain.promises import Candidate, Certificate, Evidence, Policy, RungState, digest_of
from tiebreak.domain.reviews import DECIDING, Annotation
from tiebreak.errors import UsageError
from tiebreak.project import PoolState, ProjectContext, frozen_candidates
from tiebreak.promise.arrivals import is_audited
from tiebreak.promise.file_track import file_tracks, labelling_policies, ladder_of, rung_state
from tiebreak.promise.stream_track import bound_state, lane_deltas, lanes_of, stream_tracks
from tiebreak.promise.track import Acts, Members, verdict


def verify_promises(context: ProjectContext) -> Iterator[str]:
    """What does not match when promises are derived again, one sentence each."""
    state, stored = context.pool_state(), context.store.promises.certificates()
    for policy in state.policies:
        frozen = frozen_candidates(context, policy)
        arrived = [c for c in state.arrivals if c.policy == policy.number]
        yield from _policy(policy, frozen, arrived)
        for certificate in stored:
            if certificate.policy == policy.number and certificate.mode == "file":
                yield from _file_certificate(policy, certificate, frozen, state.histories)
    yield from _labels(context, state, stored)
    for policy in state.policies if state.arrivals else ():
        yield from _draws(policy, state)
    for certificate in stored:
        if certificate.mode == "stream":
            yield from _stream_certificate(certificate, state)


def _policy(
    policy: Policy, frozen: Sequence[Candidate], arrived: Sequence[Candidate]
) -> Iterator[str]:
    name = f"Policy {policy.number}"
    try:
        version = PolicyContent(**_content(policy)).version
    except (TypeError, ValueError, UsageError):
        version = ""
    if version != policy.version:
        yield f"{name}: its parts do not have the hash {policy.version!r}."
    secret = bytes.fromhex(policy.secret)
    for c in sorted((*frozen, *arrived), key=lambda c: c.record_id):
        if c.sealed().seal != c.seal:
            yield f"{name}: the candidate of record {c.record_id} does not match its seal."
        if f"{coin(secret, c.record_id, policy.version).number:064x}" != c.coin:
            yield f"{name}: the coin of record {c.record_id} is not the one that was drawn."
    if digest_of({c.record_id: c.seal for c in frozen}) != policy.digest:
        yield f"{name}: its {len(frozen)} candidates are not those that were frozen."
    for tier in policy.tiers:
        scores = Members.in_coin_order(frozen, tier.name).scores
        at = [(r.threshold, int((scores >= r.threshold).sum())) for r in tier.rungs]
        if at != [(r.threshold, r.size) for r in tier.rungs]:
            yield f"{name}, tier {tier.name}: its rungs are not those of its candidates' scores."


def _content(policy: Policy) -> dict[str, Any]:
    """The arguments of `PolicyContent` from what JSON kept of them."""
    return {
        key: tuple(tuple(x) if isinstance(x, list) else x for x in value)
        if isinstance(value, list)
        else value
        for key, value in policy.parts.items()
    }


def _labels(
    context: ProjectContext, state: PoolState, stored: Sequence[Certificate]
) -> Iterator[str]:
    """Labels that went out without a person, and that no certificate in force allows now.

    An arrival's may stand where the bound of its tier was ever in force: what is out stays, and
    further ones wait for the bound.
    """
    tracks = file_tracks(context, state)
    labelling = labelling_policies(state.schema.version, tracks)
    allowed = [c for t in tracks if t.policy.number in labelling for c in t.free()]
    bounded = {s.tier for s in stored if s.bound is not None and s.bound["in_force"]}
    for stream in stream_tracks(context, state):
        allowed += stream.open() if stream.tier.name in bounded else []
    labels: dict[int, set[tuple[str, ...]]] = {}
    for member in allowed:
        labels.setdefault(member.record_id, set()).add(member.labels)
    for record_id, decision in sorted(state.released.items()):
        if decision.labels not in labels.get(record_id, ()):
            yield (
                f"Record {record_id} is labelled {decision.labels!r} under policy "
                f"{decision.policy_version.partition('-')[0]}, and no certificate in force says "
                "so. Run: tiebreak run DIR"
            )


def _evidence(name: str, certificate: Certificate, members: Members, acts: Acts) -> Iterator[str]:
    """Whether the acts that a certificate counted say what was counted."""
    for item in certificate.evidence:
        member = members.items[members.place[item.record_id]]
        yield from _counted(name, item, member, acts.get(item.record_id, ()))


def _counted(
    name: str, item: Evidence, member: Candidate, acts: Sequence[Annotation]
) -> Iterator[str]:
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


# -- a file's certificate


def _file_certificate(
    policy: Policy, certificate: Certificate, frozen: Sequence[Candidate], acts: Acts
) -> Iterator[str]:
    name = f"Certificate {certificate.seq} of policy {policy.number}, tier {certificate.tier}"
    tier = next((t for t in policy.tiers if t.name == certificate.tier), None)
    members = Members.in_coin_order(frozen, certificate.tier)
    if tier is None or any(e.record_id not in members.place for e in certificate.evidence):
        yield f"{name}: it counts records that are no candidates."
        return
    yield from _evidence(name, certificate, members, acts)
    answers = members.answers(certificate.evidence)
    standing = ladders.standings(ladder_of(tier), members.scores, answers)
    if not _same_rungs([rung_state(at) for at in standing], certificate.rungs):
        yield f"{name}: its figures do not follow from the evidence that it names."
    released = ladders.released(standing)
    if certificate.released not in (None, released):
        yield f"{name}: it says rung {certificate.released} was in force, and {released} was."


def _same_rungs(derived: Sequence[RungState], stored: Sequence[RungState]) -> bool:
    """Whether rungs are the same, their E to 9 digits: another processor adds up other last bits,
    and a project may move from one to another."""
    return len(derived) == len(stored) and all(
        replace(a, log_e="") == replace(b, log_e="")
        and isclose(float.fromhex(a.log_e), float.fromhex(b.log_e), rel_tol=1e-9, abs_tol=1e-9)
        for a, b in zip(derived, stored, strict=True)
    )


# -- a stream's


def _draws(policy: Policy, state: PoolState) -> Iterator[str]:
    name, drawn = f"Policy {policy.number}", state.drawn[policy.number]
    for c in (c for c in state.arrivals if c.policy == policy.number):
        if c.pi != policy.audit_rate or c.record_id <= policy.upto:
            yield f"{name}: record {c.record_id} did not arrive after it was frozen, at its rate."
        elif is_audited(c) != (c.record_id in drawn):
            yield f"{name}: the coin of record {c.record_id} does not say what became of it."


def _stream_certificate(certificate: Certificate, state: PoolState) -> Iterator[str]:
    name = (
        f"Certificate {certificate.seq} of the stream, policy {certificate.policy}, tier "
        f"{certificate.tier}"
    )
    members = Members.of(
        c for c in state.arrivals if c.tier == certificate.tier and c.policy <= certificate.policy
    )
    bound = certificate.bound
    if bound is None or any(e.record_id not in members.place for e in certificate.evidence):
        yield f"{name}: it counts records that did not arrive."
        return
    yield from _evidence(name, certificate, members, state.histories)
    deltas = lane_deltas(state.policies)
    deltas_by_rate = {pi: delta for (tier, pi), delta in deltas.items() if tier == certificate.tier}
    if not _bound_follows(certificate, bound, deltas_by_rate, members):
        yield f"{name}: its figures do not follow from the evidence that it names."


def _bound_follows(
    certificate: Certificate,
    bound: Mapping[str, Any],
    deltas: Mapping[float, float],
    members: Members,
) -> bool:
    """Whether the bound is that of the evidence.

    A lane may have been begun since, by a label without evidence; one with evidence is counted.
    """
    now = lanes_of(members.items, members.answers(certificate.evidence), deltas)
    stored = [Lane(pi=pi, delta=delta, caught=n) for pi, delta, n in bound["lanes"]]
    if [lane for lane in now if lane in stored] != stored:
        return False
    if any(lane.caught for lane in now if lane not in stored):
        return False
    again = bound_state(stored, bound["open"], bound["eps"])
    return all(bound[key] == value for key, value in again.items())
