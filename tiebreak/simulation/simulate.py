"""Simulate: what would each strategy have saved on labelled records? Curves, targets, a verdict.

Replays (`tiebreak.simulation.replay`) for every strategy and seed, scored on a test part on which
nothing is tuned. The report has no clock in it: equal input gives equal bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tiebreak.domain.ports import Embedder, Floats, Progress
from tiebreak.errors import UsageError
from tiebreak.learner import CHOICES, DEFAULT_C, FOLDS, learning_space, needs_choice
from tiebreak.loop import duration, seconds_of, seconds_to_embed
from tiebreak.models import BASELINE_HEAD, DEFAULT_HEAD, MAX_UNLABELLED, head_selection
from tiebreak.project import ProjectContext, batch_size, wiring
from tiebreak.simulation.data import LabelledData, embed_rows, hashes_of
from tiebreak.simulation.replay import EPOCH, RANDOM, ReplayStage, pool_size, replay_loop
from tiebreak.simulation.report import plural, simulation_report
from tiebreak.simulation.results import SimulationReport
from tiebreak.store import MemoryStore

PER_LABEL = 10
BATCHES = 8
MAX_LABELS = 0.6
"""Share of the pool that may be labelled: near its end every strategy has chosen the same."""
SAMPLE = 64
OVERHEAD = 0.05
"""Seconds of a round beside its fit, about; only for the forecast of the time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulateOptions:
    """What to play. Empty or None: the default strategy; one batch as the product has it; ten
    labels a class, and eight batches at least; targets .80, .85, .90 where they are reached."""

    strategies: Sequence[str] = ()
    seeds: int = 3
    seed: int = 0
    batch: int | None = None
    labels: int | None = None
    targets: Sequence[float] | None = None


def compare_strategies(
    data: LabelledData, options: SimulateOptions, progress: Progress
) -> SimulationReport:
    """Play every strategy, random choice always among them.

    Raises:
        UsageError: a batch, budget, seed count or target that cannot be.
        ConfigError: an unknown strategy or embedder.
    """
    names = _strategies(data, options)
    batch, labels, notes = plan_simulation(data, options)
    encoder = wiring.embedder(data.settings.embedder)
    with tempfile.TemporaryDirectory(prefix="tiebreak-simulate-") as place:
        scratch = Path(place)
        _forecast_embedding(data, encoder, progress)
        vectors, _ = embed_rows(data, encoder, scratch, progress)
        stage = ReplayStage.of(data, encoder, vectors, batch=batch, labels=labels)
        seeds = range(options.seed, options.seed + options.seeds)
        total = len(names) * len(seeds) * stage.rounds
        took = duration(_forecast(stage) * len(names) * len(seeds))
        progress.note(
            f"{len(names)} {'strategies' if len(names) > 1 else 'strategy'} x {len(seeds)} "
            f"{plural(len(seeds), 'seed')} x {stage.rounds} batches of {batch}: at most about "
            f"{took}; no calls, no money"
        )
        progress.start("simulate", total)
        try:
            replays = {
                name: [
                    replay_loop(stage, name, s, scratch / name / str(s), progress) for s in seeds
                ]
                for name in names
            }
        finally:
            progress.done()
    return simulation_report(
        stage, replays, seed=options.seed, targets=options.targets, notes=notes
    )


def _strategies(data: LabelledData, options: SimulateOptions) -> list[str]:
    requested = options.strategies or (data.settings.select.strategy,)
    names = [*dict.fromkeys(requested)]
    if RANDOM not in names:
        names.append(RANDOM)
    for name in names:
        wiring.strategy(name)  # an unknown one is told before any work
    return names


def plan_simulation(data: LabelledData, options: SimulateOptions) -> tuple[int, int, list[str]]:
    """Records per batch, labels in all, and remarks on how they came to be.

    Raises:
        UsageError: what was asked for cannot be played on this many records.
    """
    if options.seeds < 1:
        raise UsageError(f"--seeds {options.seeds} is too few.", mend="Use 3 or more.")
    for target in options.targets or ():
        if not 0 < target < 1:
            raise UsageError(
                f"A target of {target!r} is no accuracy.", mend="Use one inside (0, 1), like .85."
            )
    most = int(MAX_LABELS * pool_size(data))
    store = MemoryStore(lambda: EPOCH)
    store.notes.put_schema(data.schema)
    context = ProjectContext(
        folder=Path(), settings=data.settings, store=store, clock=lambda: EPOCH
    )
    batch = batch_size(context, options.batch)
    labels = options.labels or min(max(PER_LABEL * len(data.schema.names), BATCHES * batch), most)
    if labels > most:
        raise UsageError(
            f"{labels} labels are more than {MAX_LABELS:.0%} of the {pool_size(data)} records in "
            "a pool.",
            mend=f"Use --labels {most}, or give more labelled records.",
        )
    notes = []
    if options.batch is None and labels < 5 * batch:
        batch = max(2, labels // 5)
        notes.append(f"batches of {batch}, smaller than the product's, so that there is a curve")
    if labels <= batch:
        raise UsageError(
            f"{labels} labels in batches of {batch} make no curve.", mend="Use smaller batches."
        )
    return batch, labels, notes


def _forecast_embedding(data: LabelledData, encoder: Embedder, progress: Progress) -> None:
    """Say how long embedding will take, from a sample; nothing if all texts have a vector."""
    rows = [*data.pool, *data.test]
    if data.home is not None:
        written = wiring.written_vectors(data.home, encoder.id)
        if written is not None:
            missing = written.missing(hashes_of(rows))
            rows = [rows[i] for i in missing.tolist()]
    if len(rows) < 8 * SAMPLE:
        return
    sample = [rows[i * len(rows) // SAMPLE].text for i in range(SAMPLE)]
    each, _ = seconds_to_embed(encoder, sample)
    progress.note(f"{len(rows)} texts to embed: about {duration(each * len(rows))}")


def _forecast(stage: ReplayStage) -> float:
    """Seconds of one replay: timed fits on all its labels, scaled by the labels of each round.

    A choice of C costs 12 fits of logistic regression on two thirds of the labels, a trial of heads
    some of each kind.
    """
    rows = stage.data.pool[: stage.labels]
    vectors, values = stage.vectors.rows(hashes_of(rows)), [row.labels or () for row in rows]
    classes, head = stage.data.schema.names, stage.data.settings.learn.head
    space = learning_space(stage.data.schema)
    unlabelled = stage.vectors.rows(hashes_of(stage.data.pool[stage.labels :][:MAX_UNLABELLED]))

    def seconds(kind: str) -> float:
        def fit(n: int, more: Floats | None = None) -> None:
            if space.only_head is not None:
                space.fit(vectors[:n], values[:n], classes, DEFAULT_C)
            else:
                first = [value[0] for value in values[:n]]
                classifier = wiring.classifier(kind)
                classifier.fit(vectors[:n], first, classes, DEFAULT_C, unlabelled=more)

        fit(SAMPLE)  # loads the solver
        return seconds_of(lambda: fit(len(rows), unlabelled))

    plain, one = seconds(BASELINE_HEAD), seconds(DEFAULT_HEAD if head == "auto" else head)
    total, chosen = 0.0, 0
    for number in range(1, stage.rounds + 1):
        n = min(number * stage.batch, stage.labels)
        total += one + OVERHEAD
        if needs_choice(n, chosen, len(classes)):
            total += plain * len(CHOICES) * (FOLDS - 1) * n / stage.labels
            total += (
                head_selection.FOLDS * (one + plain)
                if head == "auto" and not space.only_head
                else 0.0
            )
            chosen = n
    return total
