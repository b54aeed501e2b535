"""How common each label is in the pool, read back from the log: see `learner.prevalence`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tiebreak.evaluation.model_history import Flags, Ids, ModelReading, Population, model_history
from tiebreak.learner.estimation.prevalence import ControlDraw, KnownLabels, label_shares
from tiebreak.project.context import ProjectContext


def label_prevalence(context: ProjectContext) -> list[dict[str, Any]]:
    """The share of each label in the pool, in schema order; empty before a control label.

    Each is ``{label, share, low, high, n, plain}``: ``share`` with its 95 % interval is of records
    by lot, with the model's probabilities for the pool as a control variate (PPI++) and the labels
    that were known before; ``plain`` is the bare share among the ``n`` records by lot alone. In a
    multi-label project shares do not add up to 1.

    Records that people skipped are of no label. Lots that were drawn while labels were out under a
    certificate are left out, for they do not reach those records; what was imported after a lot is
    taken to be like the pool that it was drawn from.
    """
    labels = _Labels.of(context)
    lots = list(_lots(context, labels))
    touched = np.fromiter(context.pool_state().standing, dtype=np.int64)
    acted = np.isin(context.table.pool, touched)
    now = labels.known(acted, int((~acted).sum()))
    return [
        {"label": name, **asdict(share)}
        for name, share in zip(context.schema.names, label_shares(lots, now), strict=False)
    ]


@dataclass(frozen=True, eq=False, slots=True)
class _Labels:
    """The pool's records with a label by people: ``ids`` int64[m], ascending, ``at`` int64[m] their
    places in the pool, and ``truth`` bool[m, k], which labels apply."""

    ids: Ids
    at: Ids
    truth: Flags

    @classmethod
    def of(cls, context: ProjectContext) -> _Labels:
        names, pool = context.schema.names, context.table.pool
        found = {
            i: act.labels
            for i, act in context.pool_state().standing.items()
            if act.outcome == "label" and act.labels is not None and context.schema.fits(act.labels)
        }
        ids = np.intersect1d(np.array(sorted(found), dtype=np.int64), pool)
        place = {name: j for j, name in enumerate(names)}
        truth = np.zeros((len(ids), len(names)), dtype=np.bool_)
        for row, record_id in enumerate(ids.tolist()):
            truth[row, [place[name] for name in found[record_id]]] = True
        return cls(ids, np.searchsorted(pool, ids), truth)

    def known(self, acted: Flags, unlabelled: int) -> KnownLabels:
        """What is known where *acted*, bool[pool], with so many more records."""
        had = acted[self.at]
        return KnownLabels(
            counts=self.truth[had].sum(axis=0), labelled=int(had.sum()), open=unlabelled
        )


def _lots(context: ProjectContext, labels: _Labels) -> Iterator[ControlDraw]:
    """The labelled control records of each batch under the schema in force, oldest first."""
    for batch, population, _, read in model_history(context):
        control = np.array([x.record_id for x in batch.items if x.arm == "control"], dtype=np.int64)
        rows = np.flatnonzero(np.isin(labels.ids, control))
        if len(rows) and not population.out.any():
            yield _lot(labels, rows, population, read)


def _lot(
    labels: _Labels, rows: Ids, population: Population, read: ModelReading | None
) -> ControlDraw:
    """Zeros for what no head said: nothing is expected then, and the plain share is left."""
    ids, truth = labels.ids[rows], labels.truth[rows]
    nothing, silence = np.zeros(truth.shape[1]), np.zeros(truth.shape)
    return ControlDraw(
        records=ids,
        truth=truth,
        guess=np.array([read.probable[i] for i in ids.tolist()]) if read else silence,
        mean_guess=read.shares if read else nothing,
        guess_variance=read.shares_variance if read else nothing,
        then=labels.known(population.acted, len(population())),
        learnt=population.pool[population.acted],
    )
