"""What the agent had answered before each batch was drawn, and what that was known to be worth.

Agent and model together know better where the model errs than it does alone. As a control variate
(`tiebreak.learner.estimation.accuracy`) their opinion leaves an estimate unbiased only if it was
fixed before the draw: so an answer counts from when it was given, whoever was drawn later, and its
worth is learnt from control labels that people had given by then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import BatchItem, ModelInfo, QueryBatch
from tiebreak.domain.labels import LabelValue
from tiebreak.learner.estimation import MIN_PAIRS
from tiebreak.learner.opinion import Fusion, fit_fusion
from tiebreak.project import ProjectContext

MIN_ANSWERED_SHARE = 0.5
"""The part of a batch's population that the agent must have answered, to be heard at all."""

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class AgentEvidence:
    """``labels`` int64[pool]: the agent's label by position, -1 for none yet; and the fusion."""

    labels: Ids
    fusion: Fusion


class AgentHistory:
    """The agent's answers as they came in; to be asked about batches in their order."""

    def __init__(self, context: ProjectContext) -> None:
        self._context = context
        self._place = {name: j for j, name in enumerate(context.schema.names)}
        self._labels: Ids = np.full(len(context.table.pool), -1, dtype=np.int64)
        self._answered = [] if context.schema.multiple else self._answers()
        self._next = 0

    def before(
        self, batch: QueryBatch, card: ModelInfo, population: Callable[[], Ids]
    ) -> AgentEvidence | None:
        """What there was when *batch* was drawn from *population*; None where it is too little.

        It holds until the next batch is asked about.
        """
        if not self._answered:
            return None
        while self._next < len(self._answered) and self._answered[self._next][0] < batch.created_at:
            _, _, at, label = self._answered[self._next]
            self._labels[at] = label
            self._next += 1
        answered = self._labels[np.searchsorted(self._context.table.pool, population())] >= 0
        if not len(answered) or answered.mean() < MIN_ANSWERED_SHARE:
            return None
        rows = self._verified.before(batch, card.head)
        p, answers, truth = (
            self._verified.p[rows],
            self._verified.answers[rows],
            self._verified.truth[rows],
        )
        if int((answers >= 0).sum()) < MIN_PAIRS:
            return None
        key = ("word", batch.round, rows.tobytes(), answers.tobytes(), truth.tobytes())
        if key not in self._context.memo:
            self._context.memo[key] = fit_fusion(p, answers, truth)
        return AgentEvidence(self._labels, self._context.memo[key])

    def _answers(self) -> list[tuple[str, int, int, int]]:
        """(time, number, place in the pool, position of the label) of what the agent ever answered
        under the schema in force, in that order; -1 where it abstained. The log only grows, so that
        it is read again only where it did."""
        context, pool = self._context, self._context.table.pool
        size = (context.store.suggestions.count(), len(pool), context.schema.version)
        known = context.memo.get("answers")
        if known is None or known[0] != size:
            rows = []
            for n, suggestion in enumerate(context.store.suggestions.scan() if size[0] else ()):
                at = int(np.searchsorted(pool, suggestion.record_id))
                in_pool = at < len(pool) and pool[at] == suggestion.record_id
                if in_pool and suggestion.schema_version == context.schema.version:
                    label = label_position(suggestion.labels, self._place)
                    rows.append((suggestion.created_at, n, at, label))
            known = context.memo["answers"] = (size, sorted(rows))
        answers: list[tuple[str, int, int, int]] = known[1]
        return answers

    @cached_property
    def _verified(self) -> _Verified:
        return _Verified(self._context, self._place)


class _Verified:
    """Control records with a label: ``p`` float64[n, k] and the agent's
    ``answers`` int64[n] from before it,
    ``truth`` int64[n]."""

    def __init__(self, context: ProjectContext, place: dict[str, int]) -> None:
        kinds = {card.version: card.head for card in context.pool_state().models}
        standing = context.pool_state().standing
        rows: list[tuple[BatchItem, int, str]] = []
        for batch in context.pool_state().batches:
            for item in batch.items if batch.schema_version == context.schema.version else ():
                act = standing.get(item.record_id)
                label = -1 if act is None else label_position(act.labels, place)
                if item.model_probabilities is not None and act is not None and label >= 0:
                    rows.append((item, label, act.created_at))
        self.p = np.array([item.model_probabilities for item, _, _ in rows], dtype=np.float64)
        self.answers = np.array(
            [label_position(item.agent_labels, place) for item, _, _ in rows], dtype=np.int64
        )
        self.truth = np.array([label for _, label, _ in rows], dtype=np.int64)
        self._at = np.array([at for _, _, at in rows], dtype=np.str_)
        self._kind = np.array([kinds.get(item.model_version or 0, "") for item, _, _ in rows])

    def before(self, batch: QueryBatch, head: str) -> Ids:
        """Rows whose label was there when *batch* was drawn, by a head of this kind."""
        return np.flatnonzero((self._at < batch.created_at) & (self._kind == head))


def label_position(value: LabelValue | None, place: dict[str, int]) -> int:
    """Of the one label in *place*, -1 for none."""
    return place.get(value[0], -1) if value else -1
