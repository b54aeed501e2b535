"""What each head says of the batch after it, and of the records that this was drawn from.

A head of any age is read again from its file, with the agent's answers where there were enough in
time; what it says of the records that nobody drew is what makes estimates narrower.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import ModelInfo, QueryBatch
from tiebreak.domain.label_space import LabelSpace, label_space
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Floats, Head
from tiebreak.errors import ModelFileError, StoreError
from tiebreak.evaluation.agent_history import AgentEvidence, AgentHistory
from tiebreak.learner.opinion import fuse
from tiebreak.models import Scorer, probabilities
from tiebreak.project import ProjectContext, wiring

POOL_SAMPLE = 2_000
"""Unlabelled records that a head's expected loss is read on; their share of an interval is small
beside that of the labels."""

Ids = npt.NDArray[np.int64]
Floats64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ModelReading:
    """What a head says of a batch and of the records that it was drawn from, or head and agent
    together where that had answered enough of them by then.

    How often it expects to be wrong among those, as a mean with its variance, and how common each
    label is, float64[k], in the same way. Of each record of the batch the label value, with how
    probable it is that the head is wrong; of those drawn at random each label's probability, too.
    """

    mean_guess: float
    guess_variance: float
    shares: Floats64
    shares_variance: Floats64
    best: dict[int, tuple[LabelValue, float]]
    probable: dict[int, Floats64]


@dataclass(frozen=True, eq=False, slots=True)
class Population:
    """The records that a batch's control arm was drawn from; called, their ids int64[n].

    ``acted`` and ``out`` bool[pool] say which records of ``pool`` people had acted on, and which
    were out under a certificate; they are the next batch's as soon as that is asked for.
    """

    pool: Ids
    acted: Flags
    out: Flags
    size: int | None

    def __call__(self) -> Ids:
        return self.pool[np.flatnonzero(~(self.acted | self.out))[: self.size]]


def batch_populations(context: ProjectContext) -> Iterator[tuple[QueryBatch, Population]]:
    """Each batch with the records that its control arm was drawn from, as far as the log tells;
    to be asked for before the next batch is, and not at all where the answer is known.

    Those are the first N of the pool that nobody had acted on by then and that no certificate
    covered, N as the probability of the draw has it: what was imported later has higher ids.
    """
    pool = context.table.pool
    acted, out = np.zeros(len(pool), dtype=np.bool_), np.zeros(len(pool), dtype=np.bool_)
    happened = sorted(_happened(context), key=lambda event: event[:2], reverse=True)
    for batch in context.pool_state().batches:
        while happened and happened[-1][0] < batch.created_at:
            _, _, record_id, is_out = happened.pop()
            at = int(np.searchsorted(pool, record_id))
            if at < len(pool) and pool[at] == record_id:
                if is_out is None:
                    acted[at] = True
                else:
                    out[at] = is_out
        drawn = [item.probability for item in batch.items if item.probability]
        yield batch, Population(pool, acted, out, round(len(drawn) / drawn[0]) if drawn else None)


def _happened(context: ProjectContext) -> Iterator[tuple[str, int, int, bool | None]]:
    """(time, number, record, None) of what people did, and where a machine's label came to be out
    under a certificate (True) or was taken back (False)."""
    for n, act in enumerate(context.store.annotations.scan()):
        yield act.created_at, n, act.record_id, None
    if not context.pool_state().policies:
        return
    was: set[int] = set()
    for n, decision in enumerate(context.store.decisions.scan()):
        is_out = decision.by == "autonomous" and decision.labels is not None
        if is_out or decision.record_id in was:
            was.add(decision.record_id)
            yield decision.created_at, n, decision.record_id, is_out


def model_history(
    context: ProjectContext,
) -> Iterator[tuple[QueryBatch, Population, ModelInfo | None, ModelReading | None]]:
    """Each batch under the schema in force, with its head and what that said; None before the first
    head, or where the head or a vector cannot be read, or is by another encoder than the newest's.
    """
    cards = {card.version: card for card in context.pool_state().models}
    reader = _Reader(context)
    for batch, population in batch_populations(context):
        if batch.schema_version == context.schema.version:
            card = cards.get(batch.model_version or 0)
            yield batch, population, card, reader.read(batch, population, card)


class _Reader:
    """Has heads say what they did of batches, in order, once a process."""

    def __init__(self, context: ProjectContext) -> None:
        self._context = context
        self._scorer = Scorer.newest(context)
        self._agent = AgentHistory(context)

    def read(
        self, batch: QueryBatch, population: Population, card: ModelInfo | None
    ) -> ModelReading | None:
        scorer, memo = self._scorer, self._context.memo
        if card is None or scorer is None:
            return None
        evidence = self._agent.before(batch, card, population)
        key = ("look", batch.round, card.sha256, evidence and evidence.fusion)
        if key not in memo:
            head = readable_head(self._context, scorer, card)
            if head is None:
                return None
            open_ids, rng = population(), self._context.rng("look", batch.round)
            n = min(POOL_SAMPLE, len(open_ids))
            drawn = np.sort(rng.choice(open_ids, n, replace=False, shuffle=False))
            chosen = np.array([item.record_id for item in batch.items], dtype=np.int64)
            try:
                opinion_of = _HeadOpinions(self._context, card, head, evidence)
                memo[key] = _reading(
                    batch,
                    opinion_of(drawn, scorer.rows(drawn)),
                    opinion_of(chosen, scorer.rows(chosen)),
                    part=0.0 if n == len(open_ids) else 1 / n,
                )
            except StoreError:  # imported since the last run
                return None
        known: ModelReading = memo[key]
        return known


def _reading(batch: QueryBatch, rest: _Opinions, chosen: _Opinions, *, part: float) -> ModelReading:
    """*part* of the variance of what is said of the *rest* is that of its mean."""
    ids = [item.record_id for item in batch.items]
    return ModelReading(
        mean_guess=float(rest.error.mean()),
        guess_variance=float(rest.error.var()) * part,
        shares=rest.probable.mean(axis=0),
        shares_variance=rest.probable.var(axis=0) * part,
        best={i: (v, float(d)) for i, v, d in zip(ids, chosen.values(), chosen.error, strict=True)},
        probable={
            item.record_id: p
            for item, p in zip(batch.items, chosen.probable, strict=True)
            if item.arm == "control"
        },
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Opinions:
    """Of n records: ``model`` float64[n, k], the head's own probabilities; ``probable`` float64[n,
    k], those of head and agent; ``error`` float64[n], how probable it is that the head is wrong."""

    model: Floats64
    probable: Floats64
    error: Floats64
    classes: tuple[str, ...]
    space: LabelSpace

    def values(self) -> Iterator[LabelValue]:
        """The head's label value of each."""
        for p in self.model:
            yield self.space.best(p, self.classes)[0]


