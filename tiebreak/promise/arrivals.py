"""Arrivals: decided on by the frozen policy, then their coins are read.

The order is the whole point. A label, and whether it is for release, are worked out without the
policy's secret; only then are coins made from it, and all of it is written in one transaction, so
that a run that was killed finds everything or nothing. Nothing is ever decided a second time under
one policy: whoever knew that a coin had missed a record could release just those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tiebreak.assurance import Coin, coin
from tiebreak.domain.arrays import Ids
from tiebreak.domain.promises import Candidate, Policy
from tiebreak.drift import ADVICE, pause_reason
from tiebreak.errors import ModelFileError
from tiebreak.project import PoolState, ProjectContext
from tiebreak.promise.audits import open_audit_ids, queue_audits
from tiebreak.promise.candidates import decide_records, frozen_rules
from tiebreak.promise.stream_track import arrivals_policy, stream_tracks
from tiebreak.promise.terms import PromiseTerms, tier_of

Sweep = Callable[[Ids], None]


def take_arrivals(context: ProjectContext, terms: PromiseTerms, sweep: Sweep) -> int:
    """Let the policy that takes arrivals decide on those that it has not decided on; how many
    became candidates. *sweep* has the agent answer records that it was not asked about."""
    state = context.pool_state()
    policy = arrivals_policy(state)
    if policy is None:
        _note_why_none(context, state)
        return 0
    ids = undecided(state, policy)
    if not len(ids):
        return 0
    if why := pause_reason(context):
        context.progress.note(f"paused: {why}. No arrival was decided on. {ADVICE['pause']}")
        return 0
    gates = {track.tier.name: track.gate() for track in stream_tracks(context, state)}
    try:
        rules = frozen_rules(context, policy, lambda v: tier_of(state.schema, terms, v), gates)
    except ModelFileError as problem:
        context.progress.note(
            f"{problem} {len(ids)} arrivals wait for another policy, or for people."
        )
        return 0
    if terms.part.audit_rate != policy.audit_rate:
        context.progress.note(
            f"promise.audit_rate is {terms.part.audit_rate:g} now, and policy {policy.number} "
            f"keeps the {policy.audit_rate:g} that it was frozen with: the next policy takes the "
            "new one."
        )
    sweep(ids)
    with context.store.transaction():
        fresh = context.pool_state()
        gates = {track.tier.name: track.gate() for track in stream_tracks(context, fresh)}
        verdicts = decide_records(context, fresh, replace(rules, gates=gates), ids)
        decided = [
            Candidate(
                policy=policy.number,
                record_id=record_id,
                tier=verdict.tier,
                labels=verdict.labels,
                score=verdict.score,
                coin="",
                pi=policy.audit_rate,
                release=verdict.outcome == "release",
            )
            for record_id, verdict in zip(ids.tolist(), verdicts, strict=True)
            if verdict.labels is not None and verdict.tier is not None and verdict.tier in gates
        ]
        _draw(context, policy, decided)
    return len(decided)


def _note_why_none(context: ProjectContext, state: PoolState) -> None:
    policy = state.newest_policy
    if policy is not None and state.stream and policy.audit_rate is None:
        context.progress.note(
            f"promise.stream is on, and policy {policy.number} was frozen without it: what arrives "
            "waits for the next policy, or for people."
        )


def undecided(state: PoolState, policy: Policy) -> Ids:
    """Ids of records that came after the freeze, that no policy decided on and nobody looked at."""
    known = {c.record_id for c in state.arrivals} | state.histories.keys()
    came = state.pool[state.pool > policy.upto]
    return came[~np.isin(came, np.fromiter(known, dtype=np.int64))]


def _draw(context: ProjectContext, policy: Policy, decided: list[Candidate]) -> None:
    """Read the coins of what was decided, and write both."""
    secret = bytes.fromhex(policy.secret)
    coins = {c.record_id: coin(secret, c.record_id, policy.version) for c in decided}
    context.store.promises.arrive(
        [replace(c, coin=f"{coins[c.record_id].number:064x}").sealed() for c in decided]
    )
    audited = [c.record_id for c in decided if c.pi and coins[c.record_id].falls(c.pi)]
    context.store.promises.draw(policy.number, audited)


def is_audited(member: Candidate) -> bool:
    """Whether an arrival's coin says that it is audited."""
    drawn = Coin(int(member.coin, 16), member.record_id)
    return member.pi is not None and drawn.falls(member.pi)


def ask_arrivals(context: ProjectContext) -> int:
    """See to it that every audit of an arrival without an answer waits in the queue; how many."""
    with context.store.transaction():
        state = context.pool_state()
        tracks = stream_tracks(context, state)
        waiting = open_audit_ids(state, [i for track in tracks for i in track.pending()])
        queue_audits(context, waiting)
    return len(waiting)
