"""What an import did: counts, choices, and samples of the rows that it did not take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tiebreak.files.columns import How, Role


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnChoice:
    """A column's name, None where there is none, and where it is from."""

    name: str | None
    how: How


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemSample:
    """A row that has a problem."""

    row: int
    why: str
    mend: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemCount:
    """Problems of one kind: whether the rows were taken, how many, and the first of them."""

    taken: bool
    count: int
    samples: tuple[ProblemSample, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitCount:
    """Rows of one split, and whether they only measure; None for rows that name no split."""

    name: str | None
    rows: int
    goes: Literal["heldout", "pool"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportSummary:
    """What an import did with one file; as JSON it is in the project's log.

    Of ``rows``, ``taken`` became new records, ``existing`` were known by source and id (``changed``
    of these have another text, and were kept as they were), ``repeated`` say what an earlier row
    says, and ``not_taken`` have a problem. For corrections ``taken`` counts new labels.
    """

    file: str
    source: str
    format: str
    encoding: str | None
    encoding_how: How | None
    delimiter: str | None
    delimiter_how: How | None
    columns: Mapping[Role, ColumnChoice]
    rows: int
    taken: int
    existing: int
    changed: int
    changed_ids: tuple[str, ...]
    repeated: int
    not_taken: int
    labelled: int
    problems: Mapping[str, ProblemCount]
    splits: tuple[SplitCount, ...]
    notes: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The summary, for people."""
        used = ", ".join(
            f"{role} = {column.name} ({column.how})"
            for role, column in self.columns.items()
            if column.name
        )
        yield f"{self.file}: {self.rows} rows; {used}"
        yield (
            f"  taken {self.taken}, known {self.existing}, changed {self.changed} (kept as "
            f"they were), repeated {self.repeated}, not taken {self.not_taken}; "
            f"{self.labelled} with a label"
        )
        for split in self.splits:
            if split.name:
                goes = "only measures" if split.goes == "heldout" else "joins the pool"
                yield f"  split {split.name!r}: {split.rows} rows, {goes}"
        for kind, problem in self.problems.items():
            first = problem.samples[0]
            fate = "taken all the same" if problem.taken else "not taken"
            yield (
                f"  {kind}: {problem.count} rows, {fate}. Row {first.row}: {first.why} {first.mend}"
            )
        yield from (f"  {note}" for note in self.notes)
