"""Which column is the text, the label, the id, the split: given by the caller or guessed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tiebreak.errors import InputError
from tiebreak.files.cells import id_cell, label_cell, set_cell, text_cell

NONE = "none"
"""In place of a column's name: there is no such column, do not guess one."""

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
_MOST_SPLITS = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """The columns in use; None where there is none. ``how`` says of each role where it is from."""

    text: str | None
    label: str | None
    id: str | None
    split: str | None
    how: Mapping[Role, How] = field(default_factory=dict)


def choose(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
    split: str | None = None,
    labels: Collection[str] = (),
    multiple: bool = False,
    text_needed: bool = True,
) -> Columns:
    """The columns of a file.

    Args:
        names: the file's columns.
        rows: its first rows, for a look at what they hold.
        text: a column's name, `NONE`, or None to guess; so are *label*, *id* and *split*.
        labels: names of the project's schema: a column that holds them is the label column.
        text_needed: whether a file without a text column is an error.

    Raises:
        InputError: a named column is missing, or no column can be the text.
    """
    given = {"text": text, "label": label, "id": id, "split": split}
    found: dict[Role, str | None] = {}
    how: dict[Role, How] = {}
    for role in _NAMES:
        name = given[role]
        if name == NONE and NONE not in names:
            found[role], how[role] = None, "none"
        elif name is not None:
            found[role], how[role] = _named(name, names), "given"
    looked = _Looked(names, rows, labels, set(filter(None, found.values())), multiple)
    for role in ("label", "split", "id", "text"):
        if role not in found:
            found[role] = looked.guess(role)
            how[role] = "guessed" if found[role] else "none"
    if text_needed and found["text"] is None:
        raise InputError(
            f"No column of {list(names)!r} looks like the text.", mend="Name it with --text COL."
        )
    return Columns(**found, how=how)


def _named(name: str, names: Sequence[str]) -> str:
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1) or [
        other for other in names if other.casefold() == name.casefold()
    ]
    hint = f"Did you mean {near[0]!r}?" if near else "Name one of those."
    raise InputError(f"There is no column {name!r}; there are {list(names)!r}.", mend=hint)


class _Looked:
    """What the first rows show about each column; a column guessed once is not guessed again."""

    def __init__(
        self,
        names: Sequence[str],
        rows: Sequence[Mapping[str, Any]],
        labels: Collection[str],
        used: set[str],
        multiple: bool,
    ) -> None:
        self._names = names
        self._rows = rows
        self._labels = frozenset(labels)
        self._used = used
        self._cell = set_cell if multiple else label_cell

    def guess(self, role: Role) -> str | None:
        """The column for a role, or None."""
        name = self._by_name(role)
        if role == "label":
            name = self._by_labels(name)
        if name is None and role == "text":
            name = self._longest()
        if name is not None:
            self._used.add(name)
        return name

    def _free(self) -> list[str]:
        return [name for name in self._names if name not in self._used]

    def _by_name(self, role: Role) -> str | None:
        free = {_word(name): name for name in reversed(self._free())}
        words = [word for word in _NAMES[role] if word in free]
        if role != "split":  # ticket_text, intent_label, row_id
            ends = tuple("_" + word for word in _NAMES[role][:8])
            words += [word for word in free if word.endswith(ends)]
        return next((free[word] for word in words if self._fits(role, free[word])), None)

    def _fits(self, role: Role, name: str) -> bool:
        """Whether what the column holds agrees with what its name says."""
        if role == "label":
            return any(self._cell(row.get(name)) for row in self._rows)
        if role == "id":
            ids = [id_cell(row.get(name)) for row in self._rows]
            few = 1 if _word(name) not in _NAMES["id"] else 0.95
            return all(ids) and len(set(ids)) >= few * len(ids) and self._short(name)
        if role == "split":
            values = {text_cell(row.get(name)) for row in self._rows} - {"", None}
            return 0 < len(values) <= _MOST_SPLITS
        return self._mean(name) > 0

    def _by_labels(self, named: str | None) -> str | None:
        """The column that holds the schema's labels, in half of its cells or more; else *named*."""
        shares = {name: self._known(name) for name in self._free()} if self._labels else {}
        likely = [name for name in shares if shares[name] >= 0.5]
        if not likely or named in likely:
            return named
        return max(likely, key=lambda name: shares[name])

    def _known(self, name: str) -> float:
        cells = [cell for row in self._rows if (cell := self._cell(row.get(name)))]
        return sum(self._labels.issuperset(cell) for cell in cells) / max(1, len(cells))

    def _longest(self) -> str | None:
        means = {name: self._mean(name) for name in self._free()}
        best = max(means, key=lambda name: means[name], default=None)
        return best if best is not None and means[best] > 0 else None

    def _mean(self, name: str) -> float:
        """Mean length of the column's strings; 0 if most of its cells are something else."""
        cells = [row[name] for row in self._rows if row.get(name) not in (None, "")]
        strings = [cell for cell in cells if isinstance(cell, str)]
        if not strings or 2 * len(strings) < len(cells):
            return 0.0
        return sum(len(cell.strip()) for cell in strings) / len(strings)

    def _short(self, name: str) -> bool:
        return all(len(id_cell(row.get(name))) <= 200 for row in self._rows)


def _word(name: str) -> str:
    """``Ticket Text`` and ``ticketText`` as ``ticket_text``."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\W_]+", "_", split).strip("_").lower()
