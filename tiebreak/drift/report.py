"""Drift of a project: are the records after a mark like those up to it? Reads only.

The whole story since the mark is told anew at each call, so a pause stays until somebody looks and
moves the mark. Nothing here proves anything: labels of records drawn by lot do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Floats
from tiebreak.drift.results import (
    ADVICE,
    DriftReport,
    DriftWindow,
    MartingaleReading,
    NovelGroup,
    ShiftedPrevalence,
)
from tiebreak.errors import UsageError
from tiebreak.learner.drift import (
    Group,
    JumperMartingale,
    Prevalence,
    Sensor,
    Signal,
    bbse_prevalence,
    em_prevalence,
    find_novel_groups,
    mean_distance,
    two_sample,
)
from tiebreak.models import Scorer, scored_control
from tiebreak.project import ProjectContext, wiring

Ids = npt.NDArray[np.int64]

WINDOW = 200
MIN_REFERENCE = 100
SAMPLE = 2_000
"""Reference records in a window's tests, and in the bag that the martingale ranks in, at most."""
BASE = 10_000
"""Reference records that distances are measured to, at most."""
FAR = 0.99


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sides:
    """Reference and stream. ``bag`` and ``base`` share no record: else the bag's distances would
    be of another kind than the stream's. ``sample`` is of both."""

    sample: Ids
    bag: Ids
    base: Ids
    stream: Ids


def drift_report(
    context: ProjectContext, *, after: int, window: int = WINDOW, last_windows: int = 20
) -> DriftReport:
    """What the sensors say of the pool records after *after*, in the order that they came in.

    Args:
        context: the project; every pool record has its vector.
        after: the id of the reference's last record: pool records up to it (a sample by lot) are
            the reference, and should be of the same stream.
        window: records a window.
        last_windows: how many complete windows are tested, the newest. The martingale reads all.

    Raises:
        UsageError: fewer than 100 reference records, or a window below 2.
        StoreError: a record has no vector yet.
    """
    sides = _sides(context, after, window)
    base, vectors = context.rows(sides.base), context.rows(sides.stream)
    index = wiring.index(context.settings.index, base.shape[1])
    index.add(sides.base, base)
    bag, scores = mean_distance(index, context.rows(sides.bag)), mean_distance(index, vectors)
    martingale = JumperMartingale(bag.tolist(), context.rng("drift", after, "ties"))
    path = martingale.run(scores)
    peaks = np.maximum.accumulate(np.concatenate([[0.0], path]))
    scorer = Scorer.newest(context)
    sensor, windows = Sensor(), []
    for start in _starts(len(vectors), window, last_windows):
        part = slice(start, start + window)
        tests = _tests(context, sides.sample, vectors[part], scorer, after + start)
        sensor, signal = sensor.look(capital=_capital(peaks[start + window]), tests=tests)
        windows.append(_window(sides.stream[part], signal, tests))
    far = float(np.quantile(bag, FAR))
    groups = find_novel_groups(vectors, scores, far) if len(vectors) else []
    _, signal = sensor.look(capital=_capital(peaks[-1]), groups=len(groups))
    alarm = np.flatnonzero(peaks[1:] >= np.log(100.0))
    return DriftReport(
        after=after,
        state=signal.state,
        reason=signal.reason,
        audit_factor=signal.audit_factor,
        reference=len(sides.bag) + len(sides.base),
        new=len(vectors),
        martingale=MartingaleReading(
            log10_peak=float(peaks[-1] / np.log(10)),
            alarm_at=int(sides.stream[alarm[0]]) if len(alarm) else None,
        ),
        windows=tuple(windows),
        prevalence=_prevalence(context, scorer, context.rows(sides.sample), vectors),
        groups=tuple(_group(context, group, sides.stream) for group in groups),
        do=ADVICE[signal.state],
    )


def _sides(context: ProjectContext, after: int, window: int) -> _Sides:
    pool = context.table.pool
    known = pool[pool <= after]
    if len(known) < MIN_REFERENCE or window < 2:
        raise UsageError(
            f"{len(known)} pool records up to {after!r} with windows of {window!r} are too few.",
            mend=f"Give a mark with {MIN_REFERENCE} or more before it, and windows of 2 or more.",
        )
    drawn = context.rng("drift", after, "reference").permutation(known)
    cut = min(SAMPLE, len(drawn) // 3)
    return _Sides(
        sample=drawn[:SAMPLE],
        bag=drawn[:cut],
        base=drawn[cut : cut + BASE],
        stream=pool[pool > after],
    )


def _starts(n: int, window: int, last: int) -> list[int]:
    return [at * window for at in range(n // window)][-last:] if last > 0 else []


def _capital(log: float) -> float:
    return float(np.exp(min(log, 700.0)))


def _tests(
    context: ProjectContext, sample: Ids, vectors: Floats, scorer: Scorer | None, name: int
) -> list[two_sample.Finding]:
    rng = context.rng("drift", name, "window")
    reference = context.rows(sample)
    tests = [
        two_sample.distance_test(reference, vectors, rng),
        two_sample.mmd_test(reference, vectors, rng),
    ]
    if scorer is not None:
        before, now = (scorer.probabilities(x).argmax(axis=1) for x in (reference, vectors))
        tests.append(two_sample.classes_test(before, now, rng))
    return tests


def _window(ids: Ids, signal: Signal, tests: list[two_sample.Finding]) -> DriftWindow:
    return DriftWindow(
        first=int(ids[0]),
        last=int(ids[-1]),
        state=signal.state,
        p={test.name: test.p for test in tests},
    )


def _prevalence(
    context: ProjectContext, scorer: Scorer | None, reference: Floats, vectors: Floats
) -> ShiftedPrevalence | None:
    """Shares of the labels before and now; of the newest 10,000 records where there are more.

    None where any number of labels may apply: the methods know of one label a record only.
    """
    if scorer is None or not len(vectors) or context.schema.multiple:
        return None
    names = scorer.classes
    counts = Counter(labels[0] for _, labels in context.pool_state().labelled.values())
    learnt = np.array([counts[name] for name in names], dtype=np.float64)
    if not learnt.sum():
        return None
    prior = learnt / learnt.sum()
    before, now = (scorer.probabilities(x) for x in (reference, vectors[-BASE:]))
    scored, truth = scored_control(context)
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(confusion, (scored.argmax(axis=1), truth[:, 0]), 1)
    share = np.bincount(now.argmax(axis=1), minlength=len(names)) / len(now)
    bbse = bbse_prevalence(confusion, share, names)
    return ShiftedPrevalence(
        em={
            side: _named(names, em_prevalence(p, prior))
            for side, p in (("reference", before), ("new", now))
        },
        bbse=_named(names, bbse),
        reason=bbse.reason,
    )


def _named(names: tuple[str, ...], prevalence: Prevalence) -> dict[str, float] | None:
    if prevalence.shares is None:
        return None
    return dict(zip(names, prevalence.shares.tolist(), strict=True))


def _group(context: ProjectContext, group: Group, stream: Ids) -> NovelGroup:
    ids = stream[group.members].tolist()
    return NovelGroup(
        size=len(ids),
        cosine=group.cosine,
        records=tuple(r.external_id for r in context.store.records.get(ids)),
    )
