"""How a tier of a frozen policy stands: its candidates in coin order, and what people said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.assurance import ladder as ladders
from tiebreak.assurance.audit_forecast import more_audits
from tiebreak.assurance.finite import FinitePool
from tiebreak.assurance.ladder import AuditAnswer, Standing
from tiebreak.assurance.rungs import Ladder, Rung
from tiebreak.domain.promises import (
    Candidate,
    Certificate,
    Evidence,
    FrozenTier,
    Policy,
    RungState,
)
from tiebreak.domain.reviews import Annotation, blind_answer
from tiebreak.project.context import ProjectContext

MIN_AT_ONCE, MAX_AT_ONCE = 4, 1000
"""Audits at once: at least, and where there is no telling."""

Numbers = npt.NDArray[np.float64]
Answers = npt.NDArray[np.int8]
Acts = Mapping[int, Sequence[Annotation]]


def ladder_of(tier: FrozenTier) -> Ladder:
    """The frozen rungs as `assurance` reckons with them."""
    rungs = tuple(
        Rung(r.threshold, FinitePool(r.size, r.too_many, r.cap), r.credit) for r in tier.rungs
    )
    return Ladder(rungs, tier.delta)


@dataclass(frozen=True, eq=False, slots=True)
class FileTrack:
    """One tier of one policy, now.

    ``members`` are its candidates in ascending coin order, ``scores`` float64[n] and ``answers``
    int8[n] (`AuditAnswer`) theirs; ``evidence`` names the acts that the answers come from;
    ``standing`` is every rung's, from the innermost outward.
    """

    policy: Policy
    tier: FrozenTier
    ladder: Ladder
    members: tuple[Candidate, ...]
    scores: Numbers
    answers: Answers
    evidence: tuple[Evidence, ...]
    simulated: bool
    standing: tuple[Standing, ...]

    @property
    def released(self) -> int | None:
        """The outermost rung in force, or None."""
        return ladders.released(self.standing)

    def free(self) -> list[Candidate]:
        """The candidates in the rung in force that no person looked at: their labels go out."""
        j = self.released
        if j is None:
            return []
        able = self.scores >= self.ladder.rungs[j].threshold
        able &= self.answers == AuditAnswer.NOT_DRAWN
        return [self.members[at] for at in np.flatnonzero(able).tolist()]

    def next_audits(self, count: int) -> list[int]:
        """Record ids of up to *count* candidates to draw next."""
        at = ladders.next_audits(self.ladder, self.scores, self.answers, count)
        return [self.members[i].record_id for i in at.tolist()]

    def wanted(self) -> int:
        """How many audits to ask for at once: about as many as the next certificate will take if
        errors go on as they came, and never so few that people wait for each."""
        at = ladders.target(self.standing)
        if at is None:
            return MAX_AT_ONCE
        now = self.standing[at]
        rate = (now.wrong - now.pending) / max(now.audited - now.pending, 1)
        told = more_audits(self.ladder, self.standing, at, rate)
        return MAX_AT_ONCE if told is None else max(told, MIN_AT_ONCE)

    def pending(self) -> list[int]:
        """Record ids of audits that were drawn and have no blind answer."""
        at = np.flatnonzero(self.answers == AuditAnswer.PENDING)
        return [self.members[i].record_id for i in at.tolist()]

    def certificate(self, *, valid: bool) -> Certificate:
        """Its state; without *valid* (another schema, another policy instead) nothing is out."""
        return Certificate(
            policy=self.policy.number,
            tier=self.tier.name,
            rungs=tuple(rung_state(at) for at in self.standing),
            released=self.released if valid else None,
            labels=len(self.free()) if valid else 0,
            simulated=self.simulated,
            evidence=self.evidence,
        )


def rung_state(at: Standing) -> RungState:
    """A rung's standing as it is stored: its E to the bit."""
    return RungState(
        audited=at.audited,
        wrong=at.wrong,
        pending=at.pending,
        seen=at.seen,
        found=at.errors_found,
        room=at.room,
        log_e=at.log_e.hex(),
        proven=at.proven,
        in_force=at.in_force,
    )


def in_coin_order(candidates: Sequence[Candidate], tier: str) -> tuple[Candidate, ...]:
    """A tier's candidates in ascending u; equal coins by record id."""
    return tuple(
        sorted((c for c in candidates if c.tier == tier), key=lambda c: (c.coin, c.record_id))
    )


def file_tracks(context: ProjectContext, policy: Policy) -> list[FileTrack]:
    """Every tier of a policy, by the acts that are stored now."""
    drawn = context.store.promises.drawn(policy.number)
    acts = context.store.annotations.histories()
    found = []
    for tier in policy.tiers:
        members, scores = _members(context, policy, tier.name)
        evidence, simulated = read_evidence(members, drawn, acts)
        answers = answers_of(members, evidence)
        ladder = ladder_of(tier)
        found.append(
            FileTrack(
                policy=policy,
                tier=tier,
                ladder=ladder,
                members=members,
                scores=scores,
                answers=answers,
                evidence=evidence,
                simulated=simulated or policy.simulated,
                standing=ladders.standings(ladder, scores, answers),
            )
        )
    return found


def _members(
    context: ProjectContext, policy: Policy, tier: str
) -> tuple[tuple[Candidate, ...], Numbers]:
    """A tier's candidates in coin order with their scores; read once, for they never change."""
    key = ("candidates", policy.version, tier)
    if key not in context.memo:
        known = context.store.promises.candidates(policy.number)
        members = in_coin_order([c for c in known if c.pi is None], tier)
        context.memo[key] = members, np.array([c.score for c in members], dtype=np.float64)
    found: tuple[tuple[Candidate, ...], Numbers] = context.memo[key]
    return found


def read_evidence(
    members: Sequence[Candidate], drawn: set[int], acts: Acts
) -> tuple[tuple[Evidence, ...], bool]:
    """What is known of each candidate that was drawn or that anybody looked at, in coin order; and
    whether any answer among them was simulated.

    A drawn one without a blind answer is pending: it counts as an error until it has one. One that
    was not drawn, but that somebody acted on in whatever way, is seen.
    """
    found, simulated = [], False
    for member in members:
        history = acts.get(member.record_id, ())
        if member.record_id not in drawn:
            if history:
                found.append(Evidence(member.record_id, history[-1].seq, int(AuditAnswer.SEEN)))
            continue
        act = blind_answer(history)
        if act is None:
            found.append(Evidence(member.record_id, 0, int(AuditAnswer.PENDING)))
        else:
            found.append(Evidence(member.record_id, act.seq, int(verdict(member, act))))
            simulated = simulated or act.source == "simulated"
    return tuple(found), simulated


def verdict(member: Candidate, act: Annotation) -> AuditAnswer:
    """Whether a blind answer says what the policy would have said."""
    same = act.outcome == "label" and act.labels == member.labels
    return AuditAnswer.RIGHT if same else AuditAnswer.WRONG


def answers_of(members: Sequence[Candidate], evidence: Sequence[Evidence]) -> Answers:
    """`AuditAnswer` int8[n] of each of the *members*: those without evidence were not drawn."""
    place = {member.record_id: at for at, member in enumerate(members)}
    answers = np.full(len(members), AuditAnswer.NOT_DRAWN, dtype=np.int8)
    for item in evidence:
        answers[place[item.record_id]] = item.answer
    return answers
