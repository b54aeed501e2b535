"""A project context whose first labels a simulated person gave, some of them wrong."""

from __future__ import annotations

from contexts import slice_rows
from stores import act

from tiebreak.models.embed import embed_records
from tiebreak.models.train import train_head
from tiebreak.project.context import ProjectContext
from tiebreak.review.annotate import write_annotations

ROWS = slice_rows(pool=330, test=0)


def taught(
    context: ProjectContext, n: int, *, wrong: dict[int, str] | None = None
) -> ProjectContext:
    """Embedded, with the first *n* gold labels given by a person, some of them *wrong*."""
    embed_records(context)
    gold = context.store.gold.get(context.table.pool.tolist())
    labels = {i: gold[i][0] for i in sorted(gold)[:n]} | (wrong or {})
    write_annotations(context.store, context.schema, [act(i, name) for i, name in labels.items()])
    card = train_head(context, 0)
    assert card is not None
    context.store.notes.put_model(card)
    return context
