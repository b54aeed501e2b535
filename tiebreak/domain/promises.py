"""What a promise rests on, as stored: frozen policies, their candidates, audits, certificates.

All four are append-only. The mathematics is in ``assurance``; this is what it is recomputed from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from tiebreak.domain.labels import LabelValue

Promise = Literal["label", "dataset"]
Mode = Literal["file", "stream"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenRung:
    """The candidates that score at least ``threshold``, as numbers fixed before the first audit.

    ``size``: how many; ``too_many``: so many wrong ones are too many (K0); ``cap``: people may look
    at no more of them; ``credit``: the tolerated error if found errors make room for more audits.
    """

    threshold: float
    size: int
    too_many: int
    cap: int
    credit: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenTier:
    """A risk tier under a policy: its tolerated error, its share of delta, its planned audits, its
    rungs from the innermost outward; none where no audit could prove anything."""

    name: str
    eps: float
    delta: float
    audits: int
    rungs: tuple[FrozenRung, ...]

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> FrozenTier:
        """What `dataclasses.asdict` made, as itself again."""
        return cls(**{**fields, "rungs": tuple(FrozenRung(**rung) for rung in fields["rungs"])})


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A frozen policy: what decides which records are labelled alone, and what was promised of it.

    ``number`` counts promotions from 1; ``version`` is that number and the hash of ``parts``, and
    what coins are drawn under, with ``secret`` (hexadecimal). ``simulated``: the secret follows
    from the project's seed, so that whatever is proved is proved in a simulation. ``max_error``
    and ``confidence`` are as the user asked. ``known`` counts labelled records at the freeze;
    ``candidates`` counts the candidates, and ``digest`` is SHA-256 over their seals by record id.
    ``upto`` is the highest record id that there was: later ones are arrivals, audited with
    probability ``audit_rate``; None where no stream was asked for.
    """

    number: int
    version: str
    promise: Promise
    max_error: float
    confidence: float
    tiers: tuple[FrozenTier, ...]
    parts: Mapping[str, Any]
    secret: str
    simulated: bool
    schema_version: int
    known: int
    candidates: int
    digest: str
    upto: int = 0
    audit_rate: float | None = None
    created_at: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A record that a policy would label alone, with the label and the score that it would get.

    Written before its ``coin`` (u = coin / 2^256, hexadecimal) is read. ``pi``: the probability of
    an audit in a stream; None in a file, whose candidates are audited in ascending order of coins.
    ``release``: an arrival's label was decided for release (in a file, evidence decides later).
    ``seal`` is `sealed` of the rest: a row that was changed does not match it.
    """

    policy: int
    record_id: int
    tier: str
    labels: LabelValue
    score: float
    coin: str
    pi: float | None = None
    release: bool = False
    seal: str = ""

    def sealed(self) -> Candidate:
        """Itself, with its seal."""
        fields = asdict(replace(self, seal=""))
        raw = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        return replace(self, seal=hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest())


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a certificate counted of one candidate: the annotation ``seq`` of the record (0: none)
    and the ``answer`` that it gave (a value of ``assurance.ladder.Answer``)."""

    record_id: int
    seq: int
    answer: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RungState:
    """A rung as it stood; see ``assurance.ladder.Standing``. ``log_e`` is written by `float.hex`,
    to the bit."""

    audited: int
    wrong: int
    pending: int
    seen: int
    found: int
    room: int
    log_e: str
    proven: bool
    in_force: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """The state of one tier of a policy at one moment, with the evidence that it follows from.

    ``released`` is the outermost rung in force, None for none; ``labels`` counts its records that
    no person looked at. ``simulated``: an answer or the coins came from a simulation. ``seq``
    counts from 1 within policy, tier and mode; the highest tells how things stood last.

    In ``mode`` ``stream`` it is about all arrivals of the tier, under whatever policy, up to the
    one that is named; there are no rungs then, and ``bound`` has what the caught-error bound says.
    """

    policy: int
    tier: str
    rungs: tuple[RungState, ...]
    released: int | None
    labels: int
    simulated: bool
    evidence: tuple[Evidence, ...]
    mode: Mode = "file"
    bound: Mapping[str, Any] | None = None
    seq: int = 0
    created_at: str = ""


def digest_of(seals: Mapping[int, str]) -> str:
    """SHA-256 over candidates' seals, in the order of their record ids."""
    return hashlib.sha256("".join(seals[i] for i in sorted(seals)).encode()).hexdigest()