class _HeadOpinions:
    """A head of some time, with the agent's answers where there were enough."""

    def __init__(
        self, context: ProjectContext, card: ModelInfo, head: Head, evidence: AgentEvidence | None
    ) -> None:
        self._pool, self._space = context.table.pool, label_space(context.schema)
        self._weights, self._evidence = (card.version, card.temperature, head), evidence
        self._classes = card.classes

    def __call__(self, ids: Ids, vectors: Floats) -> _Opinions:
        p, classes, space = probabilities(self._weights, vectors), self._classes, self._space
        if self._evidence is None:
            return _Opinions(p, p, 1.0 - space.confidence(p), classes, space)
        bare = probabilities(self._weights, vectors, calibrated=False)
        answers = self._evidence.labels[np.searchsorted(self._pool, ids)]
        q = fuse(self._evidence.fusion, bare, answers)
        error = 1.0 - q[np.arange(len(q)), p.argmax(axis=1)]
        return _Opinions(p, q, error, classes, space)


def readable_head(context: ProjectContext, scorer: Scorer | None, card: ModelInfo) -> Head | None:
    """The head of a card, if it is still there and reads the vectors and labels of the newest."""
    if scorer is None or (card.classes, card.embedder) != (scorer.classes, scorer.encoder):
        return None
    try:
        return wiring.read_head(context.folder, card)
    except ModelFileError:
        return None
