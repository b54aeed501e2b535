"""The project's forecast: what more labels will bring, from the control arm; and the stop advice.

Reads only, and loads no encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np

from tiebreak.domain.batches import ModelCard
from tiebreak.domain.evidence import NANOS
from tiebreak.domain.reviews import DECIDING
from tiebreak.errors import ModelFileError, StoreError
from tiebreak.learner.curves import MIN_POINTS, fit
from tiebreak.learner.forecast import (
    CannotTell,
    Effort,
    Forecast,
    Point,
    forecast_labels,
    merge,
    say,
    variance,
)
from tiebreak.learner.stopping import BATCHES, STOP_SET, advise, kappa, next_batch
from tiebreak.workflow import wiring
from tiebreak.workflow.bench import Bench
from tiebreak.workflow.control import labelled_control
from tiebreak.workflow.loop import answered_by_people
from tiebreak.workflow.machine import Machine
from tiebreak.workflow.predict import probabilities
from tiebreak.workflow.select import batch_size, unlabelled


def forecast(bench: Bench, more: int | None = None) -> dict[str, Any] | None:
    """What *more* labels will bring; None before a control record was scored and labelled.

    *more* None: half as many as there are, in whole batches; never more than are left.
    Keys: ``points`` [{labels, right, n}] of the control arm; ``labels``, ``accuracy``, ``low``,
    ``high``, ``minutes``, ``money`` (each None where it cannot be told), ``currency``; ``text``
    says it in a line, or why not; ``stop`` is {stop, settled, kappas, saves, costs, why} in
    records, None before there are two heads.
    """
    points = merge(control_points(bench))
    if not points:
        return None
    left = len(unlabelled(bench))
    batch, now = batch_size(bench, None), len(bench.labelled())
    if more is None:
        more = batch * max(1, int(now / 2 / batch))
    more = min(more, left)
    told: Forecast | CannotTell = CannotTell("Every record of the pool was answered.")
    if left:
        told = forecast_labels(
            points, now=now, more=more, effort=effort(bench), rng=bench.rng("forecast")
        )
    currency = bench.settings.budget.currency
    return {
        "points": [asdict(p) for p in points],
        "labels": more,
        **_figures(told),
        "currency": currency,
        "text": say(told, currency),
        "stop": stop_advice(bench, points, left=left, batch=min(batch, left)),
    }


def _figures(told: Forecast | CannotTell) -> dict[str, float | None]:
    if isinstance(told, CannotTell):
        return dict.fromkeys(("accuracy", "low", "high", "minutes", "money"))
    at = told.accuracy
    return {
        "accuracy": at.value,
        "low": at.low,
        "high": at.high,
        "minutes": told.minutes,
        "money": told.money,
    }


def control_points(bench: Bench) -> list[Point]:
    """Control records that a head scored before their label, one point each, by the labels that
    this head had learnt from. Only those drawn under the schema in force."""
    schema = bench.schema
    learnt = {card.version: sum(card.trained_on.values()) for card in bench.store.notes.models()}
    points = []
    for item, labels, version in labelled_control(bench):
        n = learnt.get(item.model_version or 0)
        if n and item.model_probabilities is not None and version == schema.version:
            best = int(np.argmax(item.model_probabilities))
            points.append(Point(labels=n, right=int((schema.names[best],) == labels), n=1))
    return points


def effort(bench: Bench) -> Effort:
    """What a label took so far: people's own median seconds, and all money over all labels."""
    acts = bench.store.annotations.standing().values()
    took = [a.seconds for a in acts if a.source == "person" and a.outcome in DECIDING and a.seconds]
    labels = answered_by_people(bench)
    spent = bench.store.ledger.totals().nanos / NANOS
    return Effort(
        seconds=float(np.median(took)) if took else None,
        money=spent / labels if labels else None,
    )


def stop_advice(
    bench: Bench, points: Sequence[Point], *, left: int, batch: int
) -> dict[str, Any] | None:
    """Whether to stop selecting; None before there are two heads that can be read.

    The share that people must look at is taken to be what the model has wrong, by the curve
    fitted to *points* (too few: it cannot be told), at the label counts of the last four heads.
    """
    cards = bench.store.notes.models()[-BATCHES - 1 :]
    kappas = successive_kappas(bench, cards)
    if not kappas:
        return None
    worth = None
    if len(points) >= MIN_POINTS:
        law = fit(
            [p.labels for p in points],
            [p.right / p.n for p in points],
            [1 / variance(p.right, p.n) for p in points],
        )
        shares = [1 - law(sum(card.trained_on.values())) for card in cards]
        worth = next_batch(shares, left=left, batch=batch)
    told = advise(kappas, worth)
    return {
        "stop": told.stop,
        "settled": told.settled,
        "kappas": kappas,
        "saves": None if worth is None else worth.saves,
        "costs": None if worth is None else worth.costs,
        "why": told.why,
    }


def successive_kappas(bench: Bench, cards: Sequence[ModelCard]) -> list[float]:
    """Agreement of each of these heads with the one before, on records of the pool fixed by lot.

    Empty where fewer than two of them can be read, or share the newest one's labels and encoder.
    """
    machine = Machine.newest(bench)
    if machine is None:
        return []
    pool = bench.table.pool
    drawn = bench.rng("stop-set").permutation(len(pool))[:STOP_SET]
    said = []
    try:
        vectors = machine.rows(pool[np.sort(drawn)])
        for card in cards:
            if (card.classes, card.embedder) != (machine.classes, cards[-1].embedder):
                continue
            head = wiring.load_head(bench.folder, card)
            p = probabilities((card.version, card.temperature, head), vectors)
            said.append(p.argmax(axis=1).astype(np.int64))
    except (ModelFileError, StoreError):  # gone, or imported since the last run
        return []
    return [kappa(a, b) for a, b in pairwise(said)]
