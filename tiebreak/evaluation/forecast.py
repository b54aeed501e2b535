"""The project's forecast: what more labels will bring, from the control arm; and the stop advice.

Reads only, and loads no encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tiebreak.domain.batches import ModelInfo
from tiebreak.domain.evidence import NANOS
from tiebreak.domain.label_space import label_space
from tiebreak.domain.reviews import DECIDING
from tiebreak.errors import StoreError
from tiebreak.evaluation.batch_scores import batch_scores
from tiebreak.evaluation.model_history import readable_head
from tiebreak.evaluation.results import ProjectForecast, StopAdvice
from tiebreak.learner.estimation import (
    BATCHES,
    MIN_POINTS,
    STOP_SET,
    CannotTell,
    Effort,
    Forecast,
    Point,
    advise,
    fit_curve,
    forecast_in_words,
    forecast_labels,
    merge_points,
    next_batch,
    successive_kappa,
    variance,
)
from tiebreak.models import Scorer, probabilities
from tiebreak.project import ProjectContext, batch_size


def project_forecast(context: ProjectContext, more: int | None = None) -> ProjectForecast | None:
    """What *more* labels will bring; None before a control record was scored and labelled.

    *more* None: half as many as there are, in whole batches; never more than are left.
    """
    points = merge_points(control_points(context))
    if not points:
        return None
    left = len(context.pool_state().unlabelled)
    batch, now = batch_size(context, None), len(context.pool_state().labelled)
    if more is None:
        more = batch * max(1, int(now / 2 / batch))
    more = min(more, left)
    forecast: Forecast | CannotTell = CannotTell("Every record of the pool was answered.")
    if left:
        forecast = forecast_labels(
            points, now=now, more=more, effort=effort(context), rng=context.rng("forecast")
        )
    currency = context.settings.budget.currency
    known = None if isinstance(forecast, CannotTell) else forecast
    return ProjectForecast(
        points=tuple(points),
        labels=more,
        accuracy=known.accuracy.value if known else None,
        low=known.accuracy.low if known else None,
        high=known.accuracy.high if known else None,
        minutes=known.minutes if known else None,
        money=known.money if known else None,
        currency=currency,
        text=forecast_in_words(forecast, currency),
        stop=stop_advice(context, points, left=left, batch=min(batch, left)),
    )


def control_points(context: ProjectContext) -> list[Point]:
    """Control records that a head scored before their label, one point a batch, by the labels that
    this head had learnt from. Only those drawn under the schema in force."""
    return [
        Point(labels=batch.labels, right=int((batch.control.loss == 0).sum()), n=n)
        for batch in batch_scores(context)
        if batch.labels and (n := len(batch.control.loss))
    ]


def effort(context: ProjectContext) -> Effort:
    """What a label took so far: people's own median seconds, and all money over all labels."""
    acts = context.pool_state().standing.values()
    took = [a.seconds for a in acts if a.source == "person" and a.outcome in DECIDING and a.seconds]
    labels = context.pool_state().answered_by_people
    spent = context.store.ledger.totals().nanos / NANOS
    return Effort(
        seconds=float(np.median(took)) if took else None,
        money=spent / labels if labels else None,
    )


def stop_advice(
    context: ProjectContext, points: Sequence[Point], *, left: int, batch: int
) -> StopAdvice | None:
    """Whether to stop selecting; None before there are two heads that can be read.

    The share that people must look at is taken to be what the model has wrong, by the curve
    fitted to *points* (too few: it cannot be told), at the label counts of the last four heads.
    """
    cards = context.pool_state().models[-BATCHES - 1 :]
    kappas = successive_kappas(context, cards)
    if not kappas:
        return None
    worth = None
    if len(points) >= MIN_POINTS:
        law = fit_curve(
            [p.labels for p in points],
            [p.right / p.n for p in points],
            [1 / variance(p.right, p.n) for p in points],
        )
        shares = [1 - law(sum(card.trained_on.values())) for card in cards]
        worth = next_batch(shares, left=left, batch=batch)
    advice = advise(kappas, worth)
    return StopAdvice(
        stop=advice.stop,
        settled=advice.settled,
        kappas=tuple(kappas),
        saves=worth.saves if worth else None,
        costs=worth.costs if worth else None,
        why=advice.why,
    )


def successive_kappas(context: ProjectContext, cards: Sequence[ModelInfo]) -> list[float]:
    """Agreement of each of these heads with the one before, on records drawn at random once.

    Those that do not share the newest one's labels and encoder are left out. Empty where fewer than
    two are left, or one of them cannot be read.
    """
    by_head = []
    for card in cards:
        if (card.classes, card.embedder) == (cards[-1].classes, cards[-1].embedder):
            opinion = opinions(context, card)
            if opinion is None:
                return []
            by_head.append(opinion)
    return [agreement(a, b) for a, b in pairwise(by_head)]


Opinions = npt.NDArray[np.int64]
"""What a head says of the stop set, int64[n, 1] positions, or [n, k] yes and no if any number of
labels may apply."""


def opinions(context: ProjectContext, card: ModelInfo) -> Opinions | None:
    """What a head says of the stop set; None where its file, the vectors or the newest's labels
    do not fit it any more."""
    pool = context.table.pool
    key = ("opinions", card.sha256, len(pool), int(pool[-1]) if len(pool) else 0)
    if key in context.memo:
        known: Opinions = context.memo[key]
        return known
    scorer = Scorer.newest(context)
    head = readable_head(context, scorer, card)
    if scorer is None or head is None:
        return None
    drawn = context.rng("stop-set").permutation(len(pool))[:STOP_SET]
    try:
        vectors = scorer.rows(pool[np.sort(drawn)])
    except StoreError:  # imported since the last run
        return None
    p = probabilities((card.version, card.temperature, head), vectors)
    codes = label_space(context.schema).decide(p)
    context.memo[key] = codes
    return codes


def agreement(first: Opinions, second: Opinions) -> float:
    """Cohen's kappa of two heads' opinions; a set of labels counts as one category."""
    _, coded = np.unique(np.concatenate([first, second]), axis=0, return_inverse=True)
    coded = coded.reshape(-1).astype(np.int64)
    return successive_kappa(coded[: len(first)], coded[len(first) :])
