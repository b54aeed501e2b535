"""A stream's track: the arrivals of a tier, its caught-error bound, its release gate.

Arrivals are records that were imported after a policy was frozen. That policy decides on each,
once, its label and whether that is for release; only then is the record's coin read, and with
probability pi it is audited. The bound (`assurance.stream`) is about all labels decided for release
in a tier, under all policies that there were; nothing is assumed of what arrives. The gate decides
what is released at all, by the evidence of the policy's own audits of arrivals as it is now.

*Delta.* A policy that takes arrivals leaves half of its share of the lifetime delta to them
(`PromiseTerms.share`), the other half to the records of its freeze. A lane (a tier's arrivals of
one pi) spends the half of the policy that began it, whatever policies follow: lanes are begun
before their first coin, and all shares together are at most delta, whenever the stream is turned on
or off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tiebreak.assurance import AuditAnswer, Lane, stream as bounds
from tiebreak.domain.promises import Candidate, Certificate, Policy
from tiebreak.project import PoolState, ProjectContext
from tiebreak.promise.monitor import stop_reasons
from tiebreak.promise.track import Answers, Mask, Members, Track, read_evidence


@dataclass(frozen=True, eq=False, kw_only=True)
class StreamTrack(Track):
    """The arrivals of one tier, now.

    ``policy`` is the newest one that takes arrivals of the tier, ``tier`` the tier in it. Members
    are all arrivals by policy and record id. ``able`` bool[n]: its policy is of the label schema in
    force, and no alarm took it back. ``lanes`` have the caught errors by pi. ``stop`` says why no
    further label may go out; empty if they may.
    """

    able: Mask
    lanes: tuple[Lane, ...]
    stop: str

    @property
    def decided(self) -> Mask:
        """Which members were decided for release, audited ones included."""
        return np.array([member.release for member in self.members.items], dtype=np.bool_)

    def open(self) -> list[Candidate]:
        """Labels decided for release that no coin and no person looked at: they are out, or would
        be if the bound were in force."""
        return self.members.at(self.decided & self.able & (self.answers == AuditAnswer.NOT_DRAWN))

    @property
    def in_force(self) -> bool:
        """Whether U(S) - S <= eps times the labels of `open`, were they all to go out."""
        return bound_holds(self.lanes, len(self.open()), self.tier.eps)

    def counts(self) -> tuple[int, int, int]:
        """Audits of labels decided for release: all, wrong (pending ones included), pending."""
        answers = self.answers[self.decided & (self.answers >= AuditAnswer.RIGHT)]
        return (
            len(answers),
            int((answers != AuditAnswer.RIGHT).sum()),
            int((answers == AuditAnswer.PENDING).sum()),
        )

    def rungs(self) -> list[tuple[int, int]]:
        """(audits, wrong or pending) of the policy's own arrivals in each rung, innermost first.

        Also of arrivals that were not decided for release: these open the gate.
        """
        current, scores = self._of_policy(), self.members.scores
        audited = current & (self.answers >= AuditAnswer.RIGHT)
        wrong = audited & (self.answers != AuditAnswer.RIGHT)
        return [
            (int(audited[scores >= r.threshold].sum()), int(wrong[scores >= r.threshold].sum()))
            for r in self.tier.rungs
        ]

    def _of_policy(self) -> Mask:
        return np.array(
            [member.policy == self.policy.number for member in self.members.items], dtype=np.bool_
        )

    def gate(self) -> float | None:
        """The least score at which an arrival is decided for release now; None for none."""
        at = bounds.gate(self.rungs(), self.tier.eps, self.tier.delta)
        return None if self.stop or at is None else self.tier.rungs[at].threshold

    def verified(self, after: int) -> tuple[list[Candidate], Mask]:
        """Arrivals of the policy after record *after* that were for release and whose audits were
        answered, and which of them were wrong, bool[n]: what the monitor reads."""
        answered = np.isin(self.answers, (AuditAnswer.RIGHT, AuditAnswer.WRONG))
        later = np.array([m.record_id > after for m in self.members.items], dtype=np.bool_)
        known = answered & self.decided & self._of_policy() & later
        return self.members.at(known), self.answers[known] == AuditAnswer.WRONG

    def certificate(self, labels: int) -> Certificate:
        """Its state, with as many *labels* out now."""
        return Certificate(
            policy=self.policy.number,
            tier=self.tier.name,
            rungs=(),
            released=None,
            labels=labels,
            simulated=self.simulated,
            evidence=self.evidence,
            mode="stream",
            bound=bound_state(self.lanes, len(self.open()), self.tier.eps) | {"stop": self.stop},
        )


def bound_state(lanes: Sequence[Lane], labels: int, eps: float) -> dict[str, Any]:
    """What the bound says of so many open *labels*, as it is stored."""
    return {
        "lanes": [[lane.pi, lane.delta, lane.caught] for lane in lanes],
        "uncaught": bounds.uncaught(lanes),
        "open": labels,
        "eps": eps,
        "in_force": bound_holds(lanes, labels, eps),
    }


def bound_holds(lanes: Sequence[Lane], labels: int, eps: float) -> bool:
    """Whether the bound allows so many *labels*; of none there is nothing to promise."""
    return labels > 0 and bounds.in_force(lanes, labels, eps)


def lane_deltas(policies: Iterable[Policy]) -> dict[tuple[str, float], float]:
    """Delta of each lane, (tier, pi), by the policy that began it."""
    deltas: dict[tuple[str, float], float] = {}
    for policy in policies:
        if policy.audit_rate is not None:
            for tier in policy.tiers:
                deltas.setdefault((tier.name, policy.audit_rate), tier.delta)
    return deltas


def lanes_of(
    members: Sequence[Candidate], answers: Answers, deltas: Mapping[float, float]
) -> tuple[Lane, ...]:
    """The lanes of a tier, *deltas* by pi: each with its caught errors, audits that wait included.

    A lane that nothing was decided for release in adds nothing to the bound until then.
    """
    caught = dict.fromkeys(deltas, 0)
    begun = set()
    for member, answer in zip(members, answers.tolist(), strict=True):
        if member.release and member.pi in caught:
            begun.add(member.pi)
            caught[member.pi] += answer in (AuditAnswer.WRONG, AuditAnswer.PENDING)
    return tuple(
        Lane(pi=pi, delta=delta, caught=caught[pi]) for pi, delta in deltas.items() if pi in begun
    )


def stream_tracks(context: ProjectContext, state: PoolState) -> tuple[StreamTrack, ...]:
    """Every tier that arrivals may be labelled in, as it stood when *state* was read."""
    policies = [p for p in state.policies if p.audit_rate is not None]
    if not policies:
        return ()
    current = {p.number for p in policies if p.schema_version == state.schema.version}
    takers = {tier.name: policy for policy in policies for tier in policy.tiers}
    stops = stop_reasons(context, state, takers)
    deltas, tracks = lane_deltas(policies), []
    for name, policy in takers.items():
        members = Members.of(c for c in state.arrivals if c.tier == name)
        evidence, of_gold = read_evidence(members, state.drawn, state.histories)
        answers = members.answers(evidence)
        able = [
            c.policy in current and (c.policy, c.record_id) not in state.taken_back
            for c in members.items
        ]
        deltas_by_rate = {pi: delta for (tier, pi), delta in deltas.items() if tier == name}
        tracks.append(
            StreamTrack(
                policy=policy,
                tier=next(t for t in policy.tiers if t.name == name),
                members=members,
                answers=answers,
                evidence=evidence,
                simulated=of_gold or any(p.simulated for p in policies),
                able=np.array(able, dtype=np.bool_),
                lanes=lanes_of(members.items, answers, deltas_by_rate),
                stop=stops[name],
            )
        )
    return tuple(tracks)


def arrivals_policy(state: PoolState) -> Policy | None:
    """The policy that takes arrivals: the newest one, if it was frozen for a stream, the settings
    still ask for one and the label schema is the same; else None."""
    policy = state.newest_policy if state.stream else None
    if policy is None or policy.audit_rate is None:
        return None
    return policy if policy.schema_version == state.schema.version else None
