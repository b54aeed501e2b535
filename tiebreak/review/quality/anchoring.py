"""The cards that the anchoring meter may read: shown or hidden by nothing but chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tiebreak.annotators.anchoring import RandomisedCard
from tiebreak.domain.evidence import Suggestion
from tiebreak.project.context import ProjectContext
from tiebreak.project.sampling import is_blind_sample
from tiebreak.review.quality.log import PeopleLog, answer_value, first_opened

OTHERWISE_BLIND = frozenset({"control", "audit"})
"""Reasons for a record's first card to be blind that are not the draw for this meter."""


def randomised_cards(
    context: ProjectContext, log: PeopleLog, history: Mapping[int, Sequence[Suggestion]]
) -> Iterator[RandomisedCard]:
    """The records that people answered, as chance made their cards: shown or blind.

    One card a record: its first answer. In are records that the agent had labelled before their
    first task was opened, so that the suggestion could have been shown whatever was drawn; out are
    the control arm and audits, which are blind for another reason, and answers to a card that was
    not as drawn (its share was changed since, or there was no card).

    Args:
        history: the suggestions of the records, the oldest first (`log.suggestion_histories`).
    """
    opened = first_opened(log.tasks)
    otherwise = {task.record_id for task in log.tasks if task.reason in OTHERWISE_BLIND}
    version = context.schema.version
    for record_id, acts in sorted(log.answers.items()):
        if record_id not in opened or record_id in otherwise:
            continue
        before = [s for s in history.get(record_id, ()) if s.created_at <= opened[record_id]]
        if not before or before[-1].labels is None or before[-1].schema_version != version:
            continue
        act, blind = acts[0], is_blind_sample(context, record_id)
        if act.shown == ("blind" if blind else "evidence"):
            agreed = act.outcome == "label" and answer_value(act) == before[-1].labels
            yield RandomisedCard(blind, agreed)
