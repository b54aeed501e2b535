"""A project context whose first labels a simulated person gave, some of them wrong."""

from __future__ import annotations

from contexts import slice_rows
from stores import act

from tiebreak.models.embedding import embed
from tiebreak.models.training import train
from tiebreak.project.context import ProjectContext
from tiebreak.review.annotation import annotate

ROWS = slice_rows(pool=330, test=0)


def taught(
    context: ProjectContext, n: int, *, wrong: dict[int, str] | None = None
) -> ProjectContext:
    """Embedded, with the first *n* gold labels given by a person, some of them *wrong*."""
    embed(context)
    gold = context.store.gold.get(context.table.pool.tolist())
    labels = {i: gold[i][0] for i in sorted(gold)[:n]} | (wrong or {})
    annotate(context.store, context.schema, [act(i, name) for i, name in labels.items()])
    card = train(context, 0)
    assert card is not None
    context.store.notes.put_model(card)
    return context
