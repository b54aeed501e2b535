"""Export: each record's label with where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from tiebreak.domain.decisions import Decision
from tiebreak.domain.labels import SEPARATORS, LabelValue
from tiebreak.files import write_rows
from tiebreak.project import PoolState, ProjectContext
from tiebreak.promise import plan_settlement

PAGE = 2000
COLUMNS: dict[str, type] = {
    **dict.fromkeys(("source", "id", "text", "split", "label", "by", "who"), str),
    "confidence": float,
    **dict.fromkeys(("outcome", "reasons", "agent_label"), str),
    "agent_confidence": float,
    **dict.fromkeys(("rationale", "rationale_by", "duplicate_of"), str),
    "schema_version": int,
    "policy_version": str,
    "labelled_at": str,
}
"""Columns of an export, in order, with their types in Parquet."""


def export_labels(
    context: ProjectContext, path: Path, *, format: str | None = None, only_labelled: bool = False
) -> dict[str, int]:
    """Write the pool with labels and provenance; returns counts by who decided.

    One row a record: ``by`` is human, simulated, autonomous or unproved, empty where there is no
    label; ``who`` names the person, and ``outcome`` says what they did (a skipped or flagged
    record has no label by a person). In a multi-label project a label is a list, which may be
    empty; in CSV its names are parted by ``;``, and an empty one is ``[]``. A duplicate carries its
    own label or none: ``duplicate_of`` names the record whose label fits it too. Held-out records
    are not exported. Labels are those of the certificates as they stand now, whether or not that
    was settled: what is no longer certified is exported without its label. Nothing is written to
    the project.
    """
    counts: dict[str, int] = {}

    def counted() -> Iterator[dict[str, Any]]:
        for row in export_rows(context):
            if only_labelled and row["label"] is None:
                continue
            key = row["by"] or "unlabelled"
            counts[key] = counts.get(key, 0) + 1
            yield row

    columns = COLUMNS
    if context.schema.multiple:
        columns = {**COLUMNS, "label": list, "agent_label": list}
    write_rows(path, columns, counted(), format=format)
    return counts


def export_rows(context: ProjectContext) -> Iterator[dict[str, Any]]:
    """Export rows of the pool, in id order."""
    store, state = context.store, context.pool_state()
    multiple, links, standing = state.schema.multiple, state.links, state.standing
    decisions = {**state.decisions, **_unsettled(context, state)}
    suggested = context.suggested()
    names = {r.id: r.external_id for r in store.records.get(sorted(set(links.values())))}
    after = 0
    while page := store.records.scan(after=after, limit=PAGE):
        after = page[-1].id
        for record in page:
            if record.heldout:
                continue
            decision = decisions.get(record.id)
            labelled = decision is not None and decision.labels is not None
            act = standing.get(record.id)
            suggestion = suggested.get(record.id)
            yield {
                "source": record.source,
                "id": record.external_id,
                "text": record.text,
                "split": record.split,
                "label": exported_value(decision.labels if decision else None, multiple),
                "by": decision.by if decision and labelled else None,
                "who": act.who if act else None,
                "confidence": decision.confidence if decision else None,
                "outcome": act.outcome if act else None,
                "reasons": ",".join(decision.reasons) if decision else None,
                "agent_label": exported_value(suggestion.labels if suggestion else None, multiple),
                "agent_confidence": suggestion.confidence if suggestion else None,
                "rationale": suggestion.rationale if suggestion else None,
                "rationale_by": suggestion.rationale_by if suggestion else None,
                "duplicate_of": names.get(links[record.id]) if record.id in links else None,
                "schema_version": decision.schema_version if decision else None,
                "policy_version": decision.policy_version if decision and labelled else None,
                "labelled_at": decision.created_at if decision and labelled else None,
            }


def _unsettled(context: ProjectContext, state: PoolState) -> dict[int, Decision]:
    """Decisions that follow from the certificates as they stand, and that no run wrote yet."""
    plan = plan_settlement(context, state)
    now = context.clock().astimezone(UTC).isoformat(timespec="microseconds")
    return {d.record_id: replace(d, created_at=now) for d in (*plan.withdrawn, *plan.released)}


def exported_value(value: LabelValue | None, multiple: bool) -> list[str] | str | None:
    """A label value as a cell: its name, or the list of its names in a multi-label project.

    A value from before the schema was single-label may have several: they are parted by ``;``.
    """
    if value is None:
        return None
    return list(value) if multiple else SEPARATORS[0].join(value)
