"""Of a pool that is too large to look at whole: the part that a batch is chosen from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tiebreak.domain.ports import Floats, Head
from tiebreak.learner.calibration import softmax
from tiebreak.learner.heads import LinearHead
from tiebreak.learner.strategies._doubt import MARGIN
from tiebreak.retrieval.candidates import Doubt, Reach, anchors, candidates
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.predict import probabilities

Ids = npt.NDArray[np.int64]


def reached(
    bench: Bench,
    ids: Ids,
    known: Ids,
    labels: Sequence[str],
    *,
    n: int,
    rng: np.random.Generator,
) -> Ids:
    """Ids to choose *n* from: all of *ids* up to ``index.candidates_above``, else `candidates`.

    *known* are the labelled records, *labels* their labels.
    """
    above = bench.settings.index.candidates_above
    if len(ids) <= above:
        return ids
    head = bench.head()
    at = candidates(
        len(ids),
        lambda start, stop: bench.rows(ids[start:stop]),
        rng,
        above=above,
        anchored=bench.rows(known[anchors(labels, rng)]),
        doubt=None if head is None else screen(head),
        reach=Reach.of(n),
    )
    return ids[at]


def screen(head: tuple[int, float, Head]) -> Doubt:
    """The margin's doubt of vectors, in float32 where the head allows it.

    Twice as fast, off by 1e-6: enough to say who is looked at, and those are measured again.
    """
    _, temperature, weights = head
    if not isinstance(weights, LinearHead):
        return lambda rows: MARGIN.of(probabilities(head, rows))
    coef = weights.coef.T.astype(np.float32)
    intercept = weights.intercept.astype(np.float32)

    def doubt(rows: Floats) -> npt.NDArray[np.float64]:
        return MARGIN.of(softmax(rows @ coef + intercept, temperature))

    return doubt
