"""Import: files into records, and what the files say of labels into annotations or sealed gold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tiebreak.domain.labels import LabelValue
from tiebreak.domain.records import NewRecord
from tiebreak.domain.reviews import Annotation
from tiebreak.errors import UsageError
from tiebreak.files import FileImport, ImportOptions, ImportSummary
from tiebreak.project import ProjectContext
from tiebreak.results import to_json
from tiebreak.review import write_annotations

T = TypeVar("T")

MAX_RECORDS = 2000
MAX_CHARS = 20_000_000
"""Records, and characters of text, in one transaction: what a kill can cost and memory holds."""


def import_file(context: ProjectContext, path: Path, options: ImportOptions) -> ImportSummary:
    """Import a file and log the summary.

    Labels in the file become annotations (source ``imported``), or with ``labels_are="gold"`` are
    sealed. In a multi-label project a cell has a list, also one written as JSON, or names parted
    by ``;`` or ``|``; an empty list says that no label applies, an empty cell says nothing.
    Labels of held-out splits are always sealed: they measure. A file twice is the file
    once. With ``corrections`` rows are matched to known records by id and only labels are read.

    Raises:
        InputError: the file cannot be read, or a named column is missing.
        UsageError: ``labels_are`` is neither.
    """
    if options.labels_are not in ("annotations", "gold"):
        raise UsageError(
            f"--labels-are {options.labels_are!r} is unknown.", mend="annotations, or gold."
        )
    schema = context.schema
    file = FileImport.open(path, options, labels=schema.names, multiple=schema.multiple)
    context.progress.start(f"import {path.name}", None)
    try:
        if options.corrections:
            _import_corrections(context, file, options.who or path.name)
        else:
            gold = options.labels_are == "gold"
            _import_records(context, file, options.who or path.name, gold)
    finally:
        context.progress.done()
    summary = file.summary()
    context.store.notes.report("import", 0, to_json(summary))
    return summary


def _chunks(items: Iterable[T], size: Callable[[T], int] = lambda _: 1) -> Iterator[list[T]]:
    """Lists of up to `MAX_RECORDS` items, in order, and of little more than `MAX_CHARS`."""
    chunk: list[T] = []
    chars = 0
    for item in items:
        chunk.append(item)
        chars += size(item)
        if len(chunk) >= MAX_RECORDS or chars >= MAX_CHARS:
            yield chunk
            chunk, chars = [], 0
    if chunk:
        yield chunk


def _import_records(context: ProjectContext, file: FileImport, who: str, all_gold: bool) -> None:
    max_text_chars = context.settings.imports.max_text_chars
    records = file.records(context.schema, max_text_chars=max_text_chars)
    for chunk in _chunks(records, lambda record: len(record.text)):
        with context.store.transaction():
            file.stored(context.store.records.add(chunk))
            _import_labels(context, file.source, chunk, who, all_gold)
        context.progress.advance(len(chunk))


def _import_labels(
    context: ProjectContext, source: str, records: Sequence[NewRecord], who: str, all_gold: bool
) -> None:
    labelled = [record for record in records if record.labels is not None]
    if not labelled:
        return
    ids = context.store.records.find(source, [record.external_id for record in labelled])
    gold: dict[int, LabelValue] = {}
    labels: dict[int, LabelValue] = {}
    for record in labelled:
        target = gold if all_gold or record.heldout else labels
        target[ids[record.external_id]] = record.labels or ()
    context.store.gold.put(gold)
    _annotate(context, labels, who)


def _annotate(
    context: ProjectContext, labels: Mapping[int, LabelValue], who: str, note: str = ""
) -> int:
    """Imported annotations, but for labels that stand already; returns how many were new."""
    standing = context.store.annotations.standing(list(labels))
    annotations = [
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
    return len(write_annotations(context.store, context.schema, annotations))


def _stands(annotation: Annotation | None, labels: LabelValue) -> bool:
    return (
        annotation is not None and annotation.source != "simulated" and annotation.labels == labels
    )


def _import_corrections(context: ProjectContext, file: FileImport, who: str) -> None:
    """Labels of known records, matched by id in whatever source has it."""
    for chunk in _chunks(file.corrections(context.schema)):
        labels: dict[int, LabelValue] = {}
        for correction in chunk:
            ids = context.store.records.lookup(correction.external_id)
            record = context.store.records.get(ids)[0] if len(ids) == 1 else None
            if record is not None and not record.heldout:
                labels[record.id] = correction.labels
            else:
                file.unmatched(correction, len(ids))
        file.taken += _annotate(context, labels, who, note="correction")
        context.progress.advance(len(chunk))
