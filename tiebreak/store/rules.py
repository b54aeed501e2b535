"""What every store decides alike: what may follow what, what changes nothing, what is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import TypeVar

from tiebreak.domain.batches import PHASES, BatchItem, Phase
from tiebreak.domain.decisions import Decision, Route, may_replace
from tiebreak.domain.evidence import NANOS, Suggestion
from tiebreak.domain.ports import Clock
from tiebreak.domain.promises import Candidate, Certificate, Policy
from tiebreak.domain.records import Link
from tiebreak.domain.reviews import Annotation, ReviewTask, standing
from tiebreak.errors import BudgetExceeded, Conflict, StoreError, UnknownRecord, UsageError

L = TypeVar("L", Suggestion, Annotation, Decision, Route)
"""Anything that is kept in an append-only log."""


def stamp(clock: Clock) -> str:
    """The clock's time as ISO 8601 in UTC, of one width, so that texts sort as times do."""
    return clock().astimezone(UTC).isoformat(timespec="microseconds")


def numbered(items: Iterable[L], last: Mapping[int, int], created_at: str) -> list[L]:
    """Items with ``seq`` following *last* (the highest stored one by record) and the time set."""
    seqs = dict(last)
    done: list[L] = []
    for item in items:
        seq = seqs.get(item.record_id, 0) + 1
        seqs[item.record_id] = seq
        done.append(replace(item, seq=seq, created_at=created_at))
    return done


def admit_decisions(items: Iterable[Decision], latest: Mapping[int, Decision]) -> list[Decision]:
    """Leave out what `may_replace` forbids and what changes nothing, each after the one before."""
    current = dict(latest)
    kept = []
    for item in items:
        before = current.get(item.record_id)
        same = before is not None and (before.by, before.labels) == (item.by, item.labels)
        if not same and may_replace(before, item):
            current[item.record_id] = item
            kept.append(item)
    return kept


def admit_routes(items: Iterable[Route], latest: Mapping[int, Route]) -> list[Route]:
    """Leave out a route that says what the record's latest one says."""
    current = {record_id: _route_value(route) for record_id, route in latest.items()}
    kept = []
    for item in items:
        if current.get(item.record_id) != _route_value(item):
            current[item.record_id] = _route_value(item)
            kept.append(item)
    return kept


def _route_value(route: Route) -> tuple[object, ...]:
    return (route.outcome, route.reason, route.labels, route.agent_labels, route.model_label)


def undone_records(items: Iterable[Annotation]) -> set[int]:
    """Records of which `admit_annotations` needs the history."""
    return {item.record_id for item in items if item.outcome == "undo"}


def admit_annotations(
    items: Iterable[Annotation],
    known: Collection[str],
    histories: Mapping[int, Sequence[Annotation]],
) -> list[Annotation]:
    """Leave out an act whose key is *known* or stands earlier in *items*.

    Args:
        items: new acts, in order.
        known: keys of theirs that are stored.
        histories: what is stored of each record in `undoing`, by ``seq``.

    Raises:
        UsageError: an undo where another's act stands, or none.
    """
    seen = set(known)
    so_far = {record_id: list(acts) for record_id, acts in histories.items()}
    kept = []
    for item in items:
        if item.key is not None and item.key in seen:
            continue
        if item.key is not None:
            seen.add(item.key)
        history = so_far.setdefault(item.record_id, [])
        if item.outcome == "undo":
            _check_undo(item, standing(history))
        history.append(item)
        kept.append(item)
    return kept


def _check_undo(undo: Annotation, in_force: Annotation | None) -> None:
    if in_force is None:
        raise UsageError(
            f"Record {undo.record_id} has no answer that {undo.who!r} could take back.",
            mend="Answer it instead.",
        )
    if in_force.who != undo.who:
        raise UsageError(
            f"The answer to record {undo.record_id} is from {in_force.who!r}, and {undo.who!r} "
            "cannot take it back.",
            mend="Answer it anew: the later answer stands.",
        )


def answered_items(stored: BatchItem, answer: BatchItem) -> BatchItem:
    """The stored item with the answers that it did not have yet: the model's, the agent's."""
    if stored.model_probabilities is None:
        stored = replace(
            stored,
            model_version=answer.model_version,
            model_probabilities=answer.model_probabilities,
        )
    if stored.agent is None:
        stored = replace(stored, agent=answer.agent, agent_labels=answer.agent_labels)
    return stored


def later_phase(phase: Phase, other: Phase) -> Phase:
    """The later one of two phases: a batch never goes back."""
    return max(phase, other, key=PHASES.index)


