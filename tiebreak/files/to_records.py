"""Rows to records: ids, splits, labels; every row that is not taken says why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tiebreak.domain.labels import LabelSchema, LabelValue
from tiebreak.domain.records import NewRecord, content_hash
from tiebreak.errors import LabelError, UsageError
from tiebreak.files.columns import Columns
from tiebreak.files.rows import (
    Problem,
    Row,
    clean_text,
    id_cell,
    label_cell,
    plain_value,
    set_cell,
    text_cell,
)

MAX_ID_CHARS = 500
"""Characters of an external id: what every database can keep in an index entry."""

_SAME_SPLIT = {"validation": "val", "valid": "val"}


class RowRejected(Exception):
    """A row becomes no record."""

    def __init__(self, kind: str, row: int, why: str, mend: str) -> None:
        super().__init__(why)
        self.problem = Problem(kind, row, why, mend)


class LabelCells:
    """Label cells as label values of a schema."""

    def __init__(self, schema: LabelSchema) -> None:
        self._schema = schema
        self._single = {name: (name,) for name in schema.names}
        self._cell = set_cell if schema.multiple else label_cell

    def value(self, row: Row, column: str) -> LabelValue | None:
        """The label value of a row; None if its cell is empty.

        Raises:
            RowRejected: no such label in the schema, or several where it takes one.
        """
        names = self._cell(row.values.get(column))
        if names is None or (not names and not self._schema.multiple):
            return None
        if len(names) == 1 and names[0] in self._single:
            return self._single[names[0]]
        try:
            return self._schema.check(names)
        except LabelError as error:
            unknown = len(names) == 1 or self._schema.multiple
            kind = "label not in the schema" if unknown else "several labels"
            raise RowRejected(kind, row.number, error.fact, error.mend) from None


@dataclass(kw_only=True, slots=True)
class RecordMaker:
    """Makes records of the rows of one file, and remembers the rows before.

    A row without an id gets one from its text and from how often that text stood before it, so
    that the same file gives the same ids again. Memory: about 120 bytes a row.

    ``report`` gets each problem of a row that is taken all the same, as one whose label the schema
    does not have: its record is taken without.
    """

    source: str
    columns: Columns
    labels: LabelCells
    max_text_chars: int
    heldout: Collection[str]
    report: Callable[[Problem], None]
    # 64-bit hashes: of ids to what their row says, of texts to how often they stood there
    _content_by_id: dict[int, int] = field(default_factory=dict)
    _copies: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.heldout = frozenset(map(_split_key, self.heldout))

    def record(self, row: Row) -> NewRecord | None:
        """The record of a row, or None if an earlier row says the same.

        Raises:
            RowRejected: it becomes no record.
        """
        columns = self.columns
        text = self._text(row)
        split, heldout = self._split(row.values)
        labels = None
        if columns.label:
            try:
                labels = self.labels.value(row, columns.label)
            except RowRejected as rejected:
                self.report(replace(rejected.problem, taken=True))
        external_id = self._id(row, text, (text, split, labels))
        if external_id is None:
            return None
        return NewRecord(
            source=self.source,
            external_id=external_id,
            text=text,
            metadata=self._metadata(row.values),
            split=split,
            heldout=heldout,
            labels=labels,
        )

    def _text(self, row: Row) -> str:
        raw = row.values.get(self.columns.text or "")
        text = text_cell(raw)
        if text is None:
            why = f"It is {type(raw).__name__} {str(raw)[:60]!r}."
            raise RowRejected("not a text", row.number, why, "Make it one text.")
        if not text.strip():
            why, mend = f"Its text is {text[:20]!r}.", "Fill it in, or leave the row out."
            raise RowRejected("empty text", row.number, why, mend)
        if len(text) > self.max_text_chars:
            why = f"It has {len(text):,} characters, and {self.max_text_chars:,} are taken."
            mend = "Cut it, or raise import.max_text_chars in tiebreak.toml."
            raise RowRejected("text too long", row.number, why, mend)
        fit = clean_text(text)
        if fit is not text and fit != text:
            why = "It has NUL or half characters, which no database keeps: now U+FFFD."
            mend = "Nothing to do, if they were noise."
            self.report(Problem("characters replaced", row.number, why, mend, taken=True))
        return fit

    def _split(self, values: Mapping[str, Any]) -> tuple[str | None, bool]:
        """(name, held out); the known ones under one name, others as they stand."""
        if self.columns.split is None:
            return None, False
        name = id_cell(values.get(self.columns.split))
        key = _split_key(name)
        return (key, True) if key in self.heldout else (name or None, False)

    def _id(self, row: Row, text: str, content: tuple[Any, ...]) -> str | None:
        """The external id; None if an earlier row with the same content has it."""
        external_id = id_cell(row.values.get(self.columns.id)) if self.columns.id else ""
        if not external_id:
            if self.columns.id:
                mend = "Nothing to do: it got one from its text."
                self.report(Problem("no id", row.number, "Its id is empty.", mend, taken=True))
            self._copies[hash(text)] += 1
            return f"text-{content_hash(text)[:24]}-{self._copies[hash(text)]}"
        if len(external_id) > MAX_ID_CHARS:
            why = f"Its id has {len(external_id):,} characters, and {MAX_ID_CHARS} are taken."
            mend = f"Shorten {external_id[:40]!r}…, or name another column with --id COL."
            raise RowRejected("id too long", row.number, why, mend)
        key = hash(external_id)
        if key not in self._content_by_id:
            self._content_by_id[key] = hash(content)
            return external_id
        if self._content_by_id[key] != hash(content):
            why = f"An earlier row has the id {external_id!r} and says something else."
            raise RowRejected("id used twice", row.number, why, "Give it an id of its own.")
        return None

    def _metadata(self, values: Mapping[str, Any]) -> dict[str, Any]:
        used = (self.columns.text, self.columns.label, self.columns.id, self.columns.split)
        return {
            clean_text(name): plain_value(value)
            for name, value in values.items()
            if name not in used and value is not None and value != ""
        }


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


def _split_key(name: str) -> str:
    key = name.strip().casefold()
    return _SAME_SPLIT.get(key, key)
