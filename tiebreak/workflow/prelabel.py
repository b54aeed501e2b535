"""Pre-label: ask the agent about records, with labelled neighbours as demonstrations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tiebreak.agents.calling import Failure, estimate_run
from tiebreak.agents.labeller import Labeller, LabelTask
from tiebreak.domain.evidence import NANOS, Purpose, Suggestion
from tiebreak.domain.ports import LabelModel
from tiebreak.workflow import wiring
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.neighbours import labelled_neighbours
from tiebreak.workflow.predict import predict_records

SHORTLIST = 10
SAMPLE = 20
PAGE = 500


def prelabel(
    bench: Bench,
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
    model = bench.agent
    known = bench.suggested(by_agent=True)
    todo = [i for i in ids if i not in known]
    if model is None or not todo:
        return
    bench.progress.start(f"agent: {model.id}", len(todo))
    try:
        for result in _ask(bench, model, todo, purpose, limit_nanos):
            bench.progress.advance()
            if isinstance(result, Failure):
                failures.append(result)
            else:
                bench.store.suggestions.append([result])
    finally:
        bench.progress.done()


def _ask(
    bench: Bench, model: LabelModel, ids: list[int], purpose: Purpose, limit_nanos: int | None
) -> Iterator[Suggestion | Failure]:
    labeller = make_labeller(bench, model)
    for start in range(0, len(ids), PAGE):
        yield from labeller.label(
            tasks(bench, ids[start : start + PAGE], purpose),
            bench.store.ledger,
            limit_nanos=limit_nanos,
            concurrency=bench.settings.agent.concurrency,
            price=wiring.price(bench.settings, model),
        )


def make_labeller(bench: Bench, model: LabelModel) -> Labeller:
    """The agent, for the project's task, schema and prompt."""
    return Labeller(
        model,
        bench.schema,
        task=bench.settings.project.task,
        settings=bench.settings.agent,
        seed=bench.settings.project.seed,
    )


def tasks(bench: Bench, ids: list[int], purpose: Purpose) -> list[LabelTask]:
    """What the agent is told about each record: its text, human-labelled neighbours, a shortlist.

    Neighbours are labelled pool records only; the record itself and near copies of it never.
    The shortlist is the model's best labels and the neighbours', for when there are more labels
    than a server returns logprobs for.
    """
    near = labelled_neighbours(bench, ids, bench.settings.agent.demonstrations)
    texts = bench.records(ids)
    best = _best_labels(bench, ids)
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


def _best_labels(bench: Bench, ids: list[int]) -> list[list[str]]:
    predictions = predict_records(bench, ids)
    if predictions is None:
        return [[] for _ in ids]
    order = np.argsort(-predictions.probabilities, axis=1, kind="stable")[:, :SHORTLIST]
    return [[predictions.classes[j] for j in row] for row in order]


def sweep_targets(bench: Bench, n: int | None) -> list[int]:
    """Up to *n* unlabelled records outside the batches, drawn by lot (None: all of them).

    Those that were swept before count towards *n*, so a second run asks about nothing new.
    """
    answered = bench.store.annotations.standing()
    chosen = {item.record_id for b in bench.store.batches.all() for item in b.items}
    linked = {x.record_id for x in bench.store.records.links()}
    known = bench.suggested(by_agent=True)
    swept = {i for i, s in known.items() if s.purpose == "sweep"}
    room = None if n is None else max(0, n - len(swept))
    open_ids = [
        i
        for i in bench.table.pool.tolist()
        if i not in answered and i not in chosen and i not in linked and i not in known
    ]
    return _by_lot(bench, open_ids, "sweep", room)


def heldout_targets(bench: Bench, n: int) -> list[int]:
    """*n* held-out records with a sealed label, drawn by lot."""
    heldout = bench.table.ids[bench.table.heldout].tolist()
    return _by_lot(bench, sorted(bench.store.gold.get(heldout)), "heldout", n)


def _by_lot(bench: Bench, ids: list[int], purpose: str, n: int | None) -> list[int]:
    records = bench.records(ids)
    names = [f"{records[i].source}\0{records[i].external_id}" for i in ids]
    return [ids[at] for at in bench.lot(names, purpose)[:n]]


def forecast(bench: Bench, ids: Sequence[int], purpose: Purpose) -> dict[str, Any] | None:
    """What asking about *ids* will take, from a sample of the prompts; None without an agent."""
    model = bench.agent
    known = bench.suggested(by_agent=True)
    todo = [i for i in ids if i not in known]
    if model is None or not todo:
        return None
    return plan(bench, model, tasks(bench, todo[:SAMPLE], purpose), len(todo))


def plan(bench: Bench, model: LabelModel, sample: list[LabelTask], n: int) -> dict[str, Any]:
    """What *n* calls will take, by a sample of them: calls, tokens, money, priced, remote."""
    price = wiring.price(bench.settings, model)
    return {
        **estimate_run(make_labeller(bench, model), sample, n, price),
        "remote": model.remote,
        "currency": bench.settings.budget.currency,
    }


def say_plan(plan: dict[str, Any]) -> str:
    """A forecast in a line."""
    money = f"{plan['money']:.4f} {plan['currency']}"
    if not plan["priced"]:
        money = "at an unknown price" if plan["remote"] else "free, on this machine"
    return f"{plan['calls']} calls, about {plan['tokens']} tokens, {money}"


def limit_nanos(money: float | None) -> int | None:
    """A budget in whole nanos, or None for none."""
    return None if money is None else round(money * NANOS)
