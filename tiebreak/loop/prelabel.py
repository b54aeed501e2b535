"""Pre-label: ask the agent about records, with labelled neighbours as demonstrations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tiebreak.agents import Failure, Labeller, LabelTask
from tiebreak.domain.evidence import NANOS, Purpose, Suggestion
from tiebreak.domain.ports import LabelModel
from tiebreak.models import labelled_neighbours, predict_records
from tiebreak.project import ProjectContext, wiring

SHORTLIST = 10
PAGE = 500


def prelabel(
    context: ProjectContext,
    ids: Sequence[int],
    purpose: Purpose,
    *,
    limit_nanos: int | None,
    failures: list[Failure],
) -> None:
    """Ask the agent about records that it has not answered yet; each reply is stored at once.

    Records that the server failed at, after retries, are put into *failures*.

    Raises:
        BudgetExceeded: the next call could pass the budget; what was answered is kept.
        LLMError: the server is down or refuses; what was answered is kept.
    """
    model = context.agent
    known = context.suggested(by_agent=True)
    todo = [i for i in ids if i not in known]
    if model is None or not todo:
        return
    context.progress.start(f"agent: {model.id}", len(todo))
    try:
        for result in _ask(context, model, todo, purpose, limit_nanos):
            context.progress.advance()
            if isinstance(result, Failure):
                failures.append(result)
            else:
                context.store.suggestions.append([result])
    finally:
        context.progress.done()


def _ask(
    context: ProjectContext,
    model: LabelModel,
    ids: list[int],
    purpose: Purpose,
    limit_nanos: int | None,
) -> Iterator[Suggestion | Failure]:
    labeller = make_labeller(context, model)
    for start in range(0, len(ids), PAGE):
        yield from labeller.label(
            label_tasks(context, ids[start : start + PAGE], purpose),
            context.store.ledger,
            limit_nanos=limit_nanos,
            concurrency=context.settings.agent.concurrency,
            price=wiring.price(context.settings, model),
        )


def make_labeller(context: ProjectContext, model: LabelModel) -> Labeller:
    """The agent, for the project's task, schema and prompt."""
    return Labeller(
        model,
        context.schema,
        task=context.settings.project.task,
        settings=context.settings.agent,
        seed=context.settings.project.seed,
    )


def label_tasks(context: ProjectContext, ids: list[int], purpose: Purpose) -> list[LabelTask]:
    """What the agent is told about each record: its text, human-labelled neighbours, a shortlist.

    Neighbours are labelled pool records only; the record itself and near copies of it never.
    The shortlist is the model's best labels and the neighbours', for when there are more labels
    than a server returns logprobs for.
    """
    near = labelled_neighbours(context, ids, context.settings.agent.demonstrations)
    texts = context.records(ids)
    best = _best_labels(context, ids)
    made: list[LabelTask] = []
    for at, record_id in enumerate(ids):
        shown = near.get(record_id, ())
        short = tuple(dict.fromkeys([*(x for n in shown for x in n.labels), *best[at]])) or None
        made.append(
            LabelTask(
                record_id=record_id,
                text=texts[record_id].text,
                neighbours=shown,
                shortlist=short,
                purpose=purpose,
            )
        )
    return made


def _best_labels(context: ProjectContext, ids: list[int]) -> list[list[str]]:
    predictions = predict_records(context, ids)
    if predictions is None:
        return [[] for _ in ids]
    order = np.argsort(-predictions.probabilities, axis=1, kind="stable")[:, :SHORTLIST]
    return [[predictions.classes[j] for j in row] for row in order]


def sweep_targets(context: ProjectContext, n: int | None) -> list[int]:
    """Up to *n* unlabelled records outside the batches, drawn by lot (None: all of them).

    Those that were swept before count towards *n*, so a second run asks about nothing new.
    """
    state = context.pool_state()
    chosen = {item.record_id for batch in state.batches for item in batch.items}
    known = context.suggested(by_agent=True)
    swept = {i for i, s in known.items() if s.purpose == "sweep"}
    room = None if n is None else max(0, n - len(swept))
    open_ids = [
        i
        for i in context.table.pool.tolist()
        if i not in state.standing and i not in chosen and i not in state.links and i not in known
    ]
    return _by_lot(context, open_ids, "sweep", room)


def heldout_targets(context: ProjectContext, n: int) -> list[int]:
    """*n* held-out records with a sealed label, drawn by lot."""
    heldout = context.table.ids[context.table.heldout].tolist()
    return _by_lot(context, sorted(context.store.gold.get(heldout)), "heldout", n)


def _by_lot(context: ProjectContext, ids: list[int], purpose: str, n: int | None) -> list[int]:
    records = context.records(ids)
    names = [f"{records[i].source}\0{records[i].external_id}" for i in ids]
    return [ids[at] for at in context.random_order(names, purpose)[:n]]


def limit_nanos(money: float | None) -> int | None:
    """A budget in whole nanos, or None for none."""
    return None if money is None else round(money * NANOS)
