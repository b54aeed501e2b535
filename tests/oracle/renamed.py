"""Differences between two plays that are meant: what `renamed.toml` lists, each with its reason."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

Step = dict[str, Any]
KEPT = ("stdout", "stderr", "content")
"""The parts of a step that are compared beside its exit code."""


@dataclass
class Renamed:
    """The entries, and which of them were needed so far.

    ``[[key]]``: in documents ``old`` became ``new``; ``[[words]]``: in what is printed and in files
    ``old`` became ``new``. Without ``new`` it went, without ``old`` it came. ``[[part]]``:
    ``part`` of a step (``content``, say) may differ as a whole. ``step`` and ``story``
    are patterns of where.
    """

    entries: list[dict[str, str]]
    used: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Of a file; an entry without a reason, or that names nothing, is an error."""
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = [
            {"sort": sort, **entry}
            for sort in ("key", "words", "part")
            for entry in told.get(sort, [])
        ]
        for entry in entries:
            if not entry.get("reason") or not {"old", "new", "part"} & entry.keys():
                raise ValueError(f"{path.name}: no reason, or neither old nor new: {entry}")
        return cls(entries)

    def as_new(self, step: Step, story: str) -> Step:
        """A step of the old play as the new one should have it."""
        return self._adjusted(step, story, "old")

    def as_old(self, step: Step, story: str) -> Step:
        """A step of the new play without what came."""
        return self._adjusted(step, story, "new")

    def leaves_out(self, step: Step, story: str, part: str) -> bool:
        """Whether a part of a step may differ as a whole."""
        out = [
            number
            for number, entry in enumerate(self.entries)
            if entry["sort"] == "part"
            and entry["part"] == part
            and _concerns(entry, story, step["step"])
        ]
        self.used.update(out)
        return bool(out)

    def words(self) -> list[dict[str, str]]:
        """Entries of words that became others, whatever the story."""
        return [e for e in self.entries if e["sort"] == "words" and {"old", "new"} <= e.keys()]

    def unused(self) -> list[str]:
        """Entries that nothing needed."""
        return [str(e) for number, e in enumerate(self.entries) if number not in self.used]

    def _adjusted(self, step: Step, story: str, side: str) -> Step:
        made: Step = json.loads(json.dumps(step))
        for number, entry in enumerate(self.entries):
            if entry["sort"] == "part":
                continue
            came = "old" not in entry
            if came != (side == "new") or not _concerns(entry, story, step["step"]):
                continue
            before, after = entry[side], None if came else entry.get("new")
            for part in KEPT:
                if entry["sort"] == "words":
                    changed = reworded(made.get(part), before, after or "")
                    needed = changed != made.get(part)
                    made |= {part: changed} if needed else {}
                else:
                    needed = move(made.get(part), before, after)
                if needed:
                    self.used.add(number)
        return made


def _concerns(entry: dict[str, str], story: str, step: str) -> bool:
    return fnmatchcase(story, entry.get("story", "*")) and fnmatchcase(step, entry.get("step", "*"))


def reworded(value: Any, old: str, new: str) -> Any:
    """*old* replaced by *new* in all texts of a value; a line that this empties is taken out."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        changed = [reworded(x, old, new) for x in value]
        return [b for a, b in zip(value, changed, strict=True) if a == b or b not in ("", "\n")]
    if isinstance(value, dict):
        return {k: reworded(v, old, new) for k, v in value.items()}
    return value


def move(document: Any, old: str, new: str | None) -> bool:
    """Move what is at a path to another, or take it away; whether it was anywhere.

    Paths are names with dots between them; ``[]`` after a name stands for each item of its list,
    and ``*`` for each key. Where both paths part there are only names.
    """
    *above, last = old.split(".")
    target = (new or old).split(".")
    shared = 0
    while shared < min(len(above), len(target) - 1) and above[shared] == target[shared]:
        shared += 1
    found = False
    for root in _holders(document, above[:shared]):
        for holder in _holders(root, above[shared:]):
            if last in holder:
                found = True
                value = holder.pop(last)
                if new is not None:
                    _put(root, target[shared:], value)
    return found


def _holders(document: Any, path: list[str]) -> Iterator[dict[str, Any]]:
    """The dicts at a path."""
    if isinstance(document, list):
        for item in document:
            yield from _holders(item, path)
    elif isinstance(document, dict):
        if not path:
            yield document
            return
        name = path[0].removesuffix("[]")
        for key in list(document) if name == "*" else [name]:
            yield from _holders(document.get(key), path[1:])


def _put(document: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        document = document.setdefault(name, {})
    document[path[-1]] = value
