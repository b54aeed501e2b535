"""What a simulation found: mean curves, labels to targets, labels saved, in figures and words.

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
from tiebreak.files.write import write_rows
from tiebreak.learner.estimation.learning_curve import Range
from tiebreak.report.curve_svg import draw
from tiebreak.simulation.curve_comparison import area, labels_to, over_seeds, saved_range
from tiebreak.simulation.replay import KEPT, RANDOM, Replay, ReplayStage, pool_size

TARGETS = (0.80, 0.85, 0.90)
NO_GAIN = "no gain on this data"
CURVE: dict[str, type] = {
    "strategy": str, "labels": int, "accuracy": float, "low": float, "high": float, "seeds": int,
}  # fmt: skip
"""Columns of curve.csv."""


def simulation_report(
    stage: ReplayStage,
    played: Mapping[str, Sequence[Replay]],
    *,
    seed: int,
    targets: Sequence[float] | None,
    notes: Sequence[str],
) -> dict[str, Any]:
    """The report of replays by strategy; its keys are listed in docs/guides/simulate.md.

    Args:
        stage: what they shared.
        played: one replay for each seed, in one order; random choice among them.
        seed: of the bootstrap.
        targets: accuracies to reach; None or none: the usual ones that some strategy reaches.
        notes: remarks on the protocol.
    """
    data = stage.data
    base = played[RANDOM]
    told = {
        name: _strategy(runs, base, np.random.default_rng([seed, 2]))
        for name, runs in played.items()
    }
    counts, names = Counter(row.labels or () for row in data.test), data.schema.names
    commonest = min(counts, key=lambda value: (-counts[value], [names.index(x) for x in value]))
    majority = counts[commonest] / len(data.test)
    goals = _targets(told, targets, majority)
    for name, runs in played.items():
        told[name]["to_target"] = [_to_target(runs, target) for target in goals]
    return {
        "data": {
            "name": data.name,
            "labels": list(data.schema.names),
            "records": len(data.pool),
            "test": len(data.test),
            "split": data.split,
            "majority": {"label": in_words(commonest), "accuracy": _round(majority)},
            "embedder": stage.encoder.id,
            "notes": [*data.notes, *notes],
        },
        "protocol": {
            "reviewer": "simulated from the labels of the data",
            "seeds": [run.seed for run in base],
            "pool": pool_size(data),
            "pool_share": KEPT,
            "batch": stage.batch,
            "labels": stage.labels,
            "batches": stage.rounds,
            "control_share": data.settings.select.control_share,
            "cold_strategy": data.settings.select.cold_strategy,
            "interval": 0.95,
        },
        "targets": goals,
        "baseline": RANDOM,
        "strategies": told,
    }


def _strategy(
    runs: Sequence[Replay], base: Sequence[Replay], rng: np.random.Generator
) -> dict[str, Any]:
    curves = np.array([run.accuracy for run in runs])
    ranges = [over_seeds(column) for column in curves.T.tolist()]
    areas = [area(run.labels, run.accuracy.tolist()) for run in runs]
    return {
        "labels": list(runs[0].labels),
        "accuracy": _rounded(curves.mean(axis=0).tolist()),
        "low": [None if r is None else _round(max(0.0, r.low)) for r in ranges],
        "high": [None if r is None else _round(min(1.0, r.high)) for r in ranges],
        "by_seed": [_rounded(run.accuracy.tolist()) for run in runs],
        "area": {"value": _round(float(np.mean(areas))), **_ends(over_seeds(areas))},
        "saved": None if runs[0].strategy == RANDOM else _saved(runs, base, rng),
    }


def _saved(
    runs: Sequence[Replay], base: Sequence[Replay], rng: np.random.Generator
) -> dict[str, Any]:
    """Labels saved against random at random's final accuracy, in percent, and the verdict."""
    found = saved_range(runs[0].labels, [r.right for r in runs], [r.right for r in base], rng)
    verdict = "gain" if found.low > 0 else "loss"
    if found.low <= 0 <= found.high:
        verdict = NO_GAIN
    return {
        "percent": round(100 * found.value, 1),
        "low": round(100 * max(-1.0, found.low), 1),
        "high": round(100 * min(1.0, found.high), 1),
        "at_accuracy": _round(float(np.mean([run.accuracy[-1] for run in base]))),
        "verdict": verdict,
    }


