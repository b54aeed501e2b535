"""The iterative cycle, each step called on its own, and what each leaves in the project.

Run it with ``python examples/the_cycle_step_by_step.py``. `Project.run` does steps 2 to 5 and 7 in
this order, and can be killed between any two of them. Here they are taken apart, on real questions
to a bank, with an **agent and a reviewer that are simulated**: a server on this machine, and a
lookup of the sealed labels in place of a person.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.agents.simulated_agent import SimulatedAgent, read_rows
from tiebreak import Project
from tiebreak.loop.prelabel import prelabel
from tiebreak.loop.routing import route_all
from tiebreak.loop.select import select
from tiebreak.models.control_arm import record_answers
from tiebreak.models.embed import embed_records
from tiebreak.models.train import train_head
from tiebreak.review.tasks import open_batch_tasks
from tiebreak.simulation.demo import TASK, data_file

POOL, ROUNDS, BATCH = 300, 3, 30


def one_round(project: Project, number: int, gold: dict[str, str]) -> None:
    """Choose, ask the agent, ask people, learn."""
    context = project.context
    store = context.store

    # 3 Select. Round 1 has no model: seeds that cover the pool. Then margin within clusters. A
    #   tenth is drawn by lot. Stored: the batch, with each pick's utilities and reason.
    batch = select(context, number, BATCH)
    assert batch is not None
    arms = [item.arm for item in batch.items]
    print(f"round {number}: {batch.strategy} chose {len(arms)}, {arms.count('control')} by lot")
    print(f"  the first active pick, because: {batch.items[arms.index('active')].reason}")

    # 4 Suggest. Stored: each reply at once, with its cost. Then, before anybody labels: what model
    #   and agent say of the batch; these are the answers that accuracies are estimated from.
    ids = [item.record_id for item in batch.items]
    prelabel(context, ids, "batch", limit_nanos=None, failures=[])
    store.batches.advance(number, "prelabelled")
    record_answers(context, batch)
    open_batch_tasks(context, batch)
    store.batches.advance(number, "answered")
    routed = route_all(context)
    store.batches.advance(number, "routed")
    spent = project.status().spend
    print(f"  suggested: {spent.calls} calls so far; routed: {routed}")

    # 5 Review. Stored: who said what, on which evidence; and the decision that follows.
    cards = project.next_batch(BATCH, who="a simulated reviewer")
    blind = sum(card.task.blind for card in cards)
    agreed = sum(
        card.suggestion is not None and card.suggestion.labels == (gold[card.record.external_id],)
        for card in cards
    )
    for card in cards:
        project.annotate(
            card.record.id,
            gold[card.record.external_id],
            who="a simulated reviewer",
            shown="blind" if card.task.blind else "evidence",
            simulated=True,
        )
    print(f"  reviewed: {len(cards)}, {blind} of them blind; the agent was right on {agreed}")

    # 6 Train. Stored: the head's weights in a file, and its card (labels, C, temperature, hash).
    card = train_head(context, number)
    assert card is not None
    store.notes.put_model(card)
    route_all(context)  # the new head may agree with the agent where the old one did not
    store.batches.advance(number, "closed")
    held_out = project.status().heldout["test"].model
    print(
        f"  trained: model {card.version} on {sum(card.trained_on.values())} labels, "
        f"held-out accuracy {held_out.accuracy:.3f} "
        f"[{held_out.low:.3f}, {held_out.high:.3f}]"
    )


def main() -> None:
    rows = read_rows(data_file())
    pool = [row for row in rows if row["split"] == "train"][:POOL]
    rows = pool + [row for row in rows if row["split"] == "test"]
    gold = {row["id"]: row["label"] for row in pool}
    with tempfile.TemporaryDirectory() as place, SimulatedAgent(rows, accuracy=0.85) as server:
        folder = Path(place)
        (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        project = Project.create(
            folder / "project",
            labels=sorted(set(gold.values())),
            task=TASK,
            agent="openai:simulated",
            embedder="hashing",  # needs no model; leave it out for all-MiniLM-L6-v2
            settings={"agent": {"base_url": server.url}},
        )
        with project:
            # 1 Import. Stored: records, and the test split's labels, sealed: they only measure.
            taken = project.import_file(folder / "rows.jsonl", labels_are="gold").taken
            status = project.status()
            print(f"imported: {taken}, {status.pool} of them may be labelled")

            # 2 Embed. Stored: a vector a text, by content hash; near duplicates are linked.
            print(f"embedded: {embed_records(project.context)['embedded']}; again: ", end="")
            print(embed_records(project.context)["embedded"])

            for number in range(1, ROUNDS + 1):
                one_round(project, number, gold)

            # 7 Predict: any text. Stored: nothing.
            text = "The machine ate my card"
            answer = next(project.predict([text]))
            print(f"predicted: {text!r} is {answer.label}, {answer.confidence:.2f}")

            # 8 Status and export. Stored: nothing; all of it is read from what the steps left.
            control = project.status().control.model
            print(f"control arm: {control.accuracy:.2f}", end=" ")
            print(f"[{control.low:.2f}, {control.high:.2f}] on {control.n}")
            print(f"exported: {project.export(folder / 'labels.csv')}")
            print(f"verified, problems: {project.verify()}")


if __name__ == "__main__":
    main()
