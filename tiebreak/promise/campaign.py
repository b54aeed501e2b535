"""Pursuing a promise: freeze, audit, settle, until nothing more can be proved for now.

Where it stands is read from the store alone, as the loop does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from tiebreak.domain.arrays import Ids
from tiebreak.domain.promises import Policy
from tiebreak.drift import ADVICE, pause_reason
from tiebreak.project import PoolState, ProjectContext
from tiebreak.promise.arrivals import ask_arrivals
from tiebreak.promise.audits import open_audits
from tiebreak.promise.freeze import freeze_due, freeze_policy
from tiebreak.promise.settle import Settlement, settle_promises
from tiebreak.promise.terms import PromiseTerms


class NextAction(Enum):
    """What is to happen next: people answer audits, or labels are learnt from as ever."""

    AUDIT = "audit"
    LEARN = "learn"


@dataclass(frozen=True, slots=True)
class LoopHooks:
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


def advance_campaign(context: ProjectContext, terms: PromiseTerms, hooks: LoopHooks) -> NextAction:
    """Go on with the newest policy, or freeze the next one when it is due."""
    while True:
        if ask_arrivals(context) and hooks.answer is not None and hooks.answer():
            continue
        settlement = settle_promises(context)
        _note_settlement(context, settlement)
        state = context.pool_state()
        policy, waiting = state.newest_policy, 0
        if policy is not None and _is_audited(state, policy, hooks):
            tracks = [t for t in settlement.files if t.policy.number == policy.number]
            with context.store.transaction():  # what was drawn just now is no machine's label
                waiting = open_audits(context, state, tracks, _at_once(terms, hooks))
                settle_promises(context)
        if waiting and hooks.answer is None:
            return NextAction.AUDIT
        if waiting and hooks.answer is not None and hooks.answer():
            continue
        hooks.learn()
        if waiting or not _next_policy(context, terms, hooks):
            return NextAction.LEARN


def _is_audited(state: PoolState, policy: Policy, hooks: LoopHooks) -> bool:
    """Whether it is audited now: people's answers could prove nothing of a simulated policy."""
    by_people = hooks.answer is None
    return policy.schema_version == state.schema.version and not (policy.simulated and by_people)


def _at_once(terms: PromiseTerms, hooks: LoopHooks) -> int:
    room = hooks.room()
    return terms.part.audit_batch if room is None else min(terms.part.audit_batch, room)


def _next_policy(context: ProjectContext, terms: PromiseTerms, hooks: LoopHooks) -> bool:
    state = context.pool_state()
    if not terms.further or hooks.room() == 0 or not freeze_due(state, terms):
        return False
    if why := pause_reason(context):
        context.progress.note(f"paused: {why}. No policy was frozen. {ADVICE['pause']}")
        return False
    open_ids = open_records(state, terms)
    hooks.sweep(open_ids)
    policy = freeze_policy(context, terms, open_ids)
    if policy is None:
        return False
    context.progress.note(
        f"policy {policy.number} is frozen: {policy.candidates} records would be labelled alone. "
        "Audits come next: blind cards, drawn by lot."
    )
    return True


def open_records(state: PoolState, terms: PromiseTerms) -> Ids:
    """Records that a policy may be about: nobody looked at them, and under the label promise no
    earlier certificate covers them."""
    open_ids = state.unlabelled
    if terms.kind == "dataset":
        covered = np.fromiter(state.released, dtype=np.int64)
        open_ids = np.union1d(open_ids, covered).astype(np.int64)
    touched = np.fromiter(state.histories, dtype=np.int64)
    return np.setdiff1d(open_ids, touched).astype(np.int64)


def _note_settlement(context: ProjectContext, settlement: Settlement) -> None:
    if settlement.out or settlement.back:
        context.progress.note(
            f"{settlement.out} labels went out under a certificate, {settlement.back} came back."
        )
