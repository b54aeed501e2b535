"""A stream as it stands: the arrivals of a tier, its caught-error bound, its release gate.

Arrivals are records that were imported after a policy was frozen. That policy decides on each,
once, its label and whether that is for release; only then is the record's coin read, and with
probability pi it is audited. The bound (`assurance.stream`) is about all labels decided for release
in a tier, under all policies that there were; nothing is assumed of what arrives. The gate decides
what is released at all, by the evidence of the policy's own audits of arrivals as it is now.

*Delta.* A policy that takes arrivals leaves half of its share of the lifetime delta to them
(`Ask.share`), the other half to the records of its freeze. A lane (a tier's arrivals of one pi)
spends the half of the policy that began it, whatever policies follow: lanes are begun before their
first coin, and all shares together are at most delta, whenever the stream is turned on or off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tiebreak.assurance import stream as bounds
from tiebreak.assurance.ladder import AuditAnswer
from tiebreak.assurance.stream import Lane
from tiebreak.domain.promises import Candidate, Certificate, Evidence, FrozenTier, Policy
from tiebreak.project.context import ProjectContext
from tiebreak.promise.evidence import Answers, answers_of, read_evidence
from tiebreak.promise.monitor import stop_reason

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class StreamTrack:
    """The arrivals of one tier, now.

    ``policy`` is the newest one that takes arrivals of the tier, ``terms`` the tier in it.
    ``members`` are all arrivals by policy and record id, ``answers`` int8[n] (`AuditAnswer`)
    theirs. ``able`` bool[n]: its policy is of the label schema in force, and no alarm took it back.
    ``lanes`` have the caught errors by pi. ``stop`` says why no further label may go out; empty if
    they may.
    """

    policy: Policy
    terms: FrozenTier
    members: tuple[Candidate, ...]
    answers: Answers
    able: Mask
    evidence: tuple[Evidence, ...]
    lanes: tuple[Lane, ...]
    simulated: bool
    stop: str

    @property
    def decided(self) -> Mask:
        """Which members were decided for release, audited ones included."""
        return np.array([member.release for member in self.members], dtype=np.bool_)

    def open(self) -> list[Candidate]:
        """Labels decided for release that no coin and no person looked at: they are out, or would
        be if the bound were in force."""
        at = np.flatnonzero(self.decided & self.able & (self.answers == AuditAnswer.NOT_DRAWN))
        return [self.members[i] for i in at.tolist()]

    @property
    def in_force(self) -> bool:
        """Whether U(S) - S <= eps times the labels of `open`, were they all to go out."""
        return bound_holds(self.lanes, len(self.open()), self.terms.eps)

    def pending(self) -> list[int]:
        """Record ids of audits without a blind answer."""
        at = np.flatnonzero(self.answers == AuditAnswer.PENDING)
        return [self.members[i].record_id for i in at.tolist()]

    def counts(self) -> tuple[int, int, int]:
        """Audits of labels decided for release: all, wrong (pending ones included), pending."""
        own = self.answers[self.decided & (self.answers >= AuditAnswer.RIGHT)]
        return (
            len(own),
            int((own != AuditAnswer.RIGHT).sum()),
            int((own == AuditAnswer.PENDING).sum()),
        )

    def rungs(self) -> list[tuple[int, int]]:
        """(audits, wrong or pending) of the policy's own arrivals in each rung, innermost first.

        Also of arrivals that were not decided for release: these open the gate.
        """
        own = np.array([m.policy == self.policy.number for m in self.members], dtype=np.bool_)
        scores = np.array([m.score for m in self.members], dtype=np.float64)
        audited = own & (self.answers >= AuditAnswer.RIGHT)
        wrong = audited & (self.answers != AuditAnswer.RIGHT)
        return [
            (int(audited[scores >= r.threshold].sum()), int(wrong[scores >= r.threshold].sum()))
            for r in self.terms.rungs
        ]

    def gate(self) -> float | None:
        """The least score at which an arrival is decided for release now; None for none."""
        at = bounds.gate(self.rungs(), self.terms.eps, self.terms.delta)
        return None if self.stop or at is None else self.terms.rungs[at].threshold

    def certificate(self, labels: int) -> Certificate:
        """Its state, with as many *labels* out now."""
        return Certificate(
            policy=self.policy.number,
            tier=self.terms.name,
            rungs=(),
            released=None,
            labels=labels,
            simulated=self.simulated,
            evidence=self.evidence,
            mode="stream",
            bound=bound_state(self.lanes, len(self.open()), self.terms.eps) | {"stop": self.stop},
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
    found: dict[tuple[str, float], float] = {}
    for policy in policies:
        if policy.audit_rate is not None:
            for tier in policy.tiers:
                found.setdefault((tier.name, policy.audit_rate), tier.delta)
    return found


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


def stream_tracks(context: ProjectContext) -> list[StreamTrack]:
    """Every tier that arrivals may be labelled in, as it stands by the acts stored now."""
    policies = [p for p in context.store.promises.policies() if p.audit_rate is not None]
    if not policies:
        return []
    arrived = context.store.promises.arrivals()
    acts = context.store.annotations.histories([c.record_id for c in arrived])
    drawn = {p.number: context.store.promises.drawn(p.number) for p in policies}
    back, good = (
        context.pool_state().taken_back,
        {p.number for p in policies if _current(context, p)},
    )
    deltas, found = lane_deltas(policies), []
    for name, policy in {t.name: p for p in policies for t in p.tiers}.items():
        members = tuple(c for c in arrived if c.tier == name)
        evidence: list[Evidence] = []
        simulated = any(p.simulated for p in policies)
        for number, audits in drawn.items():
            own, of_gold = read_evidence([c for c in members if c.policy == number], audits, acts)
            evidence += own
            simulated = simulated or of_gold
        answers = answers_of(members, evidence)
        able = [c.policy in good and (c.policy, c.record_id) not in back for c in members]
        found.append(
            StreamTrack(
                policy=policy,
                terms=next(t for t in policy.tiers if t.name == name),
                members=members,
                answers=answers,
                able=np.array(able, dtype=np.bool_),
                evidence=tuple(evidence),
                lanes=lanes_of(
                    members, answers, {pi: d for (tier, pi), d in deltas.items() if tier == name}
                ),
                simulated=simulated,
                stop=stop_reason(context, policy, name),
            )
        )
    return found


def certified_arrivals(context: ProjectContext, states: Iterable[Certificate]) -> list[Candidate]:
    """Arrivals whose labels may be out as proven: those that are open, in each tier whose bound
    was ever in force by the certificates. What is out stays, and further ones wait for the bound.
    """
    able = {s.tier for s in states if s.bound is not None and s.bound["in_force"]}
    return [c for flow in stream_tracks(context) if flow.terms.name in able for c in flow.open()]


def _current(context: ProjectContext, policy: Policy) -> bool:
    return policy.schema_version == context.schema.version


def arrivals_policy(context: ProjectContext) -> Policy | None:
    """The policy that takes arrivals: the newest one, if it was frozen for a stream, the settings
    still ask for one and the label schema is the same; else None."""
    if not context.settings.promise.stream:
        return None
    policy = context.pool_state().newest_policy
    able = policy is not None and policy.audit_rate is not None and _current(context, policy)
    return policy if able else None
