"""What holds autonomy back, as stored: drift marks and readings, monitor alarms, promise terms.

All four are append-only and share one numbering, so that what came first can be told across them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tiebreak.domain.promises import Promise

DriftLevel = Literal["ok", "flag", "pause"]
MarkKind = Literal["first_run", "acknowledged"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftMark:
    """Records up to id ``up_to`` are the reference from now on: the first run found them, or
    somebody acknowledged the drift, which ends a pause and answers every alarm so far."""

    kind: MarkKind
    up_to: int
    id: int = 0
    created_at: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftReading:
    """What the sensors saw of the ``new`` records after ``after`` (up to ``up_to``) and why;
    ``groups`` are the sizes of groups of far texts that are alike."""

    state: DriftLevel
    reason: str
    new: int
    after: int
    up_to: int
    groups: tuple[int, ...] = ()
    id: int = 0
    created_at: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """The audits of a policy's arrivals in a tier became worse.

    ``wrong`` of the ``audits`` since the likely change were wrong. Labels of arrivals after
    record ``since``, up to record ``until``, were taken back.
    """

    policy: int
    tier: str
    audits: int
    wrong: int
    since: int
    until: int
    id: int = 0
    created_at: str = ""

    def took_back(self, record_id: int) -> bool:
        """Whether it took back a record's label."""
        return self.since < record_id <= self.until


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedTerms:
    """The promise that a call for people asked for; the desk goes on with the last one."""

    max_error: float
    confidence: float
    promise: Promise
    id: int = 0
    created_at: str = ""
