"""Promotion: the policy is frozen, and with it every candidate, its label, its score, its coin.

Frozen are numbers from unlabelled records; no audit was answered yet. Everything is written in one
transaction before any coin is read, so that a run that was killed finds it all, or nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from tiebreak.assurance import (
    AuditAnswer,
    Coin,
    Ladder,
    Plan,
    PolicyContent,
    coin,
    delta_share,
    freeze_ladder,
    more_audits,
    standings,
)
from tiebreak.domain.arrays import Ids
from tiebreak.domain.promises import Candidate, FrozenRung, FrozenTier, Policy, digest_of
from tiebreak.errors import StoreError
from tiebreak.learner.opinion import Fusion
from tiebreak.project import PoolState, ProjectContext, wiring
from tiebreak.promise.candidates import decide_records, newest_rules
from tiebreak.promise.decide import Verdict
from tiebreak.promise.terms import PromiseTerms, tier_of, tiers_of
from tiebreak.promise.track import Numbers

GROWTH = 1.5
"""A further policy is due when so many times the labels are known as at the last freeze."""


@dataclass(frozen=True, eq=False, slots=True)
class _Candidates:
    """Records that could be labelled alone: ``ids`` int64[n] ascending, with what is decided of
    each, its score float64[n], and the fusion that made it."""

    ids: Ids
    verdicts: Sequence[Verdict]
    scores: Numbers
    fusion: Fusion


@dataclass(frozen=True, slots=True)
class _Tier:
    """Positions of a tier's candidates in `_Candidates`, and its ladder."""

    name: str
    eps: float
    delta: float
    audits: int
    at: Ids
    ladder: Ladder


def freeze_due(state: PoolState, terms: PromiseTerms) -> bool:
    """Whether enough was learnt for the next policy to be frozen."""
    known, policy = len(state.labelled), state.newest_policy
    if policy is not None:
        return known >= GROWTH * policy.known
    return known >= terms.labels_first(len(state.pool), len(state.schema.names))


def freeze_policy(context: ProjectContext, terms: PromiseTerms, open_ids: Ids) -> Policy | None:
    """Freeze the next policy over *open_ids*, records that no person answered; None where no
    audit could prove anything of them, or (after the first) where none is worth it."""
    state = context.pool_state()
    candidates = _find(context, state, terms, open_ids)
    if candidates is None or not len(candidates.ids):
        return None
    number = len(state.policies) + 1
    tiers = _tiers(state, terms, candidates, number)
    able = [t for t in tiers if t.ladder.rungs]
    if not able or (number > 1 and not any(_worth(t, candidates.scores[t.at]) for t in able)):
        return None
    content = _content(context, candidates, tiers, number)
    secret, version = _secret(context, terms), content.version
    frozen = [
        _candidate(
            number,
            tier.name,
            int(candidates.ids[at]),
            candidates.verdicts[at],
            lambda record_id: coin(secret, record_id, version),
        )
        for tier in tiers
        for at in tier.at.tolist()
    ]
    policy = Policy(
        number=number,
        version=version,
        promise=terms.kind,
        max_error=terms.max_error,
        confidence=terms.confidence,
        tiers=tuple(_frozen(t) for t in tiers),
        parts=_plain(content),
        secret=secret.hex(),
        simulated=terms.simulated,
        schema_version=state.schema.version,
        known=len(state.labelled),
        candidates=len(frozen),
        digest=digest_of({c.record_id: c.seal for c in frozen}),
        upto=int(context.table.ids.max(initial=0)),
        audit_rate=terms.part.audit_rate if terms.part.stream else None,
    )
    context.store.promises.freeze(policy, sorted(frozen, key=lambda c: c.record_id))
    return policy


