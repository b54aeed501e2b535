"""Label schemas: which labels there are, and what may stand in a record's label value."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from tiebreak.errors import LabelError

LabelValue = tuple[str, ...]
"""The label value of one record: one name, or in a multi-label project any number of them in schema
order. ``()`` is an answer there (none applies); where there is no answer, the value is None."""

SEPARATORS = (";", "|")
"""Either of them parts the names where several stand in one text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """One label: its name, what it means, a few examples, and its risk tier."""

    name: str
    definition: str = ""
    examples: tuple[str, ...] = ()
    tier: str = "normal"


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelSchema:
    """A version of a project's labels. A record's label always names its schema version.

    ``multiple``: any number of the labels may apply to a record, none of them too.
    """

    labels: tuple[Label, ...]
    version: int = 1
    guidelines: str = ""
    multiple: bool = False

    def __post_init__(self) -> None:
        names = self.names
        if len(names) < 2:
            raise LabelError(
                f"A label schema needs at least two labels, and this one has {len(names)}.",
                mend="Give --labels a,b,c or a labels.yaml with two or more.",
            )
        for name in names:
            if not name.strip() or name != name.strip():
                raise LabelError(
                    f"Label {name!r} is empty or has space around it.", mend="Trim it."
                )
            if names.count(name) > 1:
                raise LabelError(f"Label {name!r} stands twice in the schema.", mend="Keep one.")
            if self.multiple and (name[0] == "[" or any(sign in name for sign in SEPARATORS)):
                raise LabelError(
                    f"Label {name!r} begins with [ or has one of {' '.join(SEPARATORS)} in it, "
                    "which part the labels of a multi-label record.",
                    mend="Rename it.",
                )

    @property
    def names(self) -> tuple[str, ...]:
        """Label names, in schema order."""
        return tuple(label.name for label in self.labels)

    @property
    def fingerprint(self) -> str:
        """Hash of all but the version: equal schemas hash equally."""
        body = [[x.name, x.definition, list(x.examples), x.tier] for x in self.labels]
        whole = [body, self.guidelines, *(["multiple"] if self.multiple else [])]
        raw = json.dumps(whole, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(raw.encode()).hexdigest()

    def check(self, value: Iterable[str]) -> LabelValue:
        """Return *value* as a label value, or raise `LabelError` that names the nearest label.

        With ``multiple`` the names come back in schema order, each once.
        """
        checked = tuple(value)
        if not self.multiple and len(checked) != 1:
            raise LabelError(
                f"A single-label record takes one label, and {list(checked)!r} has {len(checked)}.",
                mend="Give exactly one.",
            )
        for name in checked:
            if name not in self.names:
                near = difflib.get_close_matches(name, self.names, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else "Add it to labels.yaml."
                raise LabelError(f"Label {name!r} is not in the schema.", mend=hint)
        return tuple(x for x in self.names if x in checked) if self.multiple else checked

    def fits(self, value: LabelValue) -> bool:
        """Whether *value* is one that `check` takes: an older version's may not be."""
        one = self.multiple or len(value) == 1
        return one and set(self.names).issuperset(value)


def in_words(value: LabelValue) -> str:
    """A label value as one text: the names parted by ``; ``, ``no label`` for the empty set."""
    return f"{SEPARATORS[0]} ".join(value) if value else "no label"
