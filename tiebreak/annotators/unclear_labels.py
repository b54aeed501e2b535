"""Labels that people do not tell apart, and what to think about: merge two, or hide one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tiebreak.annotators.agreement import alpha, of_one_label

MIN_TENTATIVE_ALPHA = 0.667
"""Krippendorff's least alpha for tentative conclusions (Content Analysis, 2004, p. 241)."""
MIN_UNITS = 10
"""Units in which a label was given before its alpha says something about the label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnclearLabel:
    """A label that people do not tell apart.

    Attributes:
        label: its name.
        alpha: Krippendorff's alpha of this label against the rest.
        units: records with several blind answers in which somebody gave it.
        other: the label to think of merging it with; None: to hide it, or define it anew.
    """

    label: str
    alpha: float
    units: int
    other: str | None


def find_unclear(
    units: Sequence[Mapping[str, Sequence[str]]], labels: Sequence[str]
) -> tuple[UnclearLabel, ...]:
    """Labels whose own alpha is under `MIN_TENTATIVE_ALPHA`, worst first, with what to think about.

    The suggestion is to merge where at least half of the disagreements about the label are with
    one other label that is unclear too, else to hide it. A person decides.
    """
    unclear: dict[str, tuple[float, int]] = {}
    for label in labels:
        binary = of_one_label(units, label)
        given = sum(len(unit) > 1 and any(unit.values()) for unit in binary)
        value = alpha(binary)
        if given >= MIN_UNITS and value is not None and value < MIN_TENTATIVE_ALPHA:
            unclear[label] = (value, given)
    return tuple(
        UnclearLabel(label=label, alpha=value, units=given, other=_confused(units, label, unclear))
        for label, (value, given) in sorted(unclear.items(), key=lambda item: (item[1][0], item[0]))
    )


def _confused(
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
