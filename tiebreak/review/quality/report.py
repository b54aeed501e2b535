"""What a project can say of its people: each by themselves, between them, and beside the agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import combinations
from typing import Any

import numpy as np

from tiebreak.annotators.agreement import alpha, cohen_kappa, measured_alpha, of_one_label
from tiebreak.annotators.alternative_annotator import COSTS, alternative_annotator_test
from tiebreak.annotators.anchoring import measure_anchoring
from tiebreak.annotators.fatigue import measure_fatigue
from tiebreak.annotators.intervals import Interval, share_interval
from tiebreak.annotators.unclear_records import unclear_records
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.reviews import DECIDING, Annotation
from tiebreak.errors import UsageError
from tiebreak.project.context import ProjectContext
from tiebreak.review.quality.anchoring import dealt_cards
from tiebreak.review.quality.checks import shared_error_bound
from tiebreak.review.quality.log import PeopleLog, answer_value, answered_at, read_log

Units = Mapping[int, Mapping[str, LabelValue]]


def people_report(context: ProjectContext, *, annotators: str = "skilled") -> dict[str, Any]:
    """Everything that the log tells of people; buys and writes nothing.

    *annotators*, one of `tiebreak.annotators.alternative_annotator.COSTS`, says how dear the people
    are that the agent is compared with. Shares and differences are ``{value, low, high, n}`` at 95
    %, or None.

    Returns:
        ``people``: a row each, by name (see `_person`). ``agreement``: over records that several
        answered blind (see `_agreement`). ``anchoring``: ``pull``, ``accuracy`` of the agent from
        blind cards alone, ``naive``. ``shared_errors``: how often people are wrong and agree with
        the machine, or None before an audit was adjudicated. ``alternative``: whether the agent
        may replace a person (see ``alt_test``), or None with under three people or 30 shared
        records. ``left_out``: acts of no person, by source.

    Raises:
        UsageError: *annotators* of another kind.
    """
    if annotators not in COSTS:
        raise UsageError(f"Annotators {annotators!r} are unknown.", mend=f"Use {', '.join(COSTS)}.")
    log = read_log(context)
    units = log.units()
    meter = measure_anchoring(dealt_cards(context, log))
    second = shared_error_bound(context, log)
    again: dict[str, list[bool]] = {who: [] for who in log.acts}
    for who, same in log.repeats():
        again[who].append(same)
    return {
        "people": [_person(context, log, who, again[who]) for who in sorted(log.acts)],
        "agreement": {**_agreement(context, units), "weeks": _weeks(log, units)},
        "anchoring": {**asdict(meter), "proven": meter.proven},
        "shared_errors": asdict(second) if second else None,
        "alternative": _alternative(context, units, annotators),
        "left_out": dict(sorted(log.others.items())),
    }


def _person(context: ProjectContext, log: PeopleLog, who: str, again: list[bool]) -> dict[str, Any]:
    """``{who, answers, blind, skipped, flagged, gold, repeats, median_seconds, fatigue}``.

    ``gold``: right, on records whose label at least two others gave blind and nobody else
    contradicted; ``repeats``: the same answer as a day or more before.
    """
    acts = log.acts[who]
    answers = [a for a in acts if a.outcome in DECIDING]
    right = _right(log, who, acts)
    known = [r for r in right if r is not None]
    seconds = [a.seconds for a in acts]
    timed = [s for s in seconds if s is not None]
    signs = measure_fatigue(
        [answered_at(a) for a in acts], right, seconds, context.rng("fatigue", who)
    )
    return {
        "who": who,
        "answers": len(answers),
        "blind": sum(a.shown == "blind" for a in answers),
        "skipped": sum(a.outcome == "skip" for a in acts),
        "flagged": sum(a.outcome == "flag" for a in acts),
        "gold": _told(share_interval(sum(known), len(known))),
        "repeats": _told(share_interval(sum(again), len(again))),
        "median_seconds": float(np.median(timed)) if timed else None,
        "fatigue": {**asdict(signs), "pause": signs.pause},
    }


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


def _agreement(context: ProjectContext, units: Units) -> dict[str, Any]:
    """``{records, alpha, labels, pairs, unclear}``: ``labels`` ``[{label, alpha, records}]``, one
    label against the rest; ``pairs`` ``[{first, second, agreed, kappa}]``; ``unclear`` as
    `assurance.people.unclear.Unclear`."""
    rows = list(units.values())
    used = [n for n in context.schema.names if any(n in v for unit in rows for v in unit.values())]
    people = sorted({who for unit in rows for who in unit})
    pairs = []
    for first, second in combinations(people, 2):
        both = [(u[first], u[second]) for u in rows if first in u and second in u]
        if both:
            found = cohen_kappa([a for a, _ in both], [b for _, b in both])
            agreed = share_interval(sum(a == b for a, b in both), len(both))
            pairs.append(
                {"first": first, "second": second, "agreed": _told(agreed), "kappa": _told(found)}
            )
    return {
        "records": len(rows),
        "alpha": _told(measured_alpha(rows, context.rng("alpha"))),
        "labels": [
            {
                "label": name,
                "alpha": alpha(of_one_label(rows, name)),
                "records": sum(any(name in v for v in unit.values()) for unit in rows),
            }
            for name in used
        ],
        "pairs": pairs,
        "unclear": [asdict(found) for found in unclear_records(rows, used)],
    }


def _weeks(log: PeopleLog, units: Units) -> list[dict[str, Any]]:
    """``{week, alpha, records}`` of each ISO week in which a record got its last answer."""
    by_week: dict[str, list[Mapping[str, LabelValue]]] = {}
    for i, unit in units.items():
        year, week, _ = datetime.fromisoformat(log.answers[i][-1].created_at).isocalendar()
        by_week.setdefault(f"{year}-W{week:02}", []).append(unit)
    return [
        {"week": week, "alpha": alpha(rows), "records": len(rows)}
        for week, rows in sorted(by_week.items())
    ]


def _alternative(context: ProjectContext, units: Units, annotators: str) -> dict[str, Any] | None:
    """The alternative-annotator test of the agent, on records that it labelled, too."""
    told = {i: s.labels for i, s in context.suggested().items() if i in units}
    ids = [i for i in units if told.get(i) is not None]
    found = alternative_annotator_test(
        [units[i] for i in ids], [told[i] for i in ids], COSTS[annotators]
    )
    return {"annotators": annotators, **asdict(found)} if found else None


def _told(found: Interval | None) -> dict[str, Any] | None:
    return asdict(found) if found else None
