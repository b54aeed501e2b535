"""Scores of label sets beside the share of exact matches."""

from __future__ import annotations

from collections.abc import Iterable

from tiebreak.domain.labels import LabelValue


def micro_f1(pairs: Iterable[tuple[LabelValue, LabelValue | None]]) -> float | None:
    """2 TP / (2 TP + FP + FN) over every (true, said) label of all records; None for no label.

    A None for what was said counts as the empty set: each true label is missed. Source: Lewis,
    Evaluating text categorization, 1991 (micro-averaging).
    """
    hits = total = 0
    for true, said in pairs:
        hits += 2 * len(set(true) & set(said or ()))
        total += len(true) + len(said or ())
    return hits / total if total else None
