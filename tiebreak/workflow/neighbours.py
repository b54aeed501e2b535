"""Labelled neighbours of records, for the agent's demonstrations and for people's cards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tiebreak.domain.evidence import Neighbour
from tiebreak.retrieval.neighbours import nearest_labelled
from tiebreak.workflow import wiring
from tiebreak.workflow.bench import Bench


def labelled_neighbours(
    bench: Bench, ids: Sequence[int], k: int
) -> dict[int, tuple[Neighbour, ...]]:
    """Up to *k* similar records that people labelled, best first, for each record.

    Pool records only; never the record itself, a near copy of it, or one that a machine labelled.
    """
    labelled = bench.labelled()
    if not labelled or not len(ids) or not k:
        return {}
    pool = np.array(sorted(labelled), dtype=np.int64)
    index = wiring.index(bench.settings.index, bench.embedder.dim)
    index.add(pool, bench.rows(pool))
    wanted = np.array(ids, dtype=np.int64)
    found = nearest_labelled(index, bench.rows(wanted), k, own=wanted)
    texts = bench.records(i for row in found for i, _ in row)
    return {
        record_id: tuple(
            Neighbour(record_id=i, similarity=s, text=texts[i].text, labels=labelled[i][1])
            for i, s in row
        )
        for record_id, row in zip(ids, found, strict=True)
    }
