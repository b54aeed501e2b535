"""How common each label is in the pool, read back from the log: see `learner.prevalence`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from tiebreak.evaluation.model_history import Flags, Ids, ModelReading, Population, model_history
from tiebreak.evaluation.results import LabelPrevalence
from tiebreak.learner.estimation import ControlDraw, KnownLabels, label_shares
from tiebreak.project import ProjectContext


def label_prevalence(context: ProjectContext) -> tuple[LabelPrevalence, ...]:
    """The share of each label in the pool, in schema order; empty before a control label.

    The model's probabilities for the pool are the control variate (PPI++). In a multi-label project
    shares do not add up to 1.

    Records that people skipped are of no label. Draws that were made while labels were out under a
    certificate are left out, for they do not reach those records; what was imported after a draw is
    taken to be like the pool that it was made from.
    """
    labels = _Labels.of(context)
    draws = list(_draws(context, labels))
    touched = np.fromiter(context.pool_state().standing, dtype=np.int64)
    acted = np.isin(context.table.pool, touched)
    now = labels.known(acted, int((~acted).sum()))
    return tuple(
        LabelPrevalence(label=name, **asdict(share))
        for name, share in zip(context.schema.names, label_shares(draws, now), strict=False)
    )


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
        given = {
            i: act.labels
            for i, act in context.pool_state().standing.items()
            if act.outcome == "label" and act.labels is not None and context.schema.fits(act.labels)
        }
        ids = np.intersect1d(np.array(sorted(given), dtype=np.int64), pool)
        place = {name: j for j, name in enumerate(names)}
        truth = np.zeros((len(ids), len(names)), dtype=np.bool_)
        for row, record_id in enumerate(ids.tolist()):
            truth[row, [place[name] for name in given[record_id]]] = True
        return cls(ids, np.searchsorted(pool, ids), truth)

    def known(self, acted: Flags, unlabelled: int) -> KnownLabels:
        """What is known where *acted*, bool[pool], with so many more records."""
        known = acted[self.at]
        return KnownLabels(
            counts=self.truth[known].sum(axis=0), labelled=int(known.sum()), open=unlabelled
        )


def _draws(context: ProjectContext, labels: _Labels) -> Iterator[ControlDraw]:
    """The labelled control records of each batch under the schema in force, oldest first."""
    for batch, population, _, reading in model_history(context):
        control = np.array([x.record_id for x in batch.items if x.arm == "control"], dtype=np.int64)
        rows = np.flatnonzero(np.isin(labels.ids, control))
        if len(rows) and not population.out.any():
            yield _draw(labels, rows, population, reading)


def _draw(
    labels: _Labels, rows: Ids, population: Population, reading: ModelReading | None
) -> ControlDraw:
    """Zeros where no head can be read: nothing is expected then, and the plain share is left."""
    ids, truth = labels.ids[rows], labels.truth[rows]
    none, none_each = np.zeros(truth.shape[1]), np.zeros(truth.shape)
    return ControlDraw(
        records=ids,
        truth=truth,
        guess=np.array([reading.probable[i] for i in ids.tolist()]) if reading else none_each,
        mean_guess=reading.shares if reading else none,
        guess_variance=reading.shares_variance if reading else none,
        then=labels.known(population.acted, len(population())),
        learnt=population.pool[population.acted],
    )
