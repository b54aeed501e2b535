"""What a simulation is played on: labelled records from a file or a project, in pool and test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tiebreak.config import EmbedderPart, Settings
from tiebreak.domain.arrays import Hashes, Positions
from tiebreak.domain.labels import LabelSchema
from tiebreak.domain.ports import Embedder, Progress
from tiebreak.domain.records import NewRecord, Record, content_hash
from tiebreak.errors import InputError
from tiebreak.files import FileImport, ImportOptions, labels_of_column
from tiebreak.models import embed_label_names
from tiebreak.project import ProjectContext, names_schema, wiring
from tiebreak.retrieval import embed_missing
from tiebreak.store import VectorFile

TEST_SHARE = 0.25
MIN_ROWS = 40
"""Labelled records of the pool, and ten test records: below that, chance is all there is."""
MIN_TEST = 10


@dataclass(frozen=True, kw_only=True)
class LabelledData:
    """Labelled records. ``split`` says in words what the test part is; nothing is tuned on it.

    ``home`` is the project's folder, None for a file; ``notes`` are remarks for the reader.
    """

    name: str
    schema: LabelSchema
    settings: Settings
    pool: Sequence[NewRecord]
    test: Sequence[NewRecord]
    split: str
    notes: tuple[str, ...] = ()
    home: Path | None = None


def from_file(
    path: Path,
    *,
    text: str | None = None,
    label: str | None = None,
    split: str | None = None,
    embedder: str | None = None,
    seed: int = 0,
    multiple: bool = False,
) -> LabelledData:
    """The labelled rows of a file; columns as in `tiebreak import`. Others are counted in notes.

    *multiple*: any number of labels may stand in a row's cell.

    Raises:
        InputError: no file, no such column, too few labelled rows, or about as many labels as rows.
    """
    options = ImportOptions(text=text, label=label, split=split)
    file = FileImport.open(path, options, multiple=multiple)
    columns = file.columns
    if columns.label is None:
        raise InputError(
            f"No column of {list(file.reader.columns)!r} looks like the label.",
            mend="Name it with --label COL.",
        )
    names = labels_of_column(path, columns.label, multiple=multiple)
    schema = names_schema(names, multiple=multiple)
    settings = Settings(embedder=EmbedderPart(name=embedder) if embedder else EmbedderPart())
    rows = file.records(schema, max_text_chars=settings.imports.max_text_chars)
    kept = [replace(row, metadata={}) for row in rows if row.labels is not None]
    notes = [
        f"{role} column: {name}"
        for role in ("text", "label", "split")
        if (name := getattr(columns, role)) is not None
    ]
    if file.rows > len(kept):
        what = "no labels" if multiple else "no one label"
        notes.append(f"{file.rows - len(kept)} of {file.rows} rows have {what}: left out")
    return _parted(path.name, schema, settings, rows=kept, seed=seed, notes=notes)


def from_project(
    context: ProjectContext, *, embedder: str | None = None, seed: int = 0
) -> LabelledData:
    """What people labelled in a project's pool, and the sealed labels of its held-out records.

    Simulated and machine labels are left out.
    """
    labels = {i: value for i, (by, value) in context.pool_state().labelled.items() if by == "human"}
    heldout_labels = context.store.gold.get(context.table.ids[context.table.heldout].tolist())
    labels |= {i: v for i, v in heldout_labels.items() if context.schema.fits(v)}
    records = context.records(labels)
    rows = [_row(record, labels[i]) for i, record in records.items()]
    chosen = {
        item.record_id
        for batch in context.pool_state().batches
        for item in batch.items
        if item.arm == "active"
    }
    n_chosen = sum(i in chosen for i in labels)
    notes = [
        f"{n_chosen} of these records were chosen by a strategy, not by lot: random here means "
        "random among them, and what is left to save is less than at the start"
    ] * bool(n_chosen)
    settings = context.settings
    if embedder:
        settings = settings.model_copy(update={"embedder": EmbedderPart(name=embedder)})
    name = context.folder.resolve().name
    data = _parted(name, context.schema, settings, rows=rows, seed=seed, notes=notes)
    return data if embedder else replace(data, home=context.folder)


def _row(record: Record, labels: tuple[str, ...]) -> NewRecord:
    return NewRecord(
        source=record.source,
        external_id=record.external_id,
        text=record.text,
        split=record.split,
        heldout=record.heldout,
        labels=labels,
    )


def _parted(
    name: str,
    schema: LabelSchema,
    settings: Settings,
    *,
    rows: Sequence[NewRecord],
    seed: int,
    notes: Iterable[str],
) -> LabelledData:
    """The file's test split (else its val or dev) as test; else a quarter, at random."""
    pool = [row for row in rows if not row.heldout]
    test: list[NewRecord] = []
    remarks = list(notes)
    heldout_splits = {row.split for row in rows if row.heldout}
    by_preference = ("test", "val", "dev", *sorted(map(str, heldout_splits)))
    test_split = next((split for split in by_preference if split in heldout_splits), None)
    if test_split is not None:
        test = [row for row in rows if row.heldout and row.split == test_split]
        split = f"the split {test_split!r}"
        if other_splits := sorted(str(s) for s in heldout_splits - {test_split}):
            remarks.append(f"splits {', '.join(other_splits)}: left out")
    else:
        drawn = np.random.default_rng([seed, 0]).permutation(len(pool))
        of_test = set(drawn[: round(TEST_SHARE * len(pool))].tolist())
        test = [row for i, row in enumerate(pool) if i in of_test]
        pool = [row for i, row in enumerate(pool) if i not in of_test]
        split = f"{TEST_SHARE:.0%} of the labelled records, by lot"
    _check(name, schema, pool, test)
    return LabelledData(
        name=name,
        schema=schema,
        settings=settings,
        pool=[replace(row, heldout=False) for row in pool],
        test=test,
        split=split,
        notes=tuple(remarks),
    )