def _find(
    context: ProjectContext, state: PoolState, terms: PromiseTerms, open_ids: Ids
) -> _Candidates | None:
    """The candidates among *open_ids* under the newest head; None before there is one."""
    rules = newest_rules(context, lambda value: tier_of(state.schema, terms, value))
    if rules is None:
        return None
    verdicts = decide_records(context, state, rules, open_ids)
    at = [i for i, verdict in enumerate(verdicts) if verdict.labels is not None]
    chosen = [verdicts[i] for i in at]
    scores = np.array([verdict.score for verdict in chosen], dtype=np.float64)
    return _Candidates(open_ids[at], chosen, scores, rules.fusion)


def _candidate(
    policy: int, tier: str, record_id: int, verdict: Verdict, flip: Callable[[int], Coin]
) -> Candidate:
    """A candidate with its coin, sealed."""
    return Candidate(
        policy=policy,
        record_id=record_id,
        tier=tier,
        labels=verdict.labels or (),
        score=verdict.score,
        coin=f"{flip(record_id).number:064x}",
    ).sealed()


def _tiers(
    state: PoolState, terms: PromiseTerms, candidates: _Candidates, number: int
) -> list[_Tier]:
    names, total = tiers_of(state.schema, terms), len(candidates.verdicts)
    of_each = [verdict.tier for verdict in candidates.verdicts]
    planned = terms.audits(sum(name is not None for name in of_each))
    tiers = []
    for name in names:
        at = np.array([i for i, tier in enumerate(of_each) if tier == name], dtype=np.int64)
        share = len(at) / max(total, 1)
        plan = Plan(
            eps=terms.eps(name),
            delta=delta_share(terms.delta, number, len(names)) * terms.share,
            audits=round(planned * share),
            promise=terms.kind,
            file_size=max(int(len(state.pool) * share), len(at)),
        )
        ladder = freeze_ladder(candidates.scores[at], plan)
        tiers.append(_Tier(name, plan.eps, plan.delta, plan.audits, at, ladder))
    return tiers


def _worth(tier: _Tier, scores: Numbers) -> bool:
    """Whether the first rung will be proven if its scores mean what they say, at less than it
    frees."""
    fresh = np.full(len(scores), AuditAnswer.NOT_DRAWN, dtype=np.int8)
    rung = tier.ladder.rungs[0]
    rate = float(1 - scores[scores >= rung.threshold].mean())
    audits = more_audits(tier.ladder, standings(tier.ladder, scores, fresh), 0, rate)
    return audits is not None and 2 * audits <= rung.pool.size


def _content(
    context: ProjectContext, candidates: _Candidates, tiers: list[_Tier], number: int
) -> PolicyContent:
    model, schema = context.store.notes.last_model(), context.schema
    if model is None:  # there were candidates, and so a head
        raise StoreError("The newest head's card is gone.", mend="Run: tiebreak run DIR")
    prompts = sorted({s.prompt for s in context.suggested().values()})
    return PolicyContent(
        number=number,
        encoder=model.embedder,
        head=model.sha256,
        agent=wiring.configured_agent_id(context.settings, context.agent_name) or "none",
        prompt=_hash(*prompts, context.settings.project.task),
        guideline=schema.fingerprint,
        demo_index=model.labels_hash,
        fusion=candidates.fusion.parameters(),
        labels=schema.names,
        tiers=tuple((label.name, label.tier) for label in schema.labels),
        eps=tuple((t.name, t.eps) for t in tiers),
        rungs=tuple((t.name, r.threshold) for t in tiers for r in t.ladder.rungs),
    )


def _plain(content: PolicyContent) -> dict[str, object]:
    """The bundle as JSON has it."""
    parts = asdict(content)
    return {k: [list(x) if isinstance(x, tuple) else x for x in v] if isinstance(v, tuple) else v
            for k, v in parts.items()}  # fmt: skip


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _secret(context: ProjectContext, terms: PromiseTerms) -> bytes:
    """What coins are drawn with: nobody can foresee it, except in a simulation, which must come
    out the same when it is run again."""
    if terms.simulated:
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