def task_order(task: ReviewTask) -> tuple[float, int, str, int]:
    """Sort key of the queue: best priority first, then record id, then reason."""
    return (-task.priority, task.record_id, task.reason, task.id)


def served(tasks: Sequence[ReviewTask]) -> ReviewTask:
    """What a person gets of one record's open tasks: the first of them, blind if any of them is."""
    return replace(min(tasks, key=task_order), blind=any(task.blind for task in tasks))


def unknown_records(ids: Collection[int]) -> UnknownRecord:
    """The error for record ids that the store does not have."""
    some = ", ".join(str(i) for i in sorted(ids)[:5])
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return UnknownRecord(f"No record has the id {some}{more}.", mend="Import it first.")


def check_links(links: Iterable[Link]) -> None:
    """A duplicate points to an earlier record, so that links never run in circles."""
    for link in links:
        if link.of_id >= link.record_id:
            raise StoreError(
                f"Record {link.record_id} cannot be a duplicate of {link.of_id}, which is not "
                "earlier.",
                mend="Link the later one to the earlier one.",
            )


def no_batch(round_: int) -> StoreError:
    """The error for a round that has no batch."""
    return StoreError(f"There is no batch of round {round_}.", mend="Select one first.")


def not_in_batch(round_: int, ids: Collection[int]) -> StoreError:
    """The error for answers about records that the batch does not hold."""
    return StoreError(
        f"The batch of round {round_} does not hold record {min(ids)}.",
        mend="Answer only what was selected.",
    )


def batch_exists(round_: int) -> Conflict:
    """The error for a second batch of one round."""
    return Conflict(f"Round {round_} has a batch already.", mend="Read it and go on from there.")


def model_exists(version: int) -> Conflict:
    """The error for another model card under a version that is taken."""
    return Conflict(
        f"Model version {version} is stored already and is another model.",
        mend="Take the next version.",
    )


def policy_exists(number: int) -> Conflict:
    """The error for another policy under a number that is taken."""
    return Conflict(
        f"Policy {number} is frozen already, and is another one.", mend="Take the next number."
    )


def same_policy(stored: Policy, new: Policy) -> bool:
    """Whether a second freeze says the same; its secret may not differ either."""
    return replace(stored, created_at="") == replace(new, created_at="")


def no_candidates(number: int, ids: Collection[int]) -> StoreError:
    """The error for audits of records that a policy would not label."""
    return StoreError(
        f"Record {min(ids)} is no candidate of policy {number}.",
        mend="Audit candidates alone.",
    )


def no_arrivals(number: int) -> StoreError:
    """The error for arrivals of a policy that was frozen for none."""
    return StoreError(
        f"Policy {number} was not frozen for a stream, or arrivals have no audit probability.",
        mend="Freeze it with promise.stream.",
    )


def arrival_conflict(ids: Collection[int]) -> Conflict:
    """The error for an arrival that was decided already, and otherwise."""
    return Conflict(
        f"Record {min(ids)} has arrived already, with another label, score or coin.",
        mend="Decide on each arrival once.",
    )


def check_arrivals(new: Sequence[Candidate], policies: Iterable[Policy]) -> None:
    """Refuse arrivals without pi, or of a policy that takes none."""
    able = {policy.number for policy in policies if policy.audit_rate is not None}
    for item in new:
        if item.pi is None or item.policy not in able:
            raise no_arrivals(item.policy)


def new_arrivals(
    new: Sequence[Candidate], stored: Mapping[tuple[int, int], Candidate]
) -> list[Candidate]:
    """The arrivals that are not stored yet; one that is stored otherwise is a `Conflict`."""
    other = {c.record_id for c in new if stored.get((c.policy, c.record_id), c) != c}
    if other:
        raise arrival_conflict(other)
    return [c for c in new if (c.policy, c.record_id) not in stored]


def same_state(stored: Certificate, new: Certificate) -> bool:
    """Whether a certificate says what the one before it said."""
    return replace(stored, seq=0, created_at="") == replace(new, seq=0, created_at="")


def not_reserved(reservation: int, state: str | None) -> Conflict:
    """The error for a reservation that cannot be closed (again)."""
    what = "was never made" if state is None else f"is already {state}"
    return Conflict(f"Reservation {reservation} {what}.", mend="Reserve before each call.")


def over_budget(nanos: int, spent: int, limit: int) -> BudgetExceeded:
    """The error for a reservation that would pass the limit. All amounts in nanos."""
    return BudgetExceeded(
        f"The next call may cost {nanos / NANOS:.6g}, and {spent / NANOS:.6g} of the budget of "
        f"{limit / NANOS:.6g} is spent or reserved.",
        mend="Raise --budget, or go on without the agent (--agent none).",
    )
