"""The ladder: which part of a finite set of candidates may be labelled without a person, now.

Candidates (records on which agent and model agree) have a fused score. A *rung* is all candidates
with at least some score; the thresholds are numbers taken from the unlabelled scores, frozen
before the first audit, so that each rung's null hypothesis is a fixed statement about a fixed set.
Rungs are tested from the innermost outward, each at the whole delta (fixed sequence, Maurer,
Hothorn & Lehmacher 1995): the first false one stops the sequence, so that the family-wise error
is at most delta without a correction.

*Focus*: only the target rung, the first one not proven, is audited, in ascending coin order. When
the target moves outward, the earliest undrawn coins of the wider rung are those of the band that
was left out so far: they come first, up to the same u. So the evidence of every rung is a prefix of
its own random order, which is all that `finite` asks for. How long the prefix is may depend on
anything, also on answers further along: Ville's bound is for all lengths at once.

Everything is computed anew from the answers that there are: a certificate is a state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from math import log

import numpy as np
import numpy.typing as npt

from tiebreak.assurance import finite
from tiebreak.assurance.finite import FinitePool
from tiebreak.assurance.rungs import Ladder, Rung, Scores

Answers = npt.NDArray[np.int8]


class AuditAnswer(IntEnum):
    """What is known of a candidate's audit. Skipped and "unsure" ones are pending.

    ``SEEN``: a person labelled it for another reason, perhaps not blindly. That is no evidence, so
    that it is still to be audited, but it is one label less that nobody looked at.
    """

    SEEN = -2
    NOT_DRAWN = -1
    RIGHT = 0
    WRONG = 1
    PENDING = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A rung's evidence and what follows from it now.

    ``audited``: length of its drawn prefix; ``wrong``: errors in it, with ``pending`` counted as
    errors. ``seen``: all records of the rung that people looked at or are to look at;
    ``errors_found``: errors that audits found among them. ``room``: `Rung.room`. ``proven``: E >=
    1/delta, here and in every inner rung. ``in_force``: proven and room >= 0.
    """

    audited: int
    wrong: int
    pending: int
    seen: int
    errors_found: int
    room: int
    log_e: float
    proven: bool
    in_force: bool


def standings(ladder: Ladder, scores: Scores, answers: Answers) -> tuple[Standing, ...]:
    """How every rung stands now.

    *scores* float64[N] and *answers* int8[N] (`AuditAnswer`) of all candidates in ascending coin
    order.

    An inner rung over its own cap still counts as proven for the sequence: its null hypothesis is
    rejected, only its claim about unseen labels has lapsed.
    """
    threshold, inner, standing = -log(ladder.delta), True, []
    for rung in ladder.rungs:
        at = _evidence(rung, answers[scores >= rung.threshold])
        inner = inner and at.log_e >= threshold
        standing.append(replace(at, proven=inner, in_force=inner and at.room >= 0))
    return tuple(standing)


def released(standing: Sequence[Standing]) -> int | None:
    """The outermost rung in force now, or None: its unseen labels may go out."""
    return max((j for j, at in enumerate(standing) if at.in_force), default=None)


def target(standing: Sequence[Standing]) -> int | None:
    """The rung to audit: the first one not proven; None when all are."""
    return next((j for j, at in enumerate(standing) if not at.proven), None)


def next_audits(
    ladder: Ladder, scores: Scores, answers: Answers, count: int
) -> npt.NDArray[np.int64]:
    """Positions (in coin order) of up to *count* candidates to audit next; empty if none may be.

    The target rung's undrawn candidates in ascending u, which brings the missing band first. None
    where right answers alone could no longer certify it, and none that would leave the target or
    the rung in force without room: the next certificate is not bought with the one that there is.
    """
    standing = standings(ladder, scores, answers)
    at = target(standing)
    if at is None or futile(ladder, standing, at):
        return np.zeros(0, dtype=np.int64)
    threshold = ladder.rungs[at].threshold
    free = np.flatnonzero((scores >= threshold) & (answers < AuditAnswer.RIGHT))[: max(count, 0)]
    kept = np.ones(len(free), dtype=bool)
    force = released(standing)
    for j in (at,) if force is None else (at, force):
        members = scores[free] >= ladder.rungs[j].threshold
        kept &= np.cumsum(members & (answers[free] == AuditAnswer.NOT_DRAWN)) <= standing[j].room
    return free[kept].astype(np.int64)


def futile(ladder: Ladder, standing: Sequence[Standing], rung: int) -> bool:
    """Whether nothing but right answers from now on would still not certify the rung in its room.

    Pending audits are hoped to be right; room that errors to come would make is not reckoned with.
    """
    at, pool = standing[rung], ladder.rungs[rung].pool
    most = max(min(at.seen + at.room, pool.size), 0)
    return (
        finite.crossing(
            FinitePool(pool.size, pool.too_many, most), at.wrong - at.pending, ladder.delta
        )
        is None
    )


def _evidence(rung: Rung, answers: Answers) -> Standing:
    """A rung by itself; *answers* are those of its candidates in coin order.

    The first candidate that was not drawn ends the prefix; answers after it are no evidence.
    """
    undrawn = answers < AuditAnswer.RIGHT
    n = int(undrawn.argmax()) if undrawn.any() else len(answers)
    wrong = int((answers[:n] != AuditAnswer.RIGHT).sum())
    seen = int((answers != AuditAnswer.NOT_DRAWN).sum())
    errors_found = int((answers == AuditAnswer.WRONG).sum())
    return Standing(
        audited=n,
        wrong=wrong,
        pending=int((answers[:n] == AuditAnswer.PENDING).sum()),
        seen=seen,
        errors_found=errors_found,
        room=rung.room(errors_found, seen),
        log_e=finite.log_e(rung.pool, n, wrong),
        proven=False,
        in_force=False,
    )
