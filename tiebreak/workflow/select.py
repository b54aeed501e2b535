"""Choose the next batch: first the control arm by lot, then what would teach the head most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import BatchItem, QueryBatch
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Pool
from tiebreak.learner.control import draw_control
from tiebreak.workflow import wiring
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.predict import probabilities
from tiebreak.workflow.promise.held import autonomous, expected
from tiebreak.workflow.reach import reached

Ids = npt.NDArray[np.int64]


def unlabelled(bench: Bench) -> Ids:
    """Ids of pool records without an answer: nobody annotated them, with whatever outcome, no
    certificate covers their label, and no stream is about to give them one."""
    answered = np.fromiter(bench.store.annotations.standing(), dtype=np.int64)
    out = np.fromiter(autonomous(bench).keys() | expected(bench), dtype=np.int64)
    pool = bench.table.pool
    return pool[~np.isin(pool, np.concatenate([answered, out]))]


def batch_size(bench: Bench, asked: int | None) -> int:
    """Records per batch: as asked, as set, or one per label between 16 and 100."""
    return asked or bench.settings.select.batch or min(max(len(bench.schema.names), 16), 100)


def select(bench: Bench, round: int, size: int) -> QueryBatch | None:
    """Choose and store batch *round*; None when nothing is left to choose.

    The control arm is drawn uniformly without replacement from **every** unlabelled record,
    linked duplicates included, before anything else is looked at. The active part leaves
    duplicates out: the record that they repeat stands for them.
    """
    open_ids = unlabelled(bench)
    size = min(size, len(open_ids))
    if size == 0:
        return None
    control_n = max(1, round_half_up(bench.settings.select.control_share * size))
    drawn, probability = draw_control(open_ids, control_n, bench.rng("control", round))
    control = open_ids[drawn]
    items = [
        BatchItem(
            record_id=int(record_id),
            position=position,
            arm="control",
            reason="drawn by lot from all unlabelled records",
            probability=probability,
        )
        for position, record_id in enumerate(control)
    ]
    items += _active(bench, round, open_ids, control, size - control_n)
    head = bench.head()
    batch = QueryBatch(
        round=round,
        strategy=_strategy_name(bench),
        seed=bench.settings.project.seed,
        schema_version=bench.schema.version,
        model_version=head[0] if head else None,
        items=tuple(items),
        created_at=bench.clock().isoformat(),
    )
    bench.store.batches.add(batch)
    return batch


def round_half_up(x: float) -> int:
    """The nearest whole number; a half goes up (Python's own rounding goes to even)."""
    return int(x + 0.5)


def _strategy_name(bench: Bench) -> str:
    chosen = bench.settings.select
    return chosen.strategy if bench.head() else chosen.cold_strategy


def _active(bench: Bench, round: int, open_ids: Ids, control: Ids, n: int) -> list[BatchItem]:
    labelled = bench.labelled()
    known = np.array(sorted(labelled), dtype=np.int64)
    values = tuple(labelled[i][1] for i in known.tolist())
    rest = np.setdiff1d(open_ids, control, assume_unique=True)  # of a million, it need not sort
    near = reached(bench, rest, known, rarest_each(values), n=n, rng=bench.rng("candidates", round))
    fresh = _fresh(bench, near, control, n)
    n = min(n, len(fresh))
    if n == 0:
        return []
    head, multiple = bench.head(), bench.schema.multiple
    vectors = bench.rows(fresh)
    pool = Pool(
        vectors=vectors,
        labelled=bench.rows(np.concatenate([known, np.setdiff1d(control, known)])),
        probabilities=probabilities(head, vectors) if head else None,
        n_classes=len(bench.schema.names),
        labels=() if multiple else tuple(value[0] for value in values),
        head=head[2] if head else None,
        multiple=multiple,
        sets=values if multiple else (),
    )
    strategy = wiring.strategy(_strategy_name(bench))
    return [
        BatchItem(
            record_id=int(fresh[pick.position]),
            position=len(control) + i,
            arm="active",
            reason=pick.reason,
            utilities=pick.utilities,
        )
        for i, pick in enumerate(strategy.query(pool, n, bench.rng("select", round)))
    ]


def rarest_each(values: Sequence[LabelValue]) -> list[str]:
    """For each value the label of it that is rarest among them all; an empty one stands alone."""
    counts = Counter(name for value in values for name in value)
    return [min(value, key=lambda name: (counts[name], name), default="") for value in values]


def _fresh(bench: Bench, candidates: Ids, control: Ids, n: int) -> Ids:
    """Candidates that repeat neither an earlier record nor one of the control arm.

    When fewer than *n* of those are left, the pool is nearly used up, and the others join.
    """
    if not len(candidates):
        return candidates
    linked = np.array([x.record_id for x in bench.store.records.links()], dtype=np.int64)
    near = bench.rows(candidates) @ bench.rows(control).T > bench.settings.index.near_duplicate
    repeats = np.isin(candidates, linked) | near.any(axis=1)
    if len(candidates) - int(repeats.sum()) >= n:
        return candidates[~repeats]
    return np.concatenate([candidates[~repeats], candidates[repeats]])