def _targets(
    told: Mapping[str, dict[str, Any]], asked: Sequence[float] | None, majority: float
) -> list[float]:
    """The targets asked for; else those usual ones that some strategy's mean reaches and that
    take more than to give every record the commonest label."""
    if asked:
        return sorted(asked)
    best = max(max(figures["accuracy"]) for figures in told.values())
    return [target for target in TARGETS if majority < target <= best]


def _to_target(runs: Sequence[Replay], target: float) -> dict[str, Any]:
    """Mean labels over seeds to the target; None unless every seed reaches it."""
    found = [labels_to(run.labels, run.accuracy.tolist(), target) for run in runs]
    reached = [x for x in found if x is not None]
    every = len(reached) == len(runs)
    ends = _ends(over_seeds(reached)) if every else _ends(None)
    return {
        "target": target,
        "seeds": len(runs),
        "reached": len(reached),
        "labels": round(float(np.mean(reached)), 1) if every else None,
        **ends,
    }


def _ends(found: Range | None) -> dict[str, float | None]:
    if found is None:
        return {"low": None, "high": None}
    return {"low": _round(found.low), "high": _round(found.high)}


def _round(x: float) -> float:
    return round(x, 4)


def _rounded(values: Sequence[float]) -> list[float]:
    return [_round(x) for x in values]


def write_simulation(told: Mapping[str, Any], folder: Path) -> list[str]:
    """Write report.json, curve.csv and curve.svg into *folder*; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("report.json", "curve.csv", "curve.svg")]
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    paths[0].write_text(text, encoding="utf-8")
    write_rows(paths[1], CURVE, _rows(told))
    paths[2].write_text(draw(told), encoding="utf-8")
    return [str(path) for path in paths]


def _rows(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, figures in told["strategies"].items():
        points = zip(*(figures[key] for key in ("labels", "accuracy", "low", "high")), strict=True)
        for labels, accuracy, low, high in points:
            yield {
                "strategy": name,
                "labels": labels,
                "accuracy": accuracy,
                "low": low,
                "high": high,
                "seeds": len(figures["by_seed"]),
            }


def simulation_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The report, for people."""
    data, protocol = told["data"], told["protocol"]
    yield (
        f"{data['name']}: {data['records']} records, {len(data['labels'])} labels; accuracy on "
        f"{data['test']} test records ({data['split']}), which nothing was tuned on"
    )
    yield (
        f"{protocol['labels']} labels in batches of {protocol['batch']}, a "
        f"{protocol['control_share']:.0%} control arm in each; "
        f"{len(protocol['seeds'])} {plural(len(protocol['seeds']), 'seed')}, each with its own "
        f"pool of {protocol['pool']}; the reviewer is simulated from the labels"
    )
    most = data["majority"]
    yield f"  always {most['label']!r} would be right on {_percent(most['accuracy'])} %"
    yield from (f"  {note}" for note in data["notes"])
    for name, figures in told["strategies"].items():
        yield from _strategy_lines(name, figures)


def _strategy_lines(name: str, figures: Mapping[str, Any]) -> Iterator[str]:
    last = figures["labels"][-1]
    yield ""
    yield (
        f"{name}: {_share(figures['accuracy'][-1], figures['low'][-1], figures['high'][-1])} at "
        f"{last} labels; mean along the way {_share(**figures['area'])}"
    )
    for goal in figures["to_target"]:
        yield f"  {_percent(goal['target'])} %: {_goal(goal, figures['labels'][0])}"
    saved = figures["saved"]
    if saved is not None:
        yield (
            f"  labels saved against random at random's final {_percent(saved['at_accuracy'])} %: "
            f"{saved['percent']:.0f} % [{saved['low']:.0f}, {saved['high']:.0f}]: "
            f"{saved['verdict']}"
        )


def _goal(goal: Mapping[str, Any], first: int) -> str:
    if goal["labels"] is None:
        return f"not reached ({goal['reached']} of {goal['seeds']} seeds)"
    if goal["labels"] == first:
        return f"{first} labels or fewer"
    ends = "" if goal["low"] is None else f" [{max(0.0, goal['low']):.0f}, {goal['high']:.0f}]"
    return f"{goal['labels']:.0f} labels{ends}"


def _share(value: float, low: float | None, high: float | None) -> str:
    return f"{value:.3f}" + ("" if low is None else f" [{low:.3f}, {high:.3f}]")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def plural(n: int, word: str) -> str:
    """The word as it stands after a count."""
    return word if n == 1 else word + "s"
