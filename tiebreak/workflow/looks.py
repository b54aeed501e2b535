"""What each head had said of the next batch before its labels, and what came of it.

Read back from the log alone: the batches with the answers written down before the labels, the
annotations, and the heads' files. So it works on a project of any age, and proves what it says: no
head is judged by a label that it learnt from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import BatchItem, ModelCard, QueryBatch
from tiebreak.domain.evidence import most_probable
from tiebreak.domain.labels import LabelValue
from tiebreak.domain.ports import Head
from tiebreak.errors import ModelFileError, StoreError
from tiebreak.learner.estimates import Sample
from tiebreak.workflow import wiring
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.machine import Machine
from tiebreak.workflow.predict import probabilities

POOL_SAMPLE = 2_000
"""Unlabelled records that a head's expected loss is read on; their share of an interval is small
beside that of the labels."""

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A batch of ``round`` under the head of its time, which had learnt from ``labels``.

    ``control`` are the labelled records drawn by lot; ``selected`` says of each labelled record
    that the strategy chose whether the head had it right: the naive figure's ground. Empty where
    the head's file is gone.
    """

    round: int
    head: int
    labels: int
    control: Sample
    selected: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """What a head says of a batch: how often it expects to be wrong in the pool, as a mean with
    its variance; and the label value of each record, with how sure it is of being wrong."""

    mean_guess: float
    guess_variance: float
    said: dict[int, tuple[LabelValue, float]]


def looks(bench: Bench) -> list[Look]:
    """Every batch under the schema in force that a head scored, oldest first."""
    cards = {card.version: card for card in bench.store.notes.models()}
    standing = bench.store.annotations.standing()
    truth = {
        i: a.labels for i, a in standing.items() if a.outcome == "label" and a.labels is not None
    }
    machine, multiple = Machine.newest(bench), bench.schema.multiple
    found = []
    for batch, population in _with_pools(bench):
        card = cards.get(batch.model_version or 0)
        if card is None or batch.schema_version != bench.schema.version:
            continue
        read = _read(bench, machine, card, batch, population)
        control = [x for x in batch.items if x.model_probabilities and x.record_id in truth]
        found.append(
            Look(
                round=batch.round,
                head=card.version,
                labels=sum(card.trained_on.values()),
                control=_sample(control, truth, card, read, multiple=multiple),
                selected=tuple(
                    read.said[x.record_id][0] == truth[x.record_id]
                    for x in batch.items
                    if read is not None and x.arm == "active" and x.record_id in truth
                ),
            )
        )
    return found


def _sample(
    items: list[BatchItem],
    truth: dict[int, LabelValue],
    card: ModelCard,
    read: _Read | None,
    *,
    multiple: bool,
) -> Sample:
    n = len(items)
    right = [
        most_probable(x.model_probabilities or (), card.classes, multiple=multiple)[0]
        == truth[x.record_id]
        for x in items
    ]
    guess = [read.said[x.record_id][1] if read else 0.0 for x in items]
    return Sample(
        loss=1.0 - np.array(right, dtype=np.float64),
        guess=np.array(guess, dtype=np.float64),
        mean_guess=np.full(n, read.mean_guess if read else 0.0),
        guess_variance=np.full(n, read.guess_variance if read else 0.0),
    )


def _with_pools(bench: Bench) -> Iterator[tuple[QueryBatch, Callable[[], Ids]]]:
    """Each batch with the records that its control arm was drawn from, as far as the log tells;
    to be asked for before the next batch is, and not at all where the answer is known.

    Those are the first N of the pool that nobody had acted on by then, N as the probability of the
    draw has it: what was imported later has higher ids.
    """
    pool = bench.table.pool
    first: dict[int, str] = {}
    for act in bench.store.annotations.scan():
        first[act.record_id] = min(first.get(act.record_id, act.created_at), act.created_at)
    waiting = sorted(((at, i) for i, at in first.items()), reverse=True)
    free = np.ones(len(pool), dtype=np.bool_)
    for batch in bench.store.batches.all():
        done = []
        while waiting and waiting[-1][0] < batch.created_at:
            done.append(waiting.pop()[1])
        at = np.searchsorted(pool, np.array(sorted(done), dtype=np.int64))
        free[at[at < len(pool)]] = False  # people act on records of the pool only
        drawn = [item.probability for item in batch.items if item.probability]
        n = round(len(drawn) / drawn[0]) if drawn else None
        yield batch, partial(_first_free, pool, free, n)


def _first_free(pool: Ids, free: npt.NDArray[np.bool_], n: int | None) -> Ids:
    return pool[np.flatnonzero(free)[:n]]


def _read(
    bench: Bench,
    machine: Machine | None,
    card: ModelCard,
    batch: QueryBatch,
    population: Callable[[], Ids],
) -> _Read | None:
    """None where the head or a vector cannot be read, or by an encoder that is not the newest's."""
    key = ("look", batch.round, card.sha256)
    if key in bench.memo:
        known: _Read = bench.memo[key]
        return known
    head = readable(bench, machine, card)
    if machine is None or head is None:
        return None
    open_ids, rng = population(), bench.rng("look", batch.round)
    drawn = rng.choice(open_ids, min(POOL_SAMPLE, len(open_ids)), replace=False, shuffle=False)
    chosen = np.array([item.record_id for item in batch.items], dtype=np.int64)
    try:
        rows, own = machine.rows(np.sort(drawn)), machine.rows(chosen)
    except StoreError:  # imported since the last run
        return None
    weights, multiple = (card.version, card.temperature, head), bench.schema.multiple
    guess = 1.0 - sureness(probabilities(weights, rows), multiple=multiple)
    values = [
        most_probable(p, card.classes, multiple=multiple) for p in probabilities(weights, own)
    ]
    read = _Read(
        mean_guess=float(guess.mean()),
        guess_variance=0.0 if len(drawn) == len(open_ids) else float(guess.var() / len(drawn)),
        said={i: (v, 1.0 - p) for i, (v, p) in zip(chosen.tolist(), values, strict=True)},
    )
    bench.memo[key] = read
    return read


def readable(bench: Bench, machine: Machine | None, card: ModelCard) -> Head | None:
    """The head of a card, if it is still there and reads the vectors and labels of the newest."""
    if machine is None or (card.classes, card.embedder) != (machine.classes, machine.encoder):
        return None
    try:
        return wiring.load_head(bench.folder, card)
    except ModelFileError:
        return None


def sureness(p: npt.NDArray[np.float64], *, multiple: bool) -> npt.NDArray[np.float64]:
    """The probability of the most probable label value, float64[n], as in `most_probable`."""
    return np.asarray(np.maximum(p, 1 - p).prod(axis=1) if multiple else p.max(axis=1))
