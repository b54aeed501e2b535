"""A file on its way into the store: its rows become records while what happens is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.domain.ports import Added
from tiebreak.domain.records import HELD_OUT_SPLITS, NewRecord
from tiebreak.errors import InputError
from tiebreak.files.columns import Columns, How, ImportOptions, choose_columns
from tiebreak.files.import_summary import (
    ColumnChoice,
    ImportSummary,
    ProblemCount,
    ProblemSample,
    SplitCount,
)
from tiebreak.files.read import read_rows
from tiebreak.files.rows import Problem, Row, RowReader, id_cell
from tiebreak.files.to_records import LabelCells, RecordMaker, RowRejected

SAMPLES = 20
"""Rows of each kind of problem that are kept."""


class Correction(NamedTuple):
    """Labels for a known record: the row's number, the record's external id, the labels."""

    row: int
    external_id: str
    labels: LabelValue


@dataclass(kw_only=True, slots=True)
class FileImport:
    """A file's import under way; its counts, those of `ImportSummary`, fill while rows stream.

    ``rows`` = ``offered`` + ``repeated`` + ``not_taken``: ``offered`` ones are on their way to the
    store. ``splits``: (name, held out) to rows. ``heldout``: as in `ImportOptions`.
    """

    source: str
    reader: RowReader
    columns: Columns
    heldout: Collection[str] | None = None
    rows: int = 0
    offered: int = 0
    labelled: int = 0
    repeated: int = 0
    taken: int = 0
    existing: int = 0
    changed: int = 0
    changed_ids: list[str] = field(default_factory=list)
    splits: Counter[tuple[str, bool]] = field(default_factory=Counter)
    _problem_counts: Counter[str] = field(default_factory=Counter)
    _problem_samples: dict[str, list[Problem]] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        path: Path,
        options: ImportOptions,
        *,
        labels: Collection[str] = (),
        multiple: bool = False,
    ) -> Self:
        """Open a file and choose its columns; *labels* and *multiple* as in `choose_columns`.

        Raises:
            InputError: the file cannot be read, or a column is missing.
        """
        reader = read_rows(path, encoding=options.encoding, delimiter=options.delimiter)
        columns = choose_columns(
            reader.columns, reader.head(), options, labels=labels, multiple=multiple
        )
        source = options.source or path.name
        return cls(source=source, reader=reader, columns=columns, heldout=options.heldout)

    def records(self, schema: LabelSchema, *, max_text_chars: int) -> Iterator[NewRecord]:
        """The records of the file, in its order; a longer text is not taken."""
        maker = RecordMaker(
            source=self.source,
            columns=self.columns,
            labels=LabelCells(schema),
            max_text_chars=max_text_chars,
            heldout=HELD_OUT_SPLITS if self.heldout is None else self.heldout,
            report=self.problem,
        )
        for row in self._readable_rows():
            try:
                record = maker.record(row)
            except RowRejected as rejected:
                self.problem(rejected.problem)
                continue
            if record is None:
                self.repeated += 1
                continue
            self.offered += 1
            self.labelled += record.labels is not None
            self.splits[record.split or "", record.heldout] += 1
            yield record

    def corrections(self, schema: LabelSchema) -> Iterator[Correction]:
        """The labels of the rows that have both an id and a label.

        Raises:
            InputError: the file has no id or no label column.
        """
        id_column, label_column = self.columns.id, self.columns.label
        if id_column is None or label_column is None:
            raise InputError(
                f"{self.reader.path.name!r} has no {'id' if id_column is None else 'label'} column "
                f"among {list(self.reader.columns)!r}.",
                mend="Corrections need both: name them with --id COL and --label COL.",
            )
        cells = LabelCells(schema)
        for row in self._readable_rows():
            external_id = id_cell(row.values.get(id_column))
            try:
                if not external_id:
                    raise RowRejected("no id", row.number, "Its id is empty.", "Fill it in.")
                labels = cells.value(row, label_column)
            except RowRejected as rejected:
                self.problem(rejected.problem)
                continue
            if labels is not None:
                self.offered += 1
                yield Correction(row.number, external_id, labels)

    def _readable_rows(self) -> Iterator[Row]:
        for item in self.reader:
            self.rows += 1
            if isinstance(item, Problem):
                self.problem(item)
            else:
                yield item

    def problem(self, problem: Problem) -> None:
        """Count a problem and keep the first few of its kind."""
        self._problem_counts[problem.kind] += 1
        samples = self._problem_samples.setdefault(problem.kind, [])
        if len(samples) < SAMPLES:
            samples.append(problem)

    def unmatched(self, correction: Correction, records: int) -> None:
        """Count a correction of a held-out record, or of an id that not just one record has."""
        external_id = correction.external_id
        if records == 1:
            why, mend = f"{external_id!r} is held out, and only measures.", "Leave it out."
        else:
            why = f"{records} records have the id {external_id!r}."
            mend = "Import the record first."
        self.problem(Problem("no record to correct", correction.row, why, mend))

    def stored(self, added: Added) -> None:
        """Count what the store did with some of the records."""
        self.taken += len(added.inserted)
        self.existing += added.existing
        self.changed += len(added.changed)
        self.changed_ids += added.changed[: max(0, SAMPLES - len(self.changed_ids))]

    @property
    def not_taken(self) -> int:
        """Rows that became no record."""
        return sum(problem.count for problem in self.problems.values() if not problem.taken)

    @property
    def problems(self) -> dict[str, ProblemCount]:
        """The problems so far, by kind."""
        return {
            kind: ProblemCount(
                taken=samples[0].taken,
                count=self._problem_counts[kind],
                samples=tuple(ProblemSample(row=p.row, why=p.why, mend=p.mend) for p in samples),
            )
            for kind, samples in sorted(self._problem_samples.items())
        }

    def summary(self) -> ImportSummary:
        """What was done so far."""
        columns, reader = self.columns, self.reader
        notes = list(reader.notes)
        pool = sorted(name for name, heldout in self.splits if name and not heldout)
        unknown = ", ".join(repr(name) for name in pool if name.casefold() != "train")
        if unknown:
            notes.append(
                f"Splits {unknown} have joined the pool; --heldout names those that measure."
            )
        return ImportSummary(
            file=str(reader.path),
            source=self.source,
            format=reader.format,
            encoding=reader.encoding,
            encoding_how=_how(reader.encoding, reader.encoding_given),
            delimiter=reader.delimiter,
            delimiter_how=_how(reader.delimiter, reader.delimiter_given),
            columns={
                role: ColumnChoice(name=getattr(columns, role), how=how)
                for role, how in columns.how.items()
            },
            rows=self.rows,
            taken=self.taken,
            existing=self.existing,
            changed=self.changed,
            changed_ids=tuple(self.changed_ids),
            repeated=self.repeated,
            not_taken=self.not_taken,
            labelled=self.labelled,
            problems=self.problems,
            splits=tuple(
                SplitCount(name=name or None, rows=rows, goes="heldout" if heldout else "pool")
                for (name, heldout), rows in sorted(self.splits.items())
            ),
            notes=tuple(notes),
        )


def _how(value: str | None, given: bool) -> How | None:
    if value is None:
        return None
    return "given" if given else "guessed"
