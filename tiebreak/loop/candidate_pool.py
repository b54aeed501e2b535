"""Of a pool that is too large to look at whole: the part that a batch is chosen from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tiebreak.domain.label_space import head_space
from tiebreak.domain.ports import Floats, Head
from tiebreak.learner import LinearHead
from tiebreak.models import probabilities
from tiebreak.project import ProjectContext
from tiebreak.retrieval import Near, PoolLimits, Uncertainty, anchors, blocks, preselect

Ids = npt.NDArray[np.int64]

_BLOCK = 1_024  # rows whose logits stay in the processor's cache
_DEEPER = 8
"""How many times the neighbours wanted are asked for where most of the nearest are not open."""


def candidate_ids(
    context: ProjectContext,
    ids: Ids,
    known: Ids,
    labels: Sequence[str],
    *,
    n: int,
    rng: np.random.Generator,
) -> Ids:
    """Ids to choose *n* from: all of *ids* up to ``index.candidates_above``, else `preselect`.

    *known* are the labelled records, *labels* their labels.
    """
    above = context.settings.index.candidates_above
    if len(ids) <= above:
        return ids
    head = context.head()
    places = context.places(ids)

    at = preselect(
        len(ids),
        lambda start, stop: context.vectors.at(places[start:stop]),
        rng,
        above=above,
        anchored=context.rows(known[anchors(labels, rng)]),
        uncertainty=None if head is None else screen(head),
        near=_near(context, places),
        limits=PoolLimits.of(n),
    )
    return ids[at]


def _near(context: ProjectContext, places: Ids) -> Near | None:
    """Positions of open records near to vectors, by the index that is kept; None without one.

    It knows every row of the vector file, whose record may be answered, held out or deleted from
    the table by now: it is asked for more until enough of what it finds is open.
    """
    index = context.near_rows
    if index is None:
        return None
    position = np.full(len(context.vectors), -1, dtype=np.int64)
    position[places[::-1]] = np.arange(len(places))[::-1]  # of equal texts the first

    def near(vectors: Floats, k: int) -> Ids:
        positions = np.full((len(vectors), k), -1, dtype=np.int64)
        todo = np.arange(len(vectors))
        for depth in (2 * k, _DEEPER * k):
            rows, _ = index.search(vectors[todo], min(depth, len(index)))
            at = np.where(rows >= 0, position[rows], -1)
            open_first = np.argsort(at < 0, axis=1, kind="stable")[:, :k]  # and nearest first
            positions[todo, : open_first.shape[1]] = np.take_along_axis(at, open_first, axis=1)
            todo = todo[(positions[todo] < 0).any(axis=1)]
            if not len(todo) or depth >= len(index):
                break
        return positions

    return near


def screen(head: tuple[int, float, Head]) -> Uncertainty:
    """The margin's doubt of vectors, in float32 where the head allows it.

    1 - (p1 - p2) = 1 - (1 - exp(z2 - z1)) / sum exp(z - z1). Four times as fast, off by 1e-6:
    enough to say who is looked at, and those are measured again.
    """
    _, temperature, weights = head
    if not isinstance(weights, LinearHead) or weights.link != "softmax":
        measure = head_space(weights).uncertainty["margin"]
        return lambda rows: measure.of(probabilities(head, rows))
    coef = (weights.coef.T / temperature).astype(np.float32)
    intercept = (weights.intercept / temperature).astype(np.float32)

    def doubt(rows: Floats) -> npt.NDArray[np.float64]:
        every = rows @ coef
        every += intercept
        out = np.empty(len(rows))
        for start, stop in blocks(len(rows), _BLOCK):
            logits = every[start:stop]
            second, first = np.partition(logits, -2, axis=1)[:, -2:].T
            logits -= first[:, None]
            total = np.exp(logits, out=logits).sum(axis=1)
            out[start:stop] = 1 - (1 - np.exp(second - first)) / total
        return out

    return doubt
