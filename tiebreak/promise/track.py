"""A track: one risk tier under a frozen policy, with what is known of each of its candidates.

A file's track is about the candidates of one freeze, a stream's about arrivals; what counts as an
answer, what is pending and what a certificate names is the same for both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from tiebreak.assurance import AuditAnswer
from tiebreak.domain.decisions import Decision
from tiebreak.domain.promises import Candidate, Evidence, FrozenTier, Policy
from tiebreak.domain.reviews import Annotation, blind_answer

Numbers = npt.NDArray[np.float64]
Answers = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]
Acts = Mapping[int, Sequence[Annotation]]


@dataclass(frozen=True, eq=False, slots=True)
class Members:
    """Candidates in a fixed order, with their scores float64[n] and places by record id."""

    items: tuple[Candidate, ...]
    scores: Numbers
    place: Mapping[int, int]

    @classmethod
    def of(cls, candidates: Iterable[Candidate]) -> Members:
        """These candidates, in this order."""
        items = tuple(candidates)
        scores = np.array([c.score for c in items], dtype=np.float64)
        return cls(items, scores, {c.record_id: at for at, c in enumerate(items)})

    @classmethod
    def in_coin_order(cls, candidates: Iterable[Candidate], tier: str) -> Members:
        """A tier's candidates in ascending u; equal coins by record id."""
        of_tier = (c for c in candidates if c.tier == tier)
        return cls.of(sorted(of_tier, key=lambda c: (c.coin, c.record_id)))

    def answers(self, evidence: Iterable[Evidence]) -> Answers:
        """`AuditAnswer` int8[n]: those without evidence were not drawn."""
        answers = np.full(len(self.items), AuditAnswer.NOT_DRAWN, dtype=np.int8)
        for item in evidence:
            answers[self.place[item.record_id]] = item.answer
        return answers

    def at(self, mask: Mask) -> list[Candidate]:
        """Those that *mask* bool[n] chooses."""
        return [self.items[i] for i in np.flatnonzero(mask).tolist()]


@dataclass(frozen=True, eq=False, kw_only=True)
class Track:
    """A tier of a policy, now. ``answers`` int8[n] (`AuditAnswer`) are the members'; ``evidence``
    names the acts that they come from. ``simulated``: an answer or the coins were simulated."""

    policy: Policy
    tier: FrozenTier
    members: Members
    answers: Answers
    evidence: tuple[Evidence, ...]
    simulated: bool

    def pending(self) -> list[int]:
        """Record ids of audits that were drawn and have no blind answer."""
        return [c.record_id for c in self.members.at(self.answers == AuditAnswer.PENDING)]

    def release_of(self, member: Candidate, policy: Policy, source: str) -> Decision:
        """The decision with which a member's label goes out under *policy*, by *source*."""
        reasons = ("certified", f"{source}:{member.tier}")
        return Decision(
            record_id=member.record_id,
            by="autonomous",
            labels=member.labels,
            reasons=(*reasons, "simulated-audits") if self.simulated else reasons,
            schema_version=policy.schema_version,
            policy_version=policy.version,
            confidence=member.score,
        )


def is_issued(current: Decision | None, wanted: Decision) -> bool:
    """Whether a record has this label of this policy already, proven or marked."""
    return current is not None and (current.labels, current.policy_version) == (
        wanted.labels,
        wanted.policy_version,
    )


def read_evidence(
    members: Members, drawn: Mapping[int, Collection[int]], acts: Acts
) -> tuple[tuple[Evidence, ...], bool]:
    """What is known of each member that was drawn or that anybody looked at, in members' order; and
    whether any answer among them was simulated. *drawn*: record ids by policy number.

    A drawn one without a blind answer is pending: it counts as an error until it has one. One that
    was not drawn, but that somebody acted on in whatever way, is seen.
    """
    evidence, simulated = [], False
    known = {members.place[i] for i in chain(acts, *drawn.values()) if i in members.place}
    for member in (members.items[at] for at in sorted(known)):
        history = acts.get(member.record_id, ())
        if member.record_id not in drawn[member.policy]:
            if history:
                seen = int(AuditAnswer.SEEN)
                evidence.append(Evidence(member.record_id, history[-1].seq, seen))
            continue
        act = blind_answer(history)
        if act is None:
            evidence.append(Evidence(member.record_id, 0, int(AuditAnswer.PENDING)))
        else:
            evidence.append(Evidence(member.record_id, act.seq, int(verdict(member, act))))
            simulated = simulated or act.source == "simulated"
    return tuple(evidence), simulated


def verdict(member: Candidate, act: Annotation) -> AuditAnswer:
    """Whether a blind answer says what the policy would have said."""
    same = act.outcome == "label" and act.labels == member.labels
    return AuditAnswer.RIGHT if same else AuditAnswer.WRONG
