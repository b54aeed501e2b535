"""Which column is the text, the label, the id, the split: given by the caller or guessed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tiebreak.errors import InputError
from tiebreak.files.read import read_rows
from tiebreak.files.rows import Row, id_cell, label_cell, set_cell, text_cell

_NONE = "none"  # in place of a column's name: there is no such column, do not guess one

Role = Literal["text", "label", "id", "split"]
How = Literal["given", "guessed", "none"]

_NAMES: dict[Role, tuple[str, ...]] = {
    "text": (
        "text", "texts", "body", "message", "content", "utterance", "sentence", "comment",
        "description", "question", "query", "document", "review", "tweet",
    ),
    "label": (
        "label", "labels", "category", "categories", "class", "intent", "target", "topic",
        "sentiment", "tag", "tags",
    ),
    "id": ("id", "uuid", "guid", "external_id", "record_id", "uid", "key"),
    "split": ("split", "subset", "partition", "fold", "set"),
}  # fmt: skip
_MAX_SPLITS, _MAX_ID_CHARS = 12, 200


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOptions:
    """How to import a file.

    Attributes:
        text: the text column, ``none`` for no such column, or None to guess; so are *label*, *id*
            and *split*.
        labels_are: ``annotations`` (by *who*, source ``imported``), or ``gold``: sealed.
        heldout: splits that only measure; None: `HELD_OUT_SPLITS`.
        source: name of the records' source; None: the file's name.
        corrections: only labels are read, for known records, matched by id.
        who: who labelled the file; None: the file's name.
        encoding: of a text file, None to have it guessed; so is the *delimiter* of CSV and TSV.
    """

    text: str | None = None
    label: str | None = None
    id: str | None = None
    split: str | None = None
    labels_are: str = "annotations"
    heldout: Collection[str] | None = None
    source: str | None = None
    corrections: bool = False
    who: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """The columns in use; None where there is none. ``how`` says of each role where it is from."""

    text: str | None
    label: str | None
    id: str | None
    split: str | None
    how: Mapping[Role, How] = field(default_factory=dict)


def choose_columns(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    options: ImportOptions,
    *,
    labels: Collection[str] = (),
    multiple: bool = False,
) -> Columns:
    """The columns of a file.

    Args:
        names: the file's columns.
        rows: its first rows, for a look at what they hold.
        options: columns that are given; corrections need no text and no split.
        labels: names of the project's schema: a column that holds them is the label column.
        multiple: whether a cell may have several labels.

    Raises:
        InputError: a named column is missing, or no column can be the text.
    """
    columns: dict[Role, str | None] = {}
    how: dict[Role, How] = {}
    for role in _NAMES:
        unused = options.corrections and role in ("text", "split")
        name = _NONE if unused else getattr(options, role)
        if name == _NONE and _NONE not in names:
            columns[role], how[role] = None, "none"
        elif name is not None:
            columns[role], how[role] = _named(name, names), "given"
    free = [name for name in dict.fromkeys(names) if name not in columns.values()]
    guesser = _Guesser(free, rows, frozenset(labels), set_cell if multiple else label_cell)
    order: tuple[Role, ...] = ("label", "split", "id", "text")
    for role in order:
        if role not in columns:
            columns[role] = guesser.guess(role)
            how[role] = "guessed" if columns[role] else "none"
    if columns["text"] is None and not options.corrections:
        raise InputError(
            f"No column of {list(names)!r} looks like the text.", mend="Name it with --text COL."
        )
    return Columns(**columns, how=how)


def labels_of_column(path: Path, column: str, *, multiple: bool = False) -> list[str]:
    """The distinct labels in a column of a file, sorted; *multiple*: a cell may have several.

    Raises:
        InputError: no such file or column, or fewer than two labels in it.
    """
    reader = read_rows(path)
    _named(column, reader.columns)
    cell = set_cell if multiple else label_cell
    rows = (item.values for item in reader if isinstance(item, Row))
    labels = sorted({label for row in rows for label in cell(row.get(column)) or ()})
    if len(labels) < 2:
        raise InputError(
            f"Column {column!r} of {str(path)!r} holds {len(labels)} labels: {labels!r}.",
            mend="Name a column with two or more.",
        )
    return labels


def _named(name: str, names: Sequence[str]) -> str:
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1) or [
        other for other in names if other.casefold() == name.casefold()
    ]
    hint = f"Did you mean {near[0]!r}?" if near else "Name one of those."
    raise InputError(f"There is no column {name!r}; there are {list(names)!r}.", mend=hint)


@dataclass(slots=True)
class _Guesser:
    """What the first rows show about the free columns; one that is guessed is free no more."""

    free: list[str]
    rows: Sequence[Mapping[str, Any]]
    labels: frozenset[str]
    cell: Callable[[Any], tuple[str, ...] | None]

    def guess(self, role: Role) -> str | None:
        """The column for a role, or None."""
        name = self._by_name(role)
        if role == "label":
            name = self._by_labels(name)
        if name is None and role == "text":
            means = {other: self._mean_length(other) for other in self.free}
            longest = max(means, key=lambda other: means[other], default="")
            name = longest if means.get(longest) else None
        if name is not None:
            self.free.remove(name)
        return name

    def _by_name(self, role: Role) -> str | None:
        free = {_word(name): name for name in reversed(self.free)}
        words = [word for word in _NAMES[role] if word in free]
        if role != "split":  # ticket_text, intent_label, row_id
            ends = tuple("_" + word for word in _NAMES[role][:8])
            words += [word for word in free if word.endswith(ends)]
        return next((free[word] for word in words if self._fits(role, free[word])), None)

    def _fits(self, role: Role, name: str) -> bool:
        """Whether what the column holds agrees with what its name says."""
        if role == "label":
            return any(self.cell(row.get(name)) for row in self.rows)
        if role == "id":
            ids = [id_cell(row.get(name)) for row in self.rows]
            share = 1 if _word(name) not in _NAMES["id"] else 0.95
            unique = len(set(ids)) >= share * len(ids)
            return unique and all(0 < len(id) <= _MAX_ID_CHARS for id in ids)
        if role == "split":
            values = {text_cell(row.get(name)) for row in self.rows} - {"", None}
            return 0 < len(values) <= _MAX_SPLITS
        return self._mean_length(name) > 0

    def _by_labels(self, named: str | None) -> str | None:
        """The column that holds the schema's labels, in half of its cells or more; else *named*."""
        shares = {name: self._known_share(name) for name in self.free} if self.labels else {}
        likely = [name for name in shares if shares[name] >= 0.5]
        if not likely or named in likely:
            return named
        return max(likely, key=lambda name: shares[name])

    def _known_share(self, name: str) -> float:
        cells = [cell for row in self.rows if (cell := self.cell(row.get(name)))]
        return sum(map(self.labels.issuperset, cells)) / max(1, len(cells))

    def _mean_length(self, name: str) -> float:
        """Mean length of the column's strings; 0 if most of its cells are something else."""
        cells = [row[name] for row in self.rows if row.get(name) not in (None, "")]
        strings = [cell for cell in cells if isinstance(cell, str)]
        if not strings or 2 * len(strings) < len(cells):
            return 0.0
        return sum(len(cell.strip()) for cell in strings) / len(strings)


def _word(name: str) -> str:
    """``Ticket Text`` and ``ticketText`` as ``ticket_text``."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\W_]+", "_", split).strip("_").lower()
