"""Import: files into records, and what the files say of labels into annotations or sealed gold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tiebreak.domain.labels import LabelValue
from tiebreak.domain.records import NewRecord, content_hash
from tiebreak.domain.reviews import Annotation
from tiebreak.errors import InputError, UsageError
from tiebreak.files.cells import clean_text, id_cell, plain_value
from tiebreak.files.columns import NONE, choose
from tiebreak.files.import_report import ImportReport
from tiebreak.files.read import read_rows
from tiebreak.files.rows import Problem
from tiebreak.files.to_records import label_names, rows_to_labels, rows_to_records
from tiebreak.project.context import ProjectContext
from tiebreak.review.annotate import annotate

T = TypeVar("T")

CHUNK = 2000
CHARS = 20_000_000
"""Records, and characters of text, in one transaction: what a kill can cost and memory holds."""


def import_file(
    context: ProjectContext,
    path: Path,
    *,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
    split: str | None = None,
    labels_are: str = "annotations",
    heldout: Iterable[str] | None = None,
    source: str | None = None,
    corrections: bool = False,
    who: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> dict[str, Any]:
    """Import a file; returns the report (`ImportReport.to_json`, and ``lines`` for people).

    Labels in the file become annotations (source ``imported``), or with *labels_are* ``gold`` are
    sealed. In a multi-label project a cell has a list, also one written as JSON, or names parted
    by ``;`` or ``|``; an empty list says that no label applies, an empty cell says nothing.
    Labels of held-out splits are always sealed: they measure. A file twice is the file
    once. With *corrections* rows are matched to known records by id and only labels are read.

    Raises:
        InputError: the file cannot be read, or a named column is missing.
    """
    if labels_are not in ("annotations", "gold"):
        raise UsageError(f"--labels-are {labels_are!r} is unknown.", mend="annotations, or gold.")
    reader = read_rows(path, encoding=encoding, delimiter=delimiter)
    columns = choose(
        reader.columns,
        reader.head(),
        text=NONE if corrections else text,
        label=label,
        id=id,
        split=NONE if corrections else split,
        labels=context.schema.names,
        multiple=context.schema.multiple,
        text_needed=not corrections,
    )
    report = ImportReport(source=source or path.name, reader=reader, columns=columns)
    context.progress.start(f"import {path.name}", None)
    try:
        if corrections:
            _correct(context, report, who or path.name)
        else:
            _take(context, report, who or path.name, labels_are == "gold", heldout)
    finally:
        context.progress.done()
    told = {**report.to_json(), "lines": list(report_lines(report))}
    context.store.notes.report("import", 0, {k: v for k, v in told.items() if k != "lines"})
    return told


def _chunks(items: Iterable[T], size: Callable[[T], int] = lambda _: 1) -> Iterator[list[T]]:
    """Lists of up to `CHUNK` items, in order, and of little more than `CHARS` in *size*."""
    chunk: list[T] = []
    held = 0
    for item in items:
        chunk.append(item)
        held += size(item)
        if len(chunk) >= CHUNK or held >= CHARS:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def _take(
    context: ProjectContext,
    report: ImportReport,
    who: str,
    gold: bool,
    heldout: Iterable[str] | None,
) -> None:
    rows = rows_to_records(
        report,
        schema=context.schema,
        max_text_chars=context.settings.imports.max_text_chars,
        heldout_splits=None if heldout is None else set(heldout),
    )
    for chunk in _chunks(rows, lambda row: len(row.text)):
        with context.store.transaction():
            report.stored(context.store.records.add(chunk))
            _take_labels(context, report.source, chunk, who, gold)
        context.progress.advance(len(chunk))


def _take_labels(
    context: ProjectContext, source: str, rows: Iterable[NewRecord], who: str, gold: bool
) -> None:
    told = [row for row in rows if row.labels is not None]
    if not told:
        return
    ids = context.store.records.find(source, [row.external_id for row in told])
    sealed: dict[int, LabelValue] = {}
    labels: dict[int, LabelValue] = {}
    for row in told:
        kept = sealed if gold or row.heldout else labels
        kept[ids[row.external_id]] = row.labels or ()
    context.store.gold.put(sealed)
    _annotate(context, labels, who)


def _annotate(
    context: ProjectContext, labels: Mapping[int, LabelValue], who: str, note: str = ""
) -> int:
    """Imported annotations, but for labels that stand already; returns how many were new."""
    standing = context.store.annotations.standing(list(labels))
    acts = [
        Annotation(
            record_id=record_id,
            who=who,
            source="imported",
            outcome="label",
            labels=value,
            note=note,
        )
        for record_id, value in labels.items()
        if not _stands(standing.get(record_id), value)
    ]
    return len(annotate(context.store, context.schema, acts))


def _stands(act: Annotation | None, labels: LabelValue) -> bool:
    return act is not None and act.source != "simulated" and act.labels == labels


def _correct(context: ProjectContext, report: ImportReport, who: str) -> None:
    """Labels of known records, matched by id in whatever source has it."""
    for chunk in _chunks(rows_to_labels(report, schema=context.schema)):
        labels: dict[int, LabelValue] = {}
        for row, external_id, value in chunk:
            found = context.store.records.lookup(external_id)
            record = context.store.records.get(found)[0] if len(found) == 1 else None
            if record is None or record.heldout:
                report.problem(_unmatched(row, external_id, len(found)))
            else:
                labels[record.id] = value
        report.taken += _annotate(context, labels, who, note="correction")
        context.progress.advance(len(chunk))


def _unmatched(row: int, external_id: str, n: int) -> Problem:
    if n == 1:
        why, mend = f"{external_id!r} is held out, and only measures.", "Leave it out."
    else:
        why, mend = f"{n} records have the id {external_id!r}.", "Import the record first."
    return Problem(kind="no record to correct", row=row, why=why, mend=mend)


def report_lines(report: ImportReport) -> Iterator[str]:
    """The report, for people."""
    told = report.to_json()
    used = ", ".join(
        f"{role} = {c['name']} ({c['how']})" for role, c in told["columns"].items() if c["name"]
    )
    yield f"{told['file']}: {told['rows']} rows; {used}"
    yield (
        f"  taken {told['taken']}, known {told['existing']}, changed {told['changed']} (kept as "
        f"they were), repeated {told['repeated']}, not taken {told['not_taken']}; "
        f"{told['labelled']} with a label"
    )
    for split in told["splits"]:
        if split["name"]:
            goes = "only measures" if split["goes"] == "heldout" else "joins the pool"
            yield f"  split {split['name']!r}: {split['rows']} rows, {goes}"
    for kind, found in told["problems"].items():
        first = found["samples"][0]
        fate = "taken all the same" if found["taken"] else "not taken"
        yield (
            f"  {kind}: {found['count']} rows, {fate}. "
            f"Row {first['row']}: {first['why']} {first['mend']}"
        )
    yield from (f"  {note}" for note in told["notes"])


def labels_of_column(path: Path, column: str, *, multiple: bool = False) -> list[str]:
    """The distinct labels in a column of a file, sorted; *multiple*: a cell may have several."""
    reader = read_rows(path)
    choose(reader.columns, [], label=column, text=NONE, id=NONE, split=NONE, text_needed=False)
    names = sorted(label_names(reader, column, multiple=multiple))
    if len(names) < 2:
        raise InputError(
            f"Column {column!r} of {str(path)!r} holds {len(names)} labels: {names!r}.",
            mend="Name a column with two or more.",
        )
    return names


def new_record(item: str | Mapping[str, Any], source: str) -> NewRecord:
    """A record from a text, or from a mapping with ``text`` and maybe ``id`` and ``metadata``."""
    row: Mapping[str, Any] = {"text": item} if isinstance(item, str) else item
    text = row.get("text")
    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"A record needs a text, and {row!r} has none.", mend='{"text": "…"}')
    return NewRecord(
        source=source,
        external_id=id_cell(row.get("id")) or f"text-{content_hash(text)[:24]}",
        text=clean_text(text),
        metadata=plain_value(dict(row.get("metadata") or {})),
    )
