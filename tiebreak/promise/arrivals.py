"""Arrivals: decided on by the frozen policy, then their coins are read; and what goes out of them.

The order is the whole point. A label, and whether it is for release, are worked out without the
policy's secret; only then are coins made from it, and all of it is written in one transaction, so
that a run that was killed finds everything or nothing. Nothing is ever decided a second time under
one policy: whoever knew that a coin had missed a record could release just those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tiebreak.assurance.coins import Coin, coin
from tiebreak.domain.decisions import Decision
from tiebreak.domain.ports import Head
from tiebreak.domain.promises import Candidate, Policy
from tiebreak.drift.state import ADVICE, pause_reason
from tiebreak.errors import ModelFileError
from tiebreak.learner.opinion.fusion import Fusion
from tiebreak.project import wiring
from tiebreak.project.context import Ids, ProjectContext
from tiebreak.project.pool import NOT_PROVEN
from tiebreak.promise.audits import open_audit_ids, queue_audits
from tiebreak.promise.candidates import candidates_by
from tiebreak.promise.released import is_in_force, release_decision
from tiebreak.promise.stream import StreamTrack, arrivals_policy, stream_tracks
from tiebreak.promise.terms import PromiseTerms, tier_of

Sweep = Callable[[Ids], None]


def take_arrivals(context: ProjectContext, ask: PromiseTerms, sweep: Sweep) -> int:
    """Let the policy that takes arrivals decide on those that it has not decided on; how many
    became candidates. *sweep* has the agent answer records that it was not asked about."""
    policy = arrivals_policy(context)
    if policy is None:
        _say_why_none(context)
        return 0
    ids = undecided(context, policy)
    if not len(ids):
        return 0
    if why := pause_reason(context):
        context.progress.note(f"paused: {why}. No arrival was decided on. {ADVICE['pause']}")
        return 0
    try:
        head = frozen_head(context, policy)
    except ModelFileError as problem:
        context.progress.note(
            f"{problem} {len(ids)} arrivals wait for another policy, or for people."
        )
        return 0
    if ask.part.audit_rate != policy.audit_rate:
        context.progress.note(
            f"promise.audit_rate is {ask.part.audit_rate:g} now, and policy {policy.number} keeps "
            f"the {policy.audit_rate:g} that it was frozen with: the next policy takes the new one."
        )
    sweep(ids)
    found = candidates_by(context, ids, head, Fusion.of(policy.parts["fusion"]))
    with context.store.transaction():
        gates = {flow.terms.name: flow.gate() for flow in stream_tracks(context)}
        decided = []
        for at, record_id in enumerate(found.ids.tolist()):
            tier = tier_of(context.schema, ask, found.labels[at])
            if tier not in gates:
                continue
            gate, score = gates[tier], float(found.scores[at])
            decided.append(
                Candidate(
                    policy=policy.number,
                    record_id=record_id,
                    tier=tier,
                    labels=found.labels[at],
                    score=score,
                    coin="",
                    pi=policy.audit_rate,
                    release=gate is not None and score >= gate,
                )
            )
        _draw(context, policy, decided)
    return len(decided)


def _say_why_none(context: ProjectContext) -> None:
    policy = context.pool_state().newest_policy
    if policy is not None and context.settings.promise.stream and policy.audit_rate is None:
        context.progress.note(
            f"promise.stream is on, and policy {policy.number} was frozen without it: what arrives "
            "waits for the next policy, or for people."
        )


def undecided(context: ProjectContext, policy: Policy) -> Ids:
    """Ids of records that came after the freeze, that no policy decided on and nobody looked at."""
    pool = context.table.pool
    known = {c.record_id for c in context.store.promises.arrivals()}
    known |= context.store.annotations.histories().keys()
    came = pool[pool > policy.upto]
    return came[~np.isin(came, np.fromiter(known, dtype=np.int64))]


def frozen_head(context: ProjectContext, policy: Policy) -> tuple[int, float, Head]:
    """The head that a policy was frozen with.

    Raises:
        ModelFileError: its file is gone or damaged.
    """
    cards = [c for c in context.store.notes.models() if c.sha256 == policy.parts["head"]]
    if not cards:
        raise ModelFileError(
            f"Policy {policy.number} was frozen with a head that no model card names.",
            mend="Run: tiebreak verify DIR",
        )
    return cards[-1].version, cards[-1].temperature, wiring.read_head(context.folder, cards[-1])


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
    own = Coin(int(member.coin, 16), member.record_id)
    return member.pi is not None and own.falls(member.pi)


def ask_arrivals(context: ProjectContext) -> int:
    """See to it that every audit of an arrival without an answer waits in the queue; how many."""
    with context.store.transaction():
        waiting = open_audit_ids(
            context, [i for flow in stream_tracks(context) for i in flow.pending()]
        )
        queue_audits(context, waiting)
    return len(waiting)


def going_out(context: ProjectContext, found: list[StreamTrack]) -> dict[int, Decision]:
    """The labels of arrivals that are to be out now, by record.

    Where the bound is in force and nothing stops it, all that was decided for release. What is out
    already stays: the bound counts it. What is not proven yet is held back, or goes out marked.
    """
    latest = context.store.decisions.latest([c.record_id for flow in found for c in flow.members])
    versions = {p.number: p for p in context.store.promises.policies()}
    mark = context.settings.promise.unproven == "mark"
    out: dict[int, Decision] = {}
    for flow in found:
        proven, more = flow.in_force and not flow.stop, not flow.stop
        for member in flow.open():
            wanted = release_decision(
                versions[member.policy], member, f"stream:{member.tier}", simulated=flow.simulated
            )
            before = latest.get(member.record_id)
            issued = is_in_force(before, wanted)
            if proven or (issued and before is not None and before.by == "autonomous"):
                out[member.record_id] = wanted
            elif (mark and more) or issued:
                reasons = (NOT_PROVEN, *wanted.reasons[1:])
                out[member.record_id] = replace(wanted, by="unproved", reasons=reasons)
    return out
