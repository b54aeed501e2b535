"""A file's track: a tier of a frozen policy, its rungs and how each stands by its audits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tiebreak.assurance import (
    AuditAnswer,
    FinitePool,
    Ladder,
    Rung,
    Standing,
    ladder as ladders,
    more_audits,
)
from tiebreak.domain.promises import Candidate, Certificate, FrozenTier, Policy, RungState
from tiebreak.project import PoolState, ProjectContext, frozen_candidates
from tiebreak.promise.track import Members, Track, read_evidence

MIN_AT_ONCE, MAX_AT_ONCE = 4, 1000
"""Audits at once: at least, and where there is no telling."""


def ladder_of(tier: FrozenTier) -> Ladder:
    """The frozen rungs as `assurance` reckons with them."""
    rungs = tuple(
        Rung(r.threshold, FinitePool(r.size, r.too_many, r.cap), r.credit) for r in tier.rungs
    )
    return Ladder(rungs, tier.delta)


@dataclass(frozen=True, eq=False, kw_only=True)
class FileTrack(Track):
    """Members are in ascending coin order; ``standing`` is every rung's, innermost first."""

    ladder: Ladder
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
        able = self.members.scores >= self.ladder.rungs[j].threshold
        return self.members.at(able & (self.answers == AuditAnswer.NOT_DRAWN))

    def next_audits(self, count: int) -> list[int]:
        """Record ids of up to *count* candidates to draw next."""
        at = ladders.next_audits(self.ladder, self.members.scores, self.answers, count)
        return [self.members.items[i].record_id for i in at.tolist()]

    def wanted(self) -> int:
        """How many audits to ask for at once: about as many as the next certificate will take if
        errors go on as they came, and never so few that people wait for each."""
        at = ladders.target(self.standing)
        if at is None:
            return MAX_AT_ONCE
        now = self.standing[at]
        rate = (now.wrong - now.pending) / max(now.audited - now.pending, 1)
        more = more_audits(self.ladder, self.standing, at, rate)
        return MAX_AT_ONCE if more is None else max(more, MIN_AT_ONCE)

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


def file_tracks(context: ProjectContext, state: PoolState) -> tuple[FileTrack, ...]:
    """Every tier of every policy as it stood when *state* was read, by policy."""
    return tuple(
        _track(context, state, policy, tier) for policy in state.policies for tier in policy.tiers
    )


def _track(
    context: ProjectContext, state: PoolState, policy: Policy, tier: FrozenTier
) -> FileTrack:
    members, ladder = _members(context, policy, tier.name), ladder_of(tier)
    drawn = {policy.number: state.drawn[policy.number]}
    evidence, simulated = read_evidence(members, drawn, state.histories)
    answers = members.answers(evidence)
    return FileTrack(
        policy=policy,
        tier=tier,
        members=members,
        answers=answers,
        evidence=evidence,
        simulated=simulated or policy.simulated,
        ladder=ladder,
        standing=ladders.standings(ladder, members.scores, answers),
    )


def _members(context: ProjectContext, policy: Policy, tier: str) -> Members:
    """A tier's candidates in coin order; sorted once, for they never change."""
    key = ("members", policy.version, tier)
    if key not in context.memo:
        context.memo[key] = Members.in_coin_order(frozen_candidates(context, policy), tier)
    members: Members = context.memo[key]
    return members


def labelling_policies(schema_version: int, tracks: Sequence[FileTrack]) -> set[int]:
    """Numbers of the policies whose certificates may be in force at once.

    Another label schema is another question. Under the label promise each policy is about records
    of its own. Under the dataset promise each spends the whole file's tolerated error, so that one
    alone may label: the one that frees most (the claims of all hold at once, with the confidence
    of the project's life, so that choosing among them costs nothing).
    """
    same = [t for t in tracks if t.policy.schema_version == schema_version]
    kind = tracks[-1].policy.promise if tracks else "label"
    able = {t.policy.number for t in same if t.policy.promise == kind}
    if kind == "label" or not able:
        return able
    free = {n: sum(len(t.free()) for t in same if t.policy.number == n) for n in sorted(able)}
    return {max(free, key=lambda n: free[n])}
