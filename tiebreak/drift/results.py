"""What the drift sensors saw, typed. The fields are the keys of the JSON documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tiebreak.domain.monitoring import DriftLevel

ADVICE: Mapping[DriftLevel, str] = {
    "pause": "No label is taken over without a person until somebody has looked: "
    "`tiebreak drift DIR`, then `tiebreak drift DIR --acknowledge`.",
    "flag": "Look at `tiebreak drift DIR`: a label may be missing.",
    "ok": "",
}
"""What to do at each level."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftState:
    """What the sensors saw last.

    Attributes:
        state: ok, flag or pause.
        reason: why, in words.
        new: records that came in after ``after``.
        after: the last record of the reference, by its id in the project.
        up_to: the last record that was looked at.
        groups: sizes of groups of far texts that are alike.
        do: what to do, in words.
    """

    state: DriftLevel
    reason: str
    new: int
    after: int
    up_to: int
    groups: tuple[int, ...]
    do: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MartingaleReading:
    """The bet on farther texts: log10 of the most that it won, in multiples of its stake, and the
    id of the record ``alarm_at`` which that first reached 100; None for never."""

    log10_peak: float
    alarm_at: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftWindow:
    """A window of records, ``first`` to ``last`` by their ids: p-values by test, and what the
    sensors said after it."""

    first: int
    last: int
    state: DriftLevel
    p: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShiftedPrevalence:
    """Shares of the labels among the newest records, if only the mix of labels moved.

    Attributes:
        em: by expectation maximisation (Saerens et al. 2002), for ``reference`` and ``new``; None
            where the method gives none.
        bbse: of the new ones, by black box shift estimation (Lipton et al. 2018); None likewise.
        reason: why ``bbse`` is None.
    """

    em: Mapping[str, Mapping[str, float] | None]
    bbse: Mapping[str, float] | None
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NovelGroup:
    """Far texts that are alike, possibly a new label: external ids, the leader first, and the mean
    ``cosine`` of the others to it."""

    size: int
    cosine: float
    records: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftReport:
    """What the sensors say of the records that came in after ``after``.

    Attributes:
        after: the last record of the reference, by its id in the project.
        state: ok, flag or pause.
        reason: why, in words.
        audit_factor: what the chance of an audit is to be multiplied by.
        reference: how many records the new ones are compared with.
        new: how many new ones there are.
        martingale: the bet on farther texts.
        windows: the tests of complete windows, oldest first.
        prevalence: shares of the labels before and now; None without a model, and where any number
            of labels may apply.
        groups: groups of far texts that are alike, largest first.
        do: what to do, in words.
    """

    after: int
    state: DriftLevel
    reason: str
    audit_factor: int
    reference: int
    new: int
    martingale: MartingaleReading
    windows: tuple[DriftWindow, ...]
    prevalence: ShiftedPrevalence | None
    groups: tuple[NovelGroup, ...]
    do: str
