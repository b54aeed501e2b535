"""One job: one contender on one data set with one seed, from no label to the last of its budget."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.selection.ask import Asker, asker
from benchmarks.selection.contenders import Contender, TooBig, Trainer
from benchmarks.selection.sets import Data, pool_of, rare_classes
from tiebreak.domain.ports import Head
from tiebreak.loop.select import round_half_up
from tiebreak.models.control_arm import draw_control

TOO_SLOW = "too slow"
TOO_BIG = "too big"
FAILED = "failed"


@dataclass
class Track:
    """What a job leaves behind: after each batch labels and accuracy, and the seconds it took."""

    labels: list[int] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    query_seconds: list[float] = field(default_factory=list)
    fit_seconds: list[float] = field(default_factory=list)


class TooSlow(Exception):
    """A batch took longer than is allowed; ``seconds`` says how long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"a batch took {seconds:.1f} s")
        self.seconds = seconds


def play(data: Data, contender: Contender, seed: int, *, limit: float) -> dict[str, Any]:
    """The job's result as JSON can hold it.

    A contender whose batch takes longer than *limit* seconds, does not fit in memory, or raises is
    given up, and the result says why in ``skipped``.
    """
    result: dict[str, Any] = {"contender": contender.key, "seed": seed}
    try:
        with warnings.catch_warnings():  # the peers' own, about settings that are their defaults
            warnings.simplefilter("ignore")
            track, head = _loop(data, contender, seed, limit)
    except TooSlow as slow:
        return result | {"skipped": {"why": TOO_SLOW, "seconds": round(slow.seconds, 2)}}
    except TooBig as big:
        return result | {"skipped": {"why": TOO_BIG, "gib": round(big.gib, 1)}}
    except Exception as error:  # a peer's fault must not end the run; the page shows it
        return result | {"skipped": {"why": FAILED, "error": f"{type(error).__name__}: {error}"}}
    rare, which = rare_classes(data.labels, data.truth)
    return result | {
        "labels": track.labels,
        "accuracy": [round(x, 5) for x in track.accuracy],
        "query_seconds": [round(x, 4) for x in track.query_seconds],
        "fit_seconds": [round(x, 4) for x in track.fit_seconds],
        "test_rows": len(data.truth),
        "rare": {
            "recall": round(recall(predicted(head, data.test), data.truth, rare), 5),
            "of": which,
        },
    }


def _loop(data: Data, contender: Contender, seed: int, limit: float) -> tuple[Track, Head]:
    pool = pool_of(len(data.train), seed)
    vectors, labels = data.train[pool], data.labels[pool]
    trainer = Trainer(contender.head, data.classes, data.names, np.random.default_rng([seed, 3]))
    rng = np.random.default_rng([seed, 2])  # so equal random starts have equal records
    askers: dict[str, Asker] = {}

    def by(strategy: str) -> Asker:
        if strategy not in askers:
            askers[strategy] = asker(contender.library, strategy, vectors, data.classes, seed)
        return askers[strategy]

    chosen, track, head = np.empty(0, dtype=np.int64), Track(), None
    control = np.empty(0, dtype=np.int64)  # positions in *chosen*
    while len(chosen) < data.budget:
        n = min(data.batch, data.budget - len(chosen))
        one = by(contender.cold if head is None else contender.strategy)
        new, seconds = _batch(one, contender.control, chosen, labels, head, n, rng)
        track.query_seconds.append(seconds)
        if seconds > limit:
            raise TooSlow(seconds)
        uniform = len(chosen) + np.arange(_control_n(contender.control, n))
        control = np.concatenate([control, uniform])  # the control arm comes first in a batch
        chosen = np.concatenate([chosen, new])
        rest = np.setdiff1d(np.arange(len(pool)), chosen)
        head, seconds = _timed(
            lambda c=chosen, r=rest, k=control: trainer.fit(vectors[c], labels[c], vectors[r], k)
        )
        track.fit_seconds.append(seconds)
        track.labels.append(len(chosen))
        track.accuracy.append(float((predicted(head, data.test) == data.truth).mean()))
    return track, head


def _batch(
    one: Asker,
    control: float,
    chosen: np.ndarray,
    labels: np.ndarray,
    head: Head | None,
    n: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, float]:
    """*n* new positions, the control arm first, and the seconds of the question."""
    open_ids = np.setdiff1d(np.arange(len(labels)), chosen)
    uniform = np.empty(0, dtype=np.int64)
    if control:
        drawn, _ = draw_control(open_ids, _control_n(control, n), rng)
        uniform = open_ids[drawn]
    rest = np.setdiff1d(open_ids, uniform)
    taken, left = np.concatenate([chosen, uniform]), n - len(uniform)
    picked, seconds = _timed(lambda: one.ask(rest, taken, labels[chosen], head, left, rng))
    new = np.concatenate([uniform, np.asarray(picked, dtype=np.int64)])
    if len(np.unique(new)) != n or not np.isin(picked, rest).all():
        raise ValueError(f"{n} new records were asked for, {len(np.unique(new))} came")
    return new, seconds


def _control_n(share: float, n: int) -> int:
    """Records of a batch that are drawn by lot, by the product's rule."""
    return max(1, round_half_up(share * n)) if share else 0


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    got = act()
    return got, time.process_time() - start


def predicted(head: Head, vectors: np.ndarray) -> np.ndarray:
    """The most likely class of each row, int64[n]."""
    return head.logits(vectors).argmax(axis=1)


def recall(predicted: np.ndarray, truth: np.ndarray, classes: list[int]) -> float:
    """Mean over *classes* of the share of their test records that are found."""
    return float(np.mean([(predicted[truth == c] == c).mean() for c in classes]))
