"""The cards that the anchoring meter may read: shown or hidden by nothing but the lot."""

from __future__ import annotations

from collections.abc import Iterator

from tiebreak.annotators.anchoring import Dealt
from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.reviews import Annotation
from tiebreak.project.context import ProjectContext
from tiebreak.project.sampling import is_blind_sample
from tiebreak.review.quality.log import PeopleLog, answer_value

OTHERWISE_BLIND = frozenset({"control", "audit"})
"""Reasons for a record's first card to be blind that are not this lot."""


def dealt_cards(context: ProjectContext, log: PeopleLog) -> Iterator[Dealt]:
    """The records that people answered, as the lot dealt their cards: shown or blind.

    One card a record: its first answer. In are records that the agent had labelled before their
    first task was opened, so that the suggestion could have been shown whatever the lot said; out
    are the control arm and audits, which are blind for another reason, and answers to a card that
    was not as the lot would have it (its share was changed since, or there was no card).
    """
    asked = _asked(context)
    first = {i: acts[0] for i, acts in log.answers.items() if i in asked}
    told = _told(context, {i: asked[i] for i in first})
    for record_id, act in sorted(first.items()):
        blind = is_blind_sample(context, record_id)
        if record_id in told and act.shown == ("blind" if blind else "evidence"):
            yield Dealt(blind, _agreed(act, told[record_id]))


def _agreed(act: Annotation, told: Suggestion) -> bool:
    return act.outcome == "label" and answer_value(act) == told.labels


def _asked(context: ProjectContext) -> dict[int, str]:
    """When each record was first asked for, of those that only the lot could make blind."""
    first: dict[int, str] = {}
    tasks = context.store.queue.tasks(status=None)
    for task in tasks:
        first[task.record_id] = min(task.created_at, first.get(task.record_id, task.created_at))
    for task in tasks:
        if task.reason in OTHERWISE_BLIND:
            first.pop(task.record_id, None)
    return first


def _told(context: ProjectContext, asked: dict[int, str]) -> dict[int, Suggestion]:
    """What the agent had last said of each record by then, where that was a label."""
    version = context.schema.version
    last: dict[int, Suggestion] = {}
    for told in context.store.suggestions.scan():
        if told.record_id in asked and told.created_at <= asked[told.record_id]:
            last[told.record_id] = told
    return {
        i: told
        for i, told in last.items()
        if told.labels is not None and told.schema_version == version
    }
