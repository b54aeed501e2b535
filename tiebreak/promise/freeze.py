"""Promotion: the policy is frozen, and with it every candidate, its label, its score, its coin.

Frozen are numbers from unlabelled records; no audit was answered yet. Everything is written in one
transaction before any coin is read, so that a run that was killed finds it all, or nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass

import numpy as np

from tiebreak.assurance.audit_forecast import more_audits
from tiebreak.assurance.coins import coin
from tiebreak.assurance.ladder import AuditAnswer, standings
from tiebreak.assurance.policy import PolicyContent
from tiebreak.assurance.rates import delta_share
from tiebreak.assurance.rungs import Ladder, Plan, freeze_ladder
from tiebreak.domain.promises import Candidate, FrozenRung, FrozenTier, Policy, digest_of
from tiebreak.errors import StoreError
from tiebreak.project import wiring
from tiebreak.project.context import Ids, ProjectContext
from tiebreak.promise.candidates import CandidateSet, Numbers, find_candidates
from tiebreak.promise.terms import PromiseTerms, tier_of, tiers_of

GROWTH = 1.5
"""A further policy is due when so many times the labels are known as at the last freeze."""


@dataclass(frozen=True, slots=True)
class _Tier:
    """Positions of a tier's candidates in `CandidateSet`, and its ladder."""

    name: str
    eps: float
    delta: float
    audits: int
    at: Ids
    ladder: Ladder


def freeze_due(context: ProjectContext, ask: PromiseTerms) -> bool:
    """Whether enough was learnt for the next policy to be frozen."""
    known, policies = len(context.pool_state().labelled), context.store.promises.policies()
    if policies:
        return known >= GROWTH * policies[-1].known
    return known >= ask.labels_first(len(context.table.pool), len(context.schema.names))


def freeze_policy(context: ProjectContext, ask: PromiseTerms, open_ids: Ids) -> Policy | None:
    """Freeze the next policy over *open_ids*, records that no person answered; None where no
    audit could prove anything of them, or (after the first) where none is worth it."""
    found = find_candidates(context, open_ids)
    policies = context.store.promises.policies()
    if found is None or not len(found.ids):
        return None
    number = len(policies) + 1
    tiers = _tiers(context, ask, found, number)
    able = [t for t in tiers if t.ladder.rungs]
    if not able or (number > 1 and not any(_worth(t, found.scores[t.at]) for t in able)):
        return None
    policy = _bundle(context, found, tiers, number)
    secret = _secret(context, ask)
    made = [
        Candidate(
            policy=number,
            record_id=(record_id := int(found.ids[at])),
            tier=tier.name,
            labels=found.labels[at],
            score=float(found.scores[at]),
            coin=f"{coin(secret, record_id, policy.version).number:064x}",
        ).sealed()
        for tier in tiers
        for at in tier.at.tolist()
    ]
    card = Policy(
        number=number,
        version=policy.version,
        promise=ask.kind,
        max_error=ask.max_error,
        confidence=ask.confidence,
        tiers=tuple(_frozen(t) for t in tiers),
        parts=_plain(policy),
        secret=secret.hex(),
        simulated=ask.simulated,
        schema_version=context.schema.version,
        known=len(context.pool_state().labelled),
        candidates=len(made),
        digest=digest_of({c.record_id: c.seal for c in made}),
        upto=int(context.table.ids.max(initial=0)),
        audit_rate=ask.part.audit_rate if ask.part.stream else None,
    )
    context.store.promises.freeze(card, sorted(made, key=lambda c: c.record_id))
    return card


def _tiers(
    context: ProjectContext, ask: PromiseTerms, found: CandidateSet, number: int
) -> list[_Tier]:
    names = tiers_of(context.schema, ask)
    own = [tier_of(context.schema, ask, value) for value in found.labels]
    planned = ask.audits(sum(name is not None for name in own))
    made = []
    for name in names:
        at = np.array([i for i, tier in enumerate(own) if tier == name], dtype=np.int64)
        share = len(at) / max(len(own), 1)
        plan = Plan(
            eps=ask.eps(name),
            delta=delta_share(ask.delta, number, len(names)) * ask.share,
            audits=round(planned * share),
            promise=ask.kind,
            file_size=max(int(len(context.table.pool) * share), len(at)),
        )
        ladder = freeze_ladder(found.scores[at], plan)
        made.append(_Tier(name, plan.eps, plan.delta, plan.audits, at, ladder))
    return made


def _worth(tier: _Tier, scores: Numbers) -> bool:
    """Whether the first rung will be proven if its scores mean what they say, at less than it
    frees."""
    fresh = np.full(len(scores), AuditAnswer.NOT_DRAWN, dtype=np.int8)
    rung = tier.ladder.rungs[0]
    rate = float(1 - scores[scores >= rung.threshold].mean())
    audits = more_audits(tier.ladder, standings(tier.ladder, scores, fresh), 0, rate)
    return audits is not None and 2 * audits <= rung.pool.size


def _bundle(
    context: ProjectContext, found: CandidateSet, tiers: list[_Tier], number: int
) -> PolicyContent:
    card, schema = context.store.notes.last_model(), context.schema
    if card is None:  # `find_candidates` had a head
        raise StoreError("The newest head's card is gone.", mend="Run: tiebreak run DIR")
    prompts = sorted({s.prompt for s in context.suggested().values()})
    return PolicyContent(
        number=number,
        encoder=card.embedder,
        head=card.sha256,
        agent=wiring.configured_agent_id(context.settings, context.agent_name) or "none",
        prompt=_hash(*prompts, context.settings.project.task),
        guideline=schema.fingerprint,
        demo_index=card.labels_hash,
        fusion=found.fusion.parameters(),
        labels=schema.names,
        tiers=tuple((label.name, label.tier) for label in schema.labels),
        eps=tuple((t.name, t.eps) for t in tiers),
        rungs=tuple((t.name, r.threshold) for t in tiers for r in t.ladder.rungs),
    )


def _plain(policy: PolicyContent) -> dict[str, object]:
    """The bundle as JSON has it."""
    told = asdict(policy)
    return {k: [list(x) if isinstance(x, tuple) else x for x in v] if isinstance(v, tuple) else v
            for k, v in told.items()}  # fmt: skip


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _secret(context: ProjectContext, ask: PromiseTerms) -> bytes:
    """What coins are drawn with: nobody can foresee it, except in a simulation, which must come
    out the same when it is run again."""
    if ask.simulated:
        seed = f"{context.settings.project.seed}/coins of a simulation"
        return hashlib.sha256(seed.encode()).digest()
    return secrets.token_bytes(32)


def _frozen(tier: _Tier) -> FrozenTier:
    rungs = tuple(
        FrozenRung(
            threshold=r.threshold,
            size=r.pool.size,
            too_many=r.pool.too_many,
            cap=r.pool.cap,
            credit=r.credit,
        )
        for r in tier.ladder.rungs
    )
    return FrozenTier(
        name=tier.name, eps=tier.eps, delta=tier.delta, audits=tier.audits, rungs=rungs
    )