def _check(
    name: str, schema: LabelSchema, pool: Sequence[NewRecord], test: Sequence[NewRecord]
) -> None:
    if len(pool) < MIN_ROWS or len(test) < MIN_TEST:
        raise InputError(
            f"{name!r} has {len(pool)} labelled records to choose from and {len(test)} to test on.",
            mend=f"A simulation needs {MIN_ROWS} and {MIN_TEST} or more.",
        )
    if len({row.labels for row in pool}) < 2:
        raise InputError(f"The records of {name!r} have one label.", mend="Give two or more.")
    if len(schema.names) > len(pool) / 2:
        raise InputError(
            f"{name!r} has {len(schema.names)} labels for {len(pool)} records to choose from.",
            mend="Name the label column with --label COL.",
        )


def hashes_of(rows: Sequence[NewRecord]) -> Hashes:
    """Content hashes V32[n] of the rows' texts: the keys of their vectors."""
    raw = b"".join(bytes.fromhex(content_hash(row.text)) for row in rows)
    return np.frombuffer(raw, dtype="V32")


def embed_rows(
    data: LabelledData, encoder: Embedder, scratch: Path, progress: Progress
) -> tuple[VectorFile, int]:
    """The vectors of pool and test, each text embedded once, and how many of them were new.

    A project's go into its own vector file, where a later run finds them; others into *scratch*.
    """
    rows = [*data.pool, *data.test]

    def texts(positions: Positions) -> list[str]:
        return [rows[i].text for i in positions.tolist()]

    lock: AbstractContextManager[None] = (
        wiring.project_lock(data.home) if data.home else nullcontext()
    )
    with lock:
        vectors = wiring.vectors(data.home or scratch, encoder)
        report = embed_missing(hashes_of(rows), texts, vectors, encoder, progress)
        embed_label_names(data.schema, vectors, encoder)
    return vectors, report.embedded
