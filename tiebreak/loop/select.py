"""Choose the next batch: first the control arm by lot, then what would teach the head most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import BatchItem, QueryBatch
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Pool
from tiebreak.loop.candidate_pool import candidate_ids
from tiebreak.models import draw_control, probabilities
from tiebreak.project import ProjectContext, wiring

Ids = npt.NDArray[np.int64]


def select(context: ProjectContext, round: int, size: int) -> QueryBatch | None:
    """Choose and store batch *round*; None when nothing is left to choose.

    The control arm is drawn uniformly without replacement from **every** unlabelled record,
    linked duplicates included, before anything else is looked at. The active part leaves
    duplicates out: the record that they repeat stands for them.
    """
    open_ids = context.pool_state().unlabelled
    size = min(size, len(open_ids))
    if size == 0:
        return None
    control_n = max(1, round_half_up(context.settings.select.control_share * size))
    drawn, probability = draw_control(open_ids, control_n, context.rng("control", round))
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
    items += _active(context, round, open_ids, control, size - control_n)
    head = context.head()
    batch = QueryBatch(
        round=round,
        strategy=_strategy_name(context),
        seed=context.settings.project.seed,
        schema_version=context.schema.version,
        model_version=head[0] if head else None,
        items=tuple(items),
        created_at=context.clock().isoformat(),
    )
    context.store.batches.add(batch)
    return batch


def round_half_up(x: float) -> int:
    """The nearest whole number; a half goes up (Python's own rounding goes to even)."""
    return int(x + 0.5)


def _strategy_name(context: ProjectContext) -> str:
    chosen = context.settings.select
    return chosen.strategy if context.head() else chosen.cold_strategy


def _active(
    context: ProjectContext, round: int, open_ids: Ids, control: Ids, n: int
) -> list[BatchItem]:
    labelled = context.pool_state().labelled
    known = np.array(sorted(labelled), dtype=np.int64)
    values = tuple(labelled[i][1] for i in known.tolist())
    rest = np.setdiff1d(open_ids, control, assume_unique=True)  # of a million, it need not sort
    near = candidate_ids(
        context, rest, known, rarest_each(values), n=n, rng=context.rng("candidates", round)
    )
    fresh = _fresh(context, near, control, n)
    n = min(n, len(fresh))
    if n == 0:
        return []
    head, multiple = context.head(), context.schema.multiple
    vectors = context.rows(fresh)
    pool = Pool(
        vectors=vectors,
        labelled=context.rows(np.concatenate([known, np.setdiff1d(control, known)])),
        probabilities=probabilities(head, vectors) if head else None,
        n_classes=len(context.schema.names),
        labels=() if multiple else tuple(value[0] for value in values),
        head=head[2] if head else None,
        multiple=multiple,
        sets=values if multiple else (),
    )
    strategy = wiring.strategy(_strategy_name(context))
    return [
        BatchItem(
            record_id=int(fresh[pick.position]),
            position=len(control) + i,
            arm="active",
            reason=pick.reason,
            utilities=pick.utilities,
        )
        for i, pick in enumerate(strategy.query(pool, n, context.rng("select", round)))
    ]


def rarest_each(values: Sequence[LabelValue]) -> list[str]:
    """For each value the label of it that is rarest among them all; an empty one stands alone."""
    counts = Counter(name for value in values for name in value)
    return [min(value, key=lambda name: (counts[name], name), default="") for value in values]


def _fresh(context: ProjectContext, candidates: Ids, control: Ids, n: int) -> Ids:
    """Candidates that repeat neither an earlier record nor one of the control arm.

    When fewer than *n* of those are left, the pool is nearly used up, and the others join.
    """
    if not len(candidates):
        return candidates
    linked = np.fromiter(context.pool_state().links, dtype=np.int64)
    near = (
        context.rows(candidates) @ context.rows(control).T > context.settings.index.near_duplicate
    )
    repeats = np.isin(candidates, linked) | near.any(axis=1)
    if len(candidates) - int(repeats.sum()) >= n:
        return candidates[~repeats]
    return np.concatenate([candidates[~repeats], candidates[repeats]])
