"""Rows to records: ids, splits, labels; every row that is not taken is reported with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.domain.records import HELD_OUT_SPLITS, NewRecord, content_hash
from tiebreak.errors import InputError, LabelError
from tiebreak.files.cells import clean_text, id_cell, label_cell, plain_value, set_cell, text_cell
from tiebreak.files.columns import Columns
from tiebreak.files.import_report import ImportReport
from tiebreak.files.rows import Problem, Row, RowReader

LONGEST_ID = 500
"""Characters of an external id: what every database can keep in an index entry."""

_SAME_SPLIT = {"validation": "val", "valid": "val"}


def rows_to_records(
    report: ImportReport,
    *,
    schema: LabelSchema,
    max_text_chars: int,
    heldout_splits: Collection[str] | None = None,
) -> Iterator[NewRecord]:
    """The records of ``report.reader``, in file order; *report* is filled in passing.

    Args:
        report: names the reader, the columns and the source.
        schema: a label that it does not have is reported, and the record taken without.
        max_text_chars: a longer text is not taken.
        heldout_splits: splits that only measure; None: `HELD_OUT_SPLITS`.

    A row without an id gets one from its text and from how often that text stood before it, so
    that the same file gives the same ids again. Memory: about 120 bytes a row.
    """
    taker = _Taker(report, schema, max_text_chars, heldout_splits)
    for item in report.reader:
        report.rows += 1
        if isinstance(item, Problem):
            report.problem(item)
        else:
            record = taker.take(item)
            if record is not None:
                report.offered += 1
                yield record


def rows_to_labels(
    report: ImportReport, *, schema: LabelSchema
) -> Iterator[tuple[int, str, LabelValue]]:
    """(row number, external id, labels) of the rows that have both: corrections of known records.

    Raises:
        InputError: the file has no id or no label column.
    """
    columns = report.columns
    if columns.id is None or columns.label is None:
        raise InputError(
            f"{report.reader.path.name!r} has no {'id' if columns.id is None else 'label'} column "
            f"among {list(report.reader.columns)!r}.",
            mend="Corrections need both: name them with --id COL and --label COL.",
        )
    labels = _Labels(report, schema)
    for item in report.reader:
        report.rows += 1
        if isinstance(item, Problem):
            report.problem(item)
            continue
        external_id = id_cell(item.values.get(columns.id))
        if not external_id:
            report.problem(_no_id(item.number, taken=False))
        elif (value := labels.of(item, columns.label, taken=False)) is not None:
            report.offered += 1
            yield item.number, external_id, value


def label_names(reader: RowReader, column: str, *, multiple: bool = False) -> list[str]:
    """The labels in a column, in order of appearance."""
    cell = set_cell if multiple else label_cell
    names: dict[str, None] = {}
    for item in reader:
        if isinstance(item, Row):
            names.update(dict.fromkeys(cell(item.values.get(column)) or ()))
    return list(names)


class _Labels:
    """Checks label cells against the schema and reports those that do not fit."""

    def __init__(self, report: ImportReport, schema: LabelSchema) -> None:
        self._report = report
        self._schema = schema
        self._known = {name: (name,) for name in schema.names}
        self._cell = set_cell if schema.multiple else label_cell

    def of(self, row: Row, column: str, *, taken: bool) -> LabelValue | None:
        """The label value of a row; None if the cell is empty or does not fit."""
        names = self._cell(row.values.get(column))
        if names is None or (not names and not self._schema.multiple):
            return None
        if len(names) == 1 and names[0] in self._known:
            return self._known[names[0]]
        try:
            return self._schema.check(names)
        except LabelError as problem:
            unknown = len(names) == 1 or self._schema.multiple
            kind = "label not in the schema" if unknown else "several labels"
            self._report.problem(
                Problem(kind=kind, row=row.number, why=problem.fact, mend=problem.mend, taken=taken)
            )
            return None


class _Taker:
    """Makes records of rows, and remembers what stood in the file before."""

    def __init__(
        self,
        report: ImportReport,
        schema: LabelSchema,
        max_text_chars: int,
        heldout_splits: Collection[str] | None,
    ) -> None:
        self._report = report
        self._columns: Columns = report.columns
        self._labels = _Labels(report, schema)
        self._max = max_text_chars
        names = HELD_OUT_SPLITS if heldout_splits is None else heldout_splits
        self._heldout = {_split_key(name) for name in names}
        used = {self._columns.text, self._columns.label, self._columns.id, self._columns.split}
        self._used = frozenset(name for name in used if name is not None)
        # 64-bit hashes: of ids to what their row said, of texts to how often they stood there
        self._seen: dict[int, int] = {}
        self._times: Counter[int] = Counter()

    def take(self, row: Row) -> NewRecord | None:
        """The record of a row, or None after reporting why not."""
        text = self._text(row)
        if text is None:
            return None
        split, heldout = self._split(row.values)
        column = self._columns.label
        labels = self._labels.of(row, column, taken=True) if column else None
        external_id = self._id(row, text, (text, split, labels))
        if external_id is None:
            return None
        self._report.labelled += labels is not None
        self._report.splits[split or "", heldout] += 1
        return NewRecord(
            source=self._report.source,
            external_id=external_id,
            text=text,
            metadata=self._metadata(row.values),
            split=split,
            heldout=heldout,
            labels=labels,
        )

    def _text(self, row: Row) -> str | None:
        raw = row.values.get(self._columns.text or "")
        text = text_cell(raw)
        if text is None:
            why, mend = f"It is {type(raw).__name__} {str(raw)[:60]!r}.", "Make it one text."
            self._report.problem(Problem(kind="not a text", row=row.number, why=why, mend=mend))
            return None
        if not text.strip():
            why, mend = f"Its text is {text[:20]!r}.", "Fill it in, or leave the row out."
            self._report.problem(Problem(kind="empty text", row=row.number, why=why, mend=mend))
            return None
        if len(text) > self._max:
            self._report.problem(
                Problem(
                    kind="text too long",
                    row=row.number,
                    why=f"It has {len(text):,} characters, and {self._max:,} are taken.",
                    mend="Cut it, or raise import.max_text_chars in tiebreak.toml.",
                )
            )
            return None
        fit = clean_text(text)
        if fit is not text and fit != text:
            self._report.problem(
                Problem(
                    kind="characters replaced",
                    row=row.number,
                    why="It has NUL or half characters, which no database keeps: now U+FFFD.",
                    mend="Nothing to do, if they were noise.",
                    taken=True,
                )
            )
        return fit

    def _split(self, values: Mapping[str, Any]) -> tuple[str | None, bool]:
        """(name, held out); the known ones under one name, others as they stand."""
        if self._columns.split is None:
            return None, False
        name = id_cell(values.get(self._columns.split))
        key = _split_key(name)
        if key in self._heldout:
            return key, True
        return name or None, False

    def _id(self, row: Row, text: str, says: tuple[Any, ...]) -> str | None:
        """The external id; None if an earlier row has it."""
        external_id = id_cell(row.values.get(self._columns.id)) if self._columns.id else ""
        if not external_id:
            if self._columns.id:
                self._report.problem(_no_id(row.number, taken=True))
            self._times[hash(text)] += 1
            return f"text-{content_hash(text)[:24]}-{self._times[hash(text)]}"
        if len(external_id) > LONGEST_ID:
            self._report.problem(_id_too_long(row.number, external_id))
            return None
        what = hash(says)
        key = hash(external_id)
        if key not in self._seen:
            self._seen[key] = what
            return external_id
        if self._seen[key] == what:
            self._report.repeated += 1
        else:
            self._report.problem(
                Problem(
                    kind="id used twice",
                    row=row.number,
                    why=f"An earlier row has the id {external_id!r} and says something else.",
                    mend="Give it an id of its own.",
                )
            )
        return None

    def _metadata(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            clean_text(name): plain_value(value)
            for name, value in values.items()
            if name not in self._used and value is not None and value != ""
        }


def _id_too_long(row: int, external_id: str) -> Problem:
    why = f"Its id has {len(external_id):,} characters, and {LONGEST_ID} are taken."
    mend = f"Shorten {external_id[:40]!r}…, or name another column with --id COL."
    return Problem(kind="id too long", row=row, why=why, mend=mend)


def _no_id(row: int, *, taken: bool) -> Problem:
    mend = "Nothing to do: it got one from its text." if taken else "Fill it in."
    return Problem(kind="no id", row=row, why="Its id is empty.", mend=mend, taken=taken)


def _split_key(name: str) -> str:
    key = name.strip().casefold()
    return _SAME_SPLIT.get(key, key)
