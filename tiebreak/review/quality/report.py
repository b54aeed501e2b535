"""What a project can say of its people: each by themselves, between them, and beside the agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import combinations

import numpy as np

from tiebreak.annotators import (
    COSTS,
    AlternativeAnnotatorTest,
    RandomisedCard,
    alpha,
    alternative_annotator_test,
    cohen_kappa,
    find_unclear,
    measure_anchoring,
    measure_fatigue,
    measured_alpha,
    of_one_label,
    share_interval,
)
from tiebreak.domain.evidence import Suggestion
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.reviews import DECIDING, Annotation
from tiebreak.errors import UsageError
from tiebreak.project import ProjectContext, is_blind_sample
from tiebreak.review.quality.checks import shared_error_bound
from tiebreak.review.quality.log import (
    PeopleLog,
    answer_value,
    answered_at,
    first_opened,
    read_log,
    suggestion_histories,
)
from tiebreak.review.quality.results import (
    Agreement,
    LabelAgreement,
    PairAgreement,
    PeopleReport,
    PersonReport,
    WeekAgreement,
)

OTHERWISE_BLIND = frozenset({"control", "audit"})
"""Reasons for a record's first card to be blind that are not the draw for the anchoring meter."""

Units = Mapping[int, Mapping[str, LabelValue]]


def people_report(context: ProjectContext, *, annotators: str = "skilled") -> PeopleReport:
    """Everything that the log tells of people; buys and writes nothing.

    *annotators*, one of `tiebreak.annotators.alternative_annotator.COSTS`, says how dear the people
    are that the agent is compared with.

    Raises:
        UsageError: *annotators* of another kind.
    """
    if annotators not in COSTS:
        raise UsageError(f"Annotators {annotators!r} are unknown.", mend=f"Use {', '.join(COSTS)}.")
    log = read_log(context)
    history = suggestion_histories(context, log)
    units = log.units()
    repeats: dict[str, list[bool]] = {who: [] for who in log.acts}
    for who, same in log.repeats():
        repeats[who].append(same)
    return PeopleReport(
        people=tuple(_person(context, log, who, repeats[who]) for who in sorted(log.acts)),
        agreement=_agreement(context, log, units),
        anchoring=measure_anchoring(randomised_cards(context, log, history)),
        shared_errors=shared_error_bound(context, log),
        alternative=_alternative(context, units, history, annotators),
        left_out=dict(sorted(log.others.items())),
    )


def _person(context: ProjectContext, log: PeopleLog, who: str, repeats: list[bool]) -> PersonReport:
    acts = log.acts[who]
    answers = [a for a in acts if a.outcome in DECIDING]
    right = _right(log, who, acts)
    checked = [r for r in right if r is not None]
    seconds = [a.seconds for a in acts]
    timed = [s for s in seconds if s is not None]
    return PersonReport(
        who=who,
        answers=len(answers),
        blind=sum(a.shown == "blind" for a in answers),
        skipped=sum(a.outcome == "skip" for a in acts),
        flagged=sum(a.outcome == "flag" for a in acts),
        gold=share_interval(sum(checked), len(checked)),
        repeats=share_interval(sum(repeats), len(repeats)),
        median_seconds=float(np.median(timed)) if timed else None,
        fatigue=measure_fatigue(
            [answered_at(a) for a in acts], right, seconds, context.rng("fatigue", who)
        ),
    )


def _right(log: PeopleLog, who: str, acts: list[Annotation]) -> list[bool | None]:
    """Of each act whether it was right; None where nobody can tell. A record counts once."""
    seen: set[int] = set()
    right: list[bool | None] = []
    for act in acts:
        truth = log.truth_for(act.record_id, who)
        fresh = act.outcome in DECIDING and act.record_id not in seen
        right.append(answer_value(act) == truth if fresh and truth is not None else None)
        if fresh:
            seen.add(act.record_id)
    return right


def _agreement(context: ProjectContext, log: PeopleLog, units: Units) -> Agreement:
    rows = list(units.values())
    used = [n for n in context.schema.names if any(n in v for unit in rows for v in unit.values())]
    return Agreement(
        records=len(rows),
        alpha=measured_alpha(rows, context.rng("alpha")),
        labels=tuple(
            LabelAgreement(
                label=name,
                alpha=alpha(of_one_label(rows, name)),
                records=sum(any(name in v for v in unit.values()) for unit in rows),
            )
            for name in used
        ),
        pairs=_pairs(rows),
        unclear=find_unclear(rows, used),
        weeks=_weeks(log, units),
    )


def _pairs(rows: Sequence[Mapping[str, LabelValue]]) -> tuple[PairAgreement, ...]:
    pairs = []
    for first, second in combinations(sorted({who for unit in rows for who in unit}), 2):
        both = [(u[first], u[second]) for u in rows if first in u and second in u]
        if both:
            kappa = cohen_kappa([a for a, _ in both], [b for _, b in both])
            agreed = share_interval(sum(a == b for a, b in both), len(both))
            pairs.append(PairAgreement(first=first, second=second, agreed=agreed, kappa=kappa))
    return tuple(pairs)


def _weeks(log: PeopleLog, units: Units) -> tuple[WeekAgreement, ...]:
    """By the ISO week in which a record got its last answer."""
    by_week: dict[str, list[Mapping[str, LabelValue]]] = {}
    for i, unit in units.items():
        year, week, _ = datetime.fromisoformat(log.answers[i][-1].created_at).isocalendar()
        by_week.setdefault(f"{year}-W{week:02}", []).append(unit)
    return tuple(
        WeekAgreement(week=week, alpha=alpha(rows), records=len(rows))
        for week, rows in sorted(by_week.items())
    )


def randomised_cards(
    context: ProjectContext, log: PeopleLog, history: Mapping[int, Sequence[Suggestion]]
) -> Iterator[RandomisedCard]:
    """The records that people answered, as chance made their cards: shown or blind.

    One card a record: its first answer. In are records that the agent had labelled before their
    first task was opened, so that the suggestion could have been shown whatever was drawn; out are
    the control arm and audits, which are blind for another reason, and answers to a card that was
    not as drawn (its share was changed since, or there was no card).

    Args:
        history: the suggestions of the records, the oldest first.
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


def _alternative(
    context: ProjectContext,
    units: Units,
    history: Mapping[int, Sequence[Suggestion]],
    annotators: str,
) -> AlternativeAnnotatorTest | None:
    """The alternative-annotator test of the agent, on records that it labelled, too."""
    version = context.schema.version
    latest = {i: history[i][-1] for i in units if i in history}
    labels = {
        i: s.labels
        for i, s in latest.items()
        if s.schema_version == version and s.labels is not None
    }
    return alternative_annotator_test([units[i] for i in labels], list(labels.values()), annotators)
