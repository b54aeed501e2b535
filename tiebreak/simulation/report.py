"""A simulation's report: mean curves, labels to targets, labels saved, in figures and words.

There is no clock in it: equal replays give equal bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tiebreak.domain.labels import in_words
from tiebreak.files import write_rows
from tiebreak.learner.estimation import Range
from tiebreak.report import Curve, curves_svg
from tiebreak.results import to_json
from tiebreak.simulation.curve_comparison import area, labels_to, over_seeds, saved_range
from tiebreak.simulation.replay import KEPT, RANDOM, Replay, ReplayStage, pool_size
from tiebreak.simulation.results import (
    LabelsSaved,
    MajorityLabel,
    SeedMean,
    SimulatedData,
    SimulationProtocol,
    SimulationReport,
    StrategyResult,
    TargetReached,
)

TARGETS = (0.80, 0.85, 0.90)
NO_GAIN = "no gain on this data"
CURVE_COLUMNS: dict[str, type] = {
    "strategy": str, "labels": int, "accuracy": float, "low": float, "high": float, "seeds": int,
}  # fmt: skip
"""Of curve.csv."""
MAX_TITLE_NAME = 50
"""Characters of the data's name that have room in the plot's title."""


def simulation_report(
    stage: ReplayStage,
    replays: Mapping[str, Sequence[Replay]],
    *,
    seed: int,
    targets: Sequence[float] | None,
    notes: Sequence[str],
) -> SimulationReport:
    """The report of replays by strategy.

    Args:
        stage: what they shared.
        replays: one for each seed, in one order; random choice among the strategies.
        seed: of the bootstrap.
        targets: accuracies to reach; None or none: the usual ones that some strategy reaches.
        notes: remarks on the protocol.
    """
    data = stage.data
    base = replays[RANDOM]
    counts, names = Counter(row.labels or () for row in data.test), data.schema.names
    commonest = min(counts, key=lambda value: (-counts[value], [names.index(x) for x in value]))
    majority = counts[commonest] / len(data.test)
    best = max(max(_mean_curve(runs)) for runs in replays.values())
    usual = [target for target in TARGETS if majority < target <= best]
    goals = sorted(targets) if targets else usual
    return SimulationReport(
        data=SimulatedData(
            name=data.name,
            labels=tuple(data.schema.names),
            records=len(data.pool),
            test=len(data.test),
            split=data.split,
            majority=MajorityLabel(label=in_words(commonest), accuracy=_round(majority)),
            embedder=stage.encoder.id,
            notes=(*data.notes, *notes),
        ),
        protocol=SimulationProtocol(
            reviewer="simulated from the labels of the data",
            seeds=tuple(run.seed for run in base),
            pool=pool_size(data),
            pool_share=KEPT,
            batch=stage.batch,
            labels=stage.labels,
            batches=stage.rounds,
            control_share=data.settings.select.control_share,
            cold_strategy=data.settings.select.cold_strategy,
            interval=0.95,
        ),
        targets=tuple(goals),
        baseline=RANDOM,
        strategies={
            name: _strategy(runs, base, goals, np.random.default_rng([seed, 2]))
            for name, runs in replays.items()
        },
    )


def _mean_curve(runs: Sequence[Replay]) -> tuple[float, ...]:
    return _rounded(np.array([run.accuracy for run in runs]).mean(axis=0).tolist())


def _strategy(
    runs: Sequence[Replay],
    base: Sequence[Replay],
    goals: Sequence[float],
    rng: np.random.Generator,
) -> StrategyResult:
    curves = np.array([run.accuracy for run in runs])
    ranges = [over_seeds(column) for column in curves.T.tolist()]
    areas = [area(run.labels, run.accuracy.tolist()) for run in runs]
    low, high = _ends(over_seeds(areas))
    return StrategyResult(
        labels=tuple(runs[0].labels),
        accuracy=_mean_curve(runs),
        low=tuple(None if r is None else _round(max(0.0, r.low)) for r in ranges),
        high=tuple(None if r is None else _round(min(1.0, r.high)) for r in ranges),
        by_seed=tuple(_rounded(run.accuracy.tolist()) for run in runs),
        area=SeedMean(value=_round(float(np.mean(areas))), low=low, high=high),
        saved=None if runs[0].strategy == RANDOM else _saved(runs, base, rng),
        to_target=tuple(_to_target(runs, target) for target in goals),
    )


def _saved(runs: Sequence[Replay], base: Sequence[Replay], rng: np.random.Generator) -> LabelsSaved:
    share = saved_range(runs[0].labels, [r.right for r in runs], [r.right for r in base], rng)
    verdict = "gain" if share.low > 0 else "loss"
    if share.low <= 0 <= share.high:
        verdict = NO_GAIN
    return LabelsSaved(
        percent=round(100 * share.value, 1),
        low=round(100 * max(-1.0, share.low), 1),
        high=round(100 * min(1.0, share.high), 1),
        at_accuracy=_round(float(np.mean([run.accuracy[-1] for run in base]))),
        verdict=verdict,
    )


def _to_target(runs: Sequence[Replay], target: float) -> TargetReached:
    counts = [labels_to(run.labels, run.accuracy.tolist(), target) for run in runs]
    reached = [x for x in counts if x is not None]
    every = len(reached) == len(runs)
    low, high = _ends(over_seeds(reached)) if every else (None, None)
    return TargetReached(
        target=target,
        seeds=len(runs),
        reached=len(reached),
        labels=round(float(np.mean(reached)), 1) if every else None,
        low=low,
        high=high,
    )


def _ends(interval: Range | None) -> tuple[float, float] | tuple[None, None]:
    return (None, None) if interval is None else (_round(interval.low), _round(interval.high))


def _round(x: float) -> float:
    return round(x, 4)


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(_round(x) for x in values)


def write_simulation(report: SimulationReport, folder: Path) -> list[str]:
    """Write report.json, curve.csv and curve.svg into *folder*; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("report.json", "curve.csv", "curve.svg")]
    text = json.dumps(to_json(report), ensure_ascii=False, indent=1) + "\n"
    paths[0].write_text(text, encoding="utf-8")
    write_rows(paths[1], CURVE_COLUMNS, _rows(report))
    curves = [
        Curve(
            name=name,
            labels=result.labels,
            accuracy=result.accuracy,
            low=result.low,
            high=result.high,
        )
        for name, result in report.strategies.items()
    ]
    plot = simulation_svg(
        sorted(curves, key=lambda curve: curve.name == report.baseline),
        name=report.data.name,
        test=report.data.test,
        seeds=len(report.protocol.seeds),
        targets=report.targets,
    )
    paths[2].write_text(plot, encoding="utf-8")
    return [str(path) for path in paths]


