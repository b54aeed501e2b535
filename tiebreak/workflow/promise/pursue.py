"""Pursuing a promise: freeze, audit, settle, until nothing more can be proved for now.

Where it stands is read from the store alone, as the loop does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from tiebreak.domain.promises import PolicyCard
from tiebreak.workflow.bench import Bench, Ids
from tiebreak.workflow.promise.arrivals import ask_arrivals
from tiebreak.workflow.promise.asked import Ask
from tiebreak.workflow.promise.audits import open_audits
from tiebreak.workflow.promise.freeze import due, promote
from tiebreak.workflow.promise.held import autonomous, newest
from tiebreak.workflow.promise.settle import Settled, settle
from tiebreak.workflow.select import unlabelled
from tiebreak.workflow.watch import DO, paused


class Turn(Enum):
    """What is to happen next: people answer audits, or labels are learnt from as ever."""

    AUDIT = "audit"
    LEARN = "learn"


@dataclass(frozen=True, slots=True)
class Hands:
    """What the loop does for a promise: ``sweep`` has the agent answer every open record that it
    was not asked about; ``answer`` has a simulated reviewer answer the audits that wait, and says
    how many it did (None: people will); ``room`` is how many answers may still be asked for (None:
    any number), so that no audit is drawn that nobody would answer; ``learn`` trains on new labels.

    Learning waits until the newest policy's audits are through, so that a run that was killed
    among them goes on with the same heads as one that was not.
    """

    sweep: Callable[[Ids], None]
    answer: Callable[[], int] | None
    room: Callable[[], int | None]
    learn: Callable[[], None]


def pursue(bench: Bench, ask: Ask, hands: Hands) -> Turn:
    """Go on with the newest policy, or freeze the next one when it is due."""
    while True:
        if ask_arrivals(bench) and hands.answer is not None and hands.answer():
            continue
        settled = settle(bench)
        _tell(bench, settled)
        policy = newest(bench)
        waiting = 0
        if policy is not None and _asks(bench, policy, hands):
            own = [v for v in settled.views if v.policy.number == policy.number]
            with bench.store.transaction():  # what was drawn just now is no machine's label
                waiting = open_audits(bench, own, _at_once(ask, hands))
                settle(bench)
        if waiting and hands.answer is None:
            return Turn.AUDIT
        if waiting and hands.answer is not None and hands.answer():
            continue
        hands.learn()
        if waiting or not _next_policy(bench, ask, hands):
            return Turn.LEARN


def _asks(bench: Bench, policy: PolicyCard, hands: Hands) -> bool:
    """Whether it is audited now: people's answers could prove nothing of a simulated policy."""
    by_people = hands.answer is None
    return policy.schema_version == bench.schema.version and not (policy.simulated and by_people)


def _at_once(ask: Ask, hands: Hands) -> int:
    room = hands.room()
    return ask.part.audit_batch if room is None else min(ask.part.audit_batch, room)


def _next_policy(bench: Bench, ask: Ask, hands: Hands) -> bool:
    if not ask.further or hands.room() == 0 or not due(bench, ask):
        return False
    if why := paused(bench):
        bench.progress.note(f"paused: {why}. No policy was frozen. {DO['pause']}")
        return False
    open_ids = open_records(bench, ask)
    hands.sweep(open_ids)
    policy = promote(bench, ask, open_ids)
    if policy is None:
        return False
    bench.progress.note(
        f"policy {policy.number} is frozen: {policy.candidates} records would be labelled alone. "
        "Audits come next: blind cards, drawn by lot."
    )
    return True


def open_records(bench: Bench, ask: Ask) -> Ids:
    """Records that a policy may be about: nobody looked at them, and under the label promise no
    earlier certificate covers them."""
    open_ids = unlabelled(bench)
    if ask.kind == "dataset":
        covered = np.fromiter(autonomous(bench), dtype=np.int64)
        open_ids = np.union1d(open_ids, covered).astype(np.int64)
    touched = np.fromiter(bench.store.annotations.histories(), dtype=np.int64)
    return np.setdiff1d(open_ids, touched).astype(np.int64)


def _tell(bench: Bench, settled: Settled) -> None:
    if settled.out or settled.back:
        bench.progress.note(
            f"{settled.out} labels went out under a certificate, {settled.back} came back."
        )
