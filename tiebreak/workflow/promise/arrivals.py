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
from tiebreak.domain.promises import Candidate, PolicyCard
from tiebreak.errors import ModelFileError
from tiebreak.learner.fusion import Fusion
from tiebreak.workflow import wiring
from tiebreak.workflow.bench import Bench, Ids
from tiebreak.workflow.promise.asked import Ask, tier_of
from tiebreak.workflow.promise.audits import put, still_asked
from tiebreak.workflow.promise.candidates import proposed_by
from tiebreak.workflow.promise.held import MARK, newest, release, stands
from tiebreak.workflow.promise.stream import Flow, flows, taker
from tiebreak.workflow.watch import DO, paused

Sweep = Callable[[Ids], None]


def take_arrivals(bench: Bench, ask: Ask, sweep: Sweep) -> int:
    """Let the policy that takes arrivals decide on those that it has not decided on; how many
    became candidates. *sweep* has the agent answer records that it was not asked about."""
    policy = taker(bench)
    if policy is None:
        _say_why_none(bench)
        return 0
    ids = undecided(bench, policy)
    if not len(ids):
        return 0
    if why := paused(bench):
        bench.progress.note(f"paused: {why}. No arrival was decided on. {DO['pause']}")
        return 0
    try:
        head = frozen_head(bench, policy)
    except ModelFileError as problem:
        bench.progress.note(
            f"{problem} {len(ids)} arrivals wait for another policy, or for people."
        )
        return 0
    if ask.part.audit_rate != policy.audit_rate:
        bench.progress.note(
            f"promise.audit_rate is {ask.part.audit_rate:g} now, and policy {policy.number} keeps "
            f"the {policy.audit_rate:g} that it was frozen with: the next policy takes the new one."
        )
    sweep(ids)
    found = proposed_by(bench, ids, head, Fusion.of(policy.parts["fusion"]))
    with bench.store.transaction():
        gates = {flow.terms.name: flow.gate() for flow in flows(bench)}
        decided = []
        for at, record_id in enumerate(found.ids.tolist()):
            tier = tier_of(bench.schema, ask, found.labels[at])
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
        _draw(bench, policy, decided)
    return len(decided)


def _say_why_none(bench: Bench) -> None:
    policy = newest(bench)
    if policy is not None and bench.settings.promise.stream and policy.audit_rate is None:
        bench.progress.note(
            f"promise.stream is on, and policy {policy.number} was frozen without it: what arrives "
            "waits for the next policy, or for people."
        )


def undecided(bench: Bench, policy: PolicyCard) -> Ids:
    """Ids of records that came after the freeze, that no policy decided on and nobody looked at."""
    pool = bench.table.pool
    known = {c.record_id for c in bench.store.promises.arrivals()}
    known |= bench.store.annotations.histories().keys()
    came = pool[pool > policy.upto]
    return came[~np.isin(came, np.fromiter(known, dtype=np.int64))]


def frozen_head(bench: Bench, policy: PolicyCard) -> tuple[int, float, Head]:
    """The head that a policy was frozen with.

    Raises:
        ModelFileError: its file is gone or damaged.
    """
    cards = [c for c in bench.store.notes.models() if c.sha256 == policy.parts["head"]]
    if not cards:
        raise ModelFileError(
            f"Policy {policy.number} was frozen with a head that no model card names.",
            mend="Run: tiebreak verify DIR",
        )
    return cards[-1].version, cards[-1].temperature, wiring.load_head(bench.folder, cards[-1])


def _draw(bench: Bench, policy: PolicyCard, decided: list[Candidate]) -> None:
    """Read the coins of what was decided, and write both."""
    secret = bytes.fromhex(policy.secret)
    coins = {c.record_id: coin(secret, c.record_id, policy.version) for c in decided}
    bench.store.promises.arrive(
        [replace(c, coin=f"{coins[c.record_id].number:064x}").sealed() for c in decided]
    )
    audited = [c.record_id for c in decided if c.pi and coins[c.record_id].falls(c.pi)]
    bench.store.promises.draw(policy.number, audited)


def is_audited(member: Candidate) -> bool:
    """Whether an arrival's coin says that it is audited."""
    own = Coin(int(member.coin, 16), member.record_id)
    return member.pi is not None and own.falls(member.pi)


def ask_arrivals(bench: Bench) -> int:
    """See to it that every audit of an arrival without an answer waits in the queue; how many."""
    with bench.store.transaction():
        waiting = still_asked(bench, [i for flow in flows(bench) for i in flow.pending()])
        put(bench, waiting)
    return len(waiting)


def going_out(bench: Bench, found: list[Flow]) -> dict[int, Decision]:
    """The labels of arrivals that are to be out now, by record.

    Where the bound is in force and nothing stops it, all that was decided for release. What is out
    already stays: the bound counts it. What is not proven yet is held back, or goes out marked.
    """
    latest = bench.store.decisions.latest([c.record_id for flow in found for c in flow.members])
    versions = {p.number: p for p in bench.store.promises.policies()}
    mark = bench.settings.promise.unproven == "mark"
    out: dict[int, Decision] = {}
    for flow in found:
        proven, more = flow.in_force and not flow.stop, not flow.stop
        for member in flow.open():
            wanted = release(
                versions[member.policy], member, f"stream:{member.tier}", simulated=flow.simulated
            )
            before = latest.get(member.record_id)
            issued = stands(before, wanted)
            if proven or (issued and before is not None and before.by == "autonomous"):
                out[member.record_id] = wanted
            elif (mark and more) or issued:
                reasons = (MARK, *wanted.reasons[1:])
                out[member.record_id] = replace(wanted, by="unproved", reasons=reasons)
    return out
