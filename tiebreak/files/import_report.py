"""What an import did, row by row where it did not take one."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from tiebreak.domain.ports import Added
from tiebreak.files.columns import Columns
from tiebreak.files.rows import Problem, RowReader

SAMPLES = 20
"""Rows of each kind of problem that are kept."""


@dataclass(kw_only=True, slots=True)
class Problems:
    """Problems of one kind: how many, and the first of them."""

    taken: bool
    count: int = 0
    samples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class ImportReport:
    """Counts of one file's import; filled while its rows stream.

    ``rows`` = ``offered`` + ``repeated`` + ``not_taken``. ``offered`` rows became records on
    their way to the store, which made them ``taken`` (new), ``existing`` (known by source and id)
    or ``changed`` (known, with another text: kept as it was). ``repeated`` rows say what an
    earlier row of the file says. ``splits``: (name, held out) to rows.
    """

    source: str
    reader: RowReader
    columns: Columns
    rows: int = 0
    offered: int = 0
    labelled: int = 0
    repeated: int = 0
    taken: int = 0
    existing: int = 0
    changed: int = 0
    changed_ids: list[str] = field(default_factory=list)
    splits: Counter[tuple[str, bool]] = field(default_factory=Counter)
    problems: dict[str, Problems] = field(default_factory=dict)

    def problem(self, problem: Problem) -> None:
        """Count a problem and keep the first few of its kind."""
        seen = self.problems.setdefault(problem.kind, Problems(taken=problem.taken))
        seen.count += 1
        if len(seen.samples) < SAMPLES:
            seen.samples.append({"row": problem.row, "why": problem.why, "mend": problem.mend})

    def stored(self, added: Added) -> None:
        """Count what the store did with some of the records."""
        self.taken += len(added.inserted)
        self.existing += added.existing
        self.changed += len(added.changed)
        room = max(0, SAMPLES - len(self.changed_ids))
        self.changed_ids += added.changed[:room]

    @property
    def not_taken(self) -> int:
        """Rows that became no record."""
        return sum(p.count for p in self.problems.values() if not p.taken)

    @property
    def notes(self) -> list[str]:
        """Remarks that a person should read."""
        made = list(self.reader.notes)
        pool = sorted(name for name, heldout in self.splits if name and not heldout)
        unknown = [name for name in pool if name.casefold() != "train"]
        if unknown:
            names = ", ".join(map(repr, unknown))
            made.append(f"Splits {names} have joined the pool; --heldout names those that measure.")
        return made

    def to_json(self) -> dict[str, Any]:
        """The report as JSON-able values."""
        columns, reader = self.columns, self.reader
        used = {role: getattr(columns, role) for role in columns.how}
        return {
            "file": str(reader.path),
            "source": self.source,
            "format": reader.format,
            "encoding": reader.encoding,
            "encoding_how": _how(reader.encoding, reader.encoding_given),
            "delimiter": reader.delimiter,
            "delimiter_how": _how(reader.delimiter, reader.delimiter_given),
            "columns": {r: {"name": used[r], "how": how} for r, how in columns.how.items()},
            "rows": self.rows,
            "taken": self.taken,
            "existing": self.existing,
            "changed": self.changed,
            "changed_ids": list(self.changed_ids),
            "repeated": self.repeated,
            "not_taken": self.not_taken,
            "labelled": self.labelled,
            "problems": {kind: asdict(p) for kind, p in sorted(self.problems.items())},
            "splits": [
                {"name": name or None, "rows": n, "goes": "heldout" if heldout else "pool"}
                for (name, heldout), n in sorted(self.splits.items())
            ],
            "notes": self.notes,
        }


def _how(value: str | None, given: bool) -> str | None:
    if value is None:
        return None
    return "given" if given else "guessed"
