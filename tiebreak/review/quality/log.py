"""What people did, read from a project's log for measuring *them*: answers, pairs, repeats, gold.

Only persons' acts count here: what was imported nobody answered at the desk, and what was simulated
measures a simulation. An answer that was given because a label was suspect is left out: suspect
records were not drawn at random, and people disagree on them more than elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, pairwise
from operator import attrgetter

from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.reviews import DECIDING, Annotation, ReviewTask, surviving
from tiebreak.project import ProjectContext

REPEAT_AFTER = 24 * 3600.0
"""Seconds after which a person no longer answers a record from memory."""
MIN_OTHERS = 2
"""People who must agree, and nobody differ, before their label checks somebody else's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PeopleLog:
    """A project's annotations and tasks, read once.

    Attributes:
        answers: each record's deciding acts by persons that nobody took back, in order, up to the
            first task that asked for its label anew.
        acts: all acts of each person, by time.
        others: how many acts are no person's, by source.
        tasks: every task that there ever was, in the queue's order.
    """

    answers: Mapping[int, list[Annotation]]
    acts: Mapping[str, list[Annotation]]
    others: Mapping[str, int]
    tasks: Sequence[ReviewTask]
    _firsts: dict[int, dict[str, LabelValue]] = field(default_factory=dict)

    def blind(self, record_id: int) -> Mapping[str, LabelValue]:
        """Who gave which label first, without having seen a machine's answer."""
        if record_id not in self._firsts:
            firsts: dict[str, LabelValue] = {}
            for act in self.answers.get(record_id, ()):
                if act.shown == "blind":
                    firsts.setdefault(act.who, answer_value(act))
            self._firsts[record_id] = firsts
        return self._firsts[record_id]

    def units(self) -> dict[int, Mapping[str, LabelValue]]:
        """Records that two persons or more answered blind."""
        return {i: unit for i in sorted(self.answers) if len(unit := self.blind(i)) > 1}

    def truth_for(self, record_id: int, who: str) -> LabelValue | None:
        """The label that checks *who*'s answer: what at least two others said blind, and none of
        them otherwise; None where there is no such label."""
        others = [value for name, value in self.blind(record_id).items() if name != who]
        return others[0] if len(others) >= MIN_OTHERS and len(set(others)) == 1 else None

    def repeats(self) -> Iterator[tuple[str, bool]]:
        """(who, same answer?) wherever somebody answered a record again, blind, a day later."""
        by_person = attrgetter("who")
        for acts in self.answers.values():
            for who, history in groupby(sorted(acts, key=by_person), by_person):
                for before, after in pairwise(history):
                    if (
                        after.shown == "blind"
                        and answered_at(after) - answered_at(before) >= REPEAT_AFTER
                    ):
                        yield who, answer_value(before) == answer_value(after)


def answer_value(act: Annotation) -> LabelValue:
    """The label value of a deciding act; for "none of these" the empty one."""
    return act.labels or ()


def answered_at(act: Annotation) -> float:
    """The moment that an act was written, in seconds."""
    return datetime.fromisoformat(act.created_at).timestamp()


def read_log(context: ProjectContext) -> PeopleLog:
    """Read a project's whole annotation log and its queue, once each."""
    fits = context.schema.fits
    tasks = context.store.queue.tasks(status=None)
    relabelled = first_opened(task for task in tasks if task.reason == "relabel")
    answers: dict[int, list[Annotation]] = {}
    acts: dict[str, list[Annotation]] = {}
    others: Counter[str] = Counter()
    for record_id, history in groupby(context.store.annotations.scan(), attrgetter("record_id")):
        written = list(history)
        for act in written:
            if act.source != "person":
                others[act.source] += 1
            elif act.outcome != "undo":
                acts.setdefault(act.who, []).append(act)
        deciding = [
            act
            for act in surviving(written)
            if act.source == "person"
            and act.outcome in DECIDING
            and (act.outcome == "none" or fits(answer_value(act)))
            and act.created_at <= relabelled.get(record_id, act.created_at)
        ]
        if deciding:
            answers[record_id] = deciding
    for by_one in acts.values():
        by_one.sort(key=lambda act: (act.created_at, act.record_id, act.seq))
    return PeopleLog(answers=answers, acts=acts, others=others, tasks=tasks)


def first_opened(tasks: Iterable[ReviewTask]) -> dict[int, str]:
    """When the first of these tasks of each record was opened."""
    first: dict[int, str] = {}
    for task in tasks:
        first[task.record_id] = min(task.created_at, first.get(task.record_id, task.created_at))
    return first


def suggestion_histories(context: ProjectContext, log: PeopleLog) -> dict[int, list[Suggestion]]:
    """All suggestions of the records that people answered, the oldest first; read once."""
    history: dict[int, list[Suggestion]] = {}
    for suggestion in context.store.suggestions.scan():
        if suggestion.record_id in log.answers:
            history.setdefault(suggestion.record_id, []).append(suggestion)
    return history
