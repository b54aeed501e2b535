"""Labelled neighbours of records, for the agent's demonstrations and for people's cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tiebreak.domain.arrays import Floats, Ids
from tiebreak.domain.evidence import Neighbour
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Store, VectorIndex
from tiebreak.project import ProjectContext, wiring
from tiebreak.retrieval import nearest_labelled

Rows = Callable[[Ids], Floats]
"""Gives the vectors float32[n, d] of record ids int64[n]."""


class LabelledIndex:
    """The records that people labelled, by vector, as they were when this was made.

    Pool records only: nobody's neighbour is one that is held out or that a machine labelled.

    Args:
        store: where the neighbours' texts are read from.
        labels: label value by record id.
        index: holds the vectors of these records, and nothing else.
    """

    def __init__(self, store: Store, labels: Mapping[int, LabelValue], index: VectorIndex) -> None:
        self._store = store
        self._labels = labels
        self._index = index

    @classmethod
    def of(cls, context: ProjectContext, rows: Rows) -> LabelledIndex:
        """Everything that people labelled so far; *rows* gives the vectors of record ids."""
        labels = {i: value for i, (_, value) in context.pool_state().labelled.items()}
        pool = np.array(sorted(labels), dtype=np.int64)
        vectors = rows(pool)
        index = wiring.index(context.settings.index, vectors.shape[1])
        if len(pool):
            index.add(pool, vectors)
        return cls(context.store, labels, index)

    def near(self, ids: Sequence[int], vectors: Floats, k: int) -> dict[int, tuple[Neighbour, ...]]:
        """Up to *k* labelled records like each of *ids* (vectors float32[n, d]), best first.

        Never the record itself or a near copy of it.
        """
        if not len(ids) or not k:
            return {}
        near = nearest_labelled(self._index, vectors, k, query_ids=np.array(ids, dtype=np.int64))
        wanted = sorted({i for row in near for i, _ in row})
        texts = {r.id: r.text for r in self._store.records.get(wanted)}
        return {
            record_id: tuple(
                Neighbour(record_id=i, similarity=s, text=texts[i], labels=self._labels[i])
                for i, s in row
            )
            for record_id, row in zip(ids, near, strict=True)
        }


def labelled_neighbours(
    context: ProjectContext, ids: Sequence[int], k: int
) -> dict[int, tuple[Neighbour, ...]]:
    """Up to *k* similar records that people labelled, best first, for each record."""
    if not len(ids) or not k:
        return {}
    return LabelledIndex.of(context, context.rows).near(
        ids, context.rows(np.array(ids, dtype=np.int64)), k
    )