def _rows(report: SimulationReport) -> Iterator[dict[str, Any]]:
    for name, result in report.strategies.items():
        points = zip(result.labels, result.accuracy, result.low, result.high, strict=True)
        for labels, accuracy, low, high in points:
            yield {
                "strategy": name,
                "labels": labels,
                "accuracy": accuracy,
                "low": low,
                "high": high,
                "seeds": len(result.by_seed),
            }


def simulation_svg(
    curves: Sequence[Curve], *, name: str, test: int, seeds: int, targets: Sequence[float]
) -> str:
    """Mean curves over *seeds* on *test* records of the data *name*, the baseline last; an SVG
    document."""
    short = name if len(name) <= MAX_TITLE_NAME else name[: MAX_TITLE_NAME - 1] + "…"
    over = f"mean of {seeds} seeds; band: 95 % interval of the mean over {seeds} seeds"
    return curves_svg(
        curves,
        title=f"{short}: accuracy on {test} test records",
        subtitle=over if seeds > 1 else "one seed, so no interval",
        targets=targets,
    )


def simulation_lines(report: SimulationReport) -> Iterator[str]:
    """The report, for people."""
    data, protocol = report.data, report.protocol
    seeds = len(protocol.seeds)
    yield (
        f"{data.name}: {data.records} records, {len(data.labels)} labels; accuracy on "
        f"{data.test} test records ({data.split}), which nothing was tuned on"
    )
    yield (
        f"{protocol.labels} labels in batches of {protocol.batch}, a "
        f"{protocol.control_share:.0%} control arm in each; "
        f"{seeds} {plural(seeds, 'seed')}, each with its own "
        f"pool of {protocol.pool}; the reviewer is simulated from the labels"
    )
    majority = data.majority
    yield f"  always {majority.label!r} would be right on {_percent(majority.accuracy)} %"
    yield from (f"  {note}" for note in data.notes)
    for name, result in report.strategies.items():
        yield from _strategy_lines(name, result)


def _strategy_lines(name: str, result: StrategyResult) -> Iterator[str]:
    last = SeedMean(value=result.accuracy[-1], low=result.low[-1], high=result.high[-1])
    yield ""
    yield (
        f"{name}: {_share(last)} at {result.labels[-1]} labels; mean along the way "
        f"{_share(result.area)}"
    )
    for goal in result.to_target:
        yield f"  {_percent(goal.target)} %: {_goal(goal, result.labels[0])}"
    saved = result.saved
    if saved is not None:
        yield (
            f"  labels saved against random at random's final {_percent(saved.at_accuracy)} %: "
            f"{saved.percent:.0f} % [{saved.low:.0f}, {saved.high:.0f}]: {saved.verdict}"
        )


def _goal(goal: TargetReached, first: int) -> str:
    if goal.labels is None:
        return f"not reached ({goal.reached} of {goal.seeds} seeds)"
    if goal.labels == first:
        return f"{first} labels or fewer"
    ends = "" if goal.low is None else f" [{max(0.0, goal.low):.0f}, {goal.high:.0f}]"
    return f"{goal.labels:.0f} labels{ends}"


def _share(mean: SeedMean) -> str:
    ends = "" if mean.low is None else f" [{mean.low:.3f}, {mean.high:.3f}]"
    return f"{mean.value:.3f}{ends}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def plural(n: int, word: str) -> str:
    """The word as it stands after a count."""
    return word if n == 1 else word + "s"
