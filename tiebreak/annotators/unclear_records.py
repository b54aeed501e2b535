"""Labels that people do not tell apart, and what to think about: merge two, or hide one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tiebreak.annotators.agreement import alpha, of_one_label

TENTATIVE = 0.667
"""Krippendorff's least alpha for tentative conclusions (Content Analysis, 2004, p. 241)."""
MIN_UNITS = 10
"""Units in which a label was given before its alpha says something about the label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclear:
    """A label that people do not tell apart: merge it with ``other``, or hide it (None).

    ``alpha`` is its own, one against the rest; ``units`` those in which somebody gave it.
    """

    label: str
    alpha: float
    units: int
    other: str | None


def unclear_records(
    units: Sequence[Mapping[str, Sequence[str]]], labels: Sequence[str]
) -> tuple[Unclear, ...]:
    """Labels whose own alpha is under `TENTATIVE`, worst first, with what to think about.

    The suggestion is to merge where at least half of the disagreements about the label are with
    one other label that is unclear too, else to hide it. A person decides.
    """
    found: dict[str, tuple[float, int]] = {}
    for label in labels:
        own = of_one_label(units, label)
        given = sum(len(unit) > 1 and any(unit.values()) for unit in own)
        value = alpha(own)
        if given >= MIN_UNITS and value is not None and value < TENTATIVE:
            found[label] = (value, given)
    return tuple(
        Unclear(label=label, alpha=value, units=given, other=_mixed_up(units, label, found))
        for label, (value, given) in sorted(found.items(), key=lambda item: (item[1][0], item[0]))
    )


def _mixed_up(
    units: Sequence[Mapping[str, Sequence[str]]], label: str, unclear: Mapping[str, object]
) -> str | None:
    against: dict[str, int] = {}
    total = 0
    for unit in units:
        answers = list(unit.values())
        with_it = sum(label in answer for answer in answers)
        for answer in answers:
            if label not in answer and with_it:
                total += with_it
                for other in answer:
                    against[other] = against.get(other, 0) + with_it
    best = max(sorted(against), key=lambda name: against[name], default="")
    return best if best in unclear and 2 * against[best] >= total else None
