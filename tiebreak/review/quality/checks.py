"""Which tasks measure people: gold, repeats, second answers, adjudications. All of them are blind.

Whoever takes a task answers it: what counts in the end is who answered what before, and not what
the task was opened for. A second answer by the same person is a repeat (after a day), a repeat by
another person is a second answer; so nobody has to be kept from a task.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tiebreak.annotators import SharedErrors, bound_shared_errors, is_picked
from tiebreak.domain.promises import Candidate
from tiebreak.domain.reviews import CHECK_PRIORITY, CHECKS, Reason, ReviewTask
from tiebreak.project import ProjectContext, is_sampled
from tiebreak.review.quality.log import REPEAT_AFTER, PeopleLog, answer_value, answered_at, read_log
from tiebreak.review.quality.results import OpenedChecks

MAX_CHECKS_ONCE = 50
"""Tasks of each kind that are opened at once."""
MAX_EXPOSED = 20
"""Answers after which a record is known too well to check anybody."""
MAX_CHECKS = 3
"""Checks of one record after which it is left alone, whoever answered them."""


@dataclass(frozen=True, slots=True)
class AuditSample:
    """An answered audit whose adjudication the coin chose.

    Attributes:
        record_id: the record.
        who: the person who answered the audit.
        agreed: whether the machine's label is that answer.
        confirmed: whether a second blind person answers the same; None: nobody answered yet.
    """

    record_id: int
    who: str
    agreed: bool
    confirmed: bool | None


def open_checks(context: ProjectContext, *, most: int = MAX_CHECKS_ONCE) -> OpenedChecks:
    """Open the tasks that are due, at most *most* of each kind; how many were opened.

    - ``adjudicate``: an answered audit that `is_picked` chose and no second person answered.
      Disagreements too, so that the records with two answers stay drawn at random.
    - ``second``: a share of the records that one person alone answered. Neither of these two in a
      project where only one person ever answered.
    - ``repeat``: a share of the records answered a day ago or longer, and never twice by one.
    - ``gold``: records whose label others agree on, a share of all answers so far.

    A record that waits in the queue already is left alone, and one that was checked three times.
    """
    log = read_log(context)
    checked = Counter(t.record_id for t in log.tasks if t.status == "done" and t.reason in CHECKS)
    taken = {t.record_id for t in log.tasks if t.status == "open"}
    taken.update(i for i, times in checked.items() if times >= MAX_CHECKS)
    due: dict[str, tuple[Reason, Iterator[int]]] = {
        "adjudicate": ("second", _adjudications(context, log)),
        "second": ("second", _seconds(context, log)),
        "repeat": ("repeat", _repeats(context, log)),
        "gold": ("gold", _golds(context, log)),
    }
    opened: dict[str, int] = {}
    with context.store.transaction():
        for kind, (reason, ids) in due.items():
            chosen = [i for i in ids if i not in taken][:most]
            taken.update(chosen)
            opened[kind] = context.store.queue.open(
                [
                    ReviewTask(record_id=i, reason=reason, priority=CHECK_PRIORITY, blind=True)
                    for i in chosen
                ]
            )
    return OpenedChecks(**opened)


def sampled_audits(context: ProjectContext, log: PeopleLog) -> list[AuditSample]:
    """The answered audits of all policies that the adjudication coin chose, by record.

    A record audited under several policies counts once, under the last of them. The audit's answer
    is the first blind one; the second answer is the first blind one by another person.
    """
    promises = context.store.promises
    audited: dict[int, tuple[str, str, Candidate]] = {}
    for policy in promises.policies():
        drawn = promises.drawn(policy.number)
        for candidate in promises.candidates(policy.number):
            if candidate.record_id in drawn:
                audited[candidate.record_id] = (policy.secret, policy.version, candidate)
    share = context.settings.people.adjudicate
    sample = []
    for record_id, (secret, version, candidate) in sorted(audited.items()):
        answers = list(log.blind(record_id).items())
        picked = share and is_picked(bytes.fromhex(secret), record_id, version, share)
        if not answers or not picked:
            continue
        (who, answer), *rest = answers
        sample.append(
            AuditSample(
                record_id=record_id,
                who=who,
                agreed=answer == candidate.labels,
                confirmed=rest[0][1] == answer if rest else None,
            )
        )
    return sample


def shared_error_bound(
    context: ProjectContext, log: PeopleLog | None = None
) -> SharedErrors | None:
    """The second part of the error statement, from the adjudications so far.

    None while nothing was measured: where no audit was picked, or nobody has adjudicated one of the
    agreements among them.
    """
    picked = sampled_audits(context, log or read_log(context))
    agreements = [audit.confirmed for audit in picked if audit.agreed]
    wrong, pending = agreements.count(False), agreements.count(None)
    if agreements and pending == len(agreements):
        return None
    return bound_shared_errors(len(picked), wrong, pending=pending)


def _adjudications(context: ProjectContext, log: PeopleLog) -> Iterator[int]:
    if len(log.acts) > 1:
        yield from (a.record_id for a in sampled_audits(context, log) if a.confirmed is None)


def _seconds(context: ProjectContext, log: PeopleLog) -> Iterator[int]:
    if len(log.acts) < 2:
        return
    share = context.settings.people.second
    for record_id, answers in sorted(log.answers.items()):
        alone = len({act.who for act in answers}) == 1
        if alone and is_sampled(context, record_id, "second", share):
            yield record_id


def _repeats(context: ProjectContext, log: PeopleLog) -> Iterator[int]:
    share, now = context.settings.people.repeat, context.clock().timestamp()
    for record_id, answers in sorted(log.answers.items()):
        twice = len(answers) > len({act.who for act in answers})
        old = now - answered_at(answers[-1]) >= REPEAT_AFTER
        if old and not twice and is_sampled(context, record_id, "repeat", share):
            yield record_id


def _golds(context: ProjectContext, log: PeopleLog) -> Iterator[int]:
    """Agreed records that somebody in the project did not answer, in a random order, as many as
    are due."""
    tasks = [t for t in log.tasks if t.reason == "gold"]
    answers = sum(len(acts) for acts in log.answers.values())
    due = int(context.settings.people.gold * answers) - len(tasks)
    agreed = [
        i
        for i, unit in sorted(log.units().items())
        if len(unit) < len(log.acts)
        and len(log.answers[i]) < MAX_EXPOSED
        and log.truth_for(i, "") is not None
        and answer_value(log.answers[i][-1]) in unit.values()
    ]
    order = context.random_order([str(i) for i in agreed], f"gold {len(tasks)}")
    return iter([agreed[at] for at in order[: max(due, 0)]])
