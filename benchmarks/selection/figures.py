"""Figures of the runs of a comparison: per contender and set, and against the issue's targets.

A run is a job's result: ``seed``, ``labels``, ``accuracy``, ``query_seconds``, ``rare``; runs of
one contender are by seed, and two contenders are paired by it.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.selection.contenders import BASELINE, CONTENDERS, OURS, PRODUCT, settings_of
from tiebreak.simulation.curve_comparison import area, labels_to, over_seeds, saved

TARGETS = (0.80, 0.85, 0.90)
ABOVE_ON, MEAN_GAP, WITHIN = 6, 0.02, 0.003
TEN_TIMES = 10.0

Run = Mapping[str, Any]
Runs = Mapping[str, Sequence[Run]]
Spread = tuple[float, float | None, float | None]
"""A mean over seeds and the ends of its interval, None for one seed."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One contender on one set. ``to`` are labels where the mean curve first reaches `TARGETS`."""

    seeds: int
    labels: list[int]
    curve: list[Spread]
    area: Spread
    to: list[float | None]
    saved: Spread | None
    rare: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Against:
    """The product on one set against the peer with the highest area on it."""

    peer: str
    seeds: int
    product: float
    best: float
    gap: Spread


def read(folder: Path, *, quick: bool) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Results by set and contender, seeds in order; those of other settings are left out."""
    by_set: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for file in sorted(folder.glob("*/*-*.json")):
        result = json.loads(file.read_text(encoding="utf-8"))
        key = result["contender"]
        if key in CONTENDERS and result["settings"] == settings_of(key, quick=quick):
            by_set.setdefault(file.parent.name, {}).setdefault(key, []).append(result)
    for runs in by_set.values():
        for key in runs:
            runs[key].sort(key=lambda result: result["seed"])
    return by_set


def played(runs: Runs) -> dict[str, list[Run]]:
    """Contenders with a curve; a skipped job has none."""
    whole = {key: [run for run in many if "skipped" not in run] for key, many in runs.items()}
    return {key: many for key, many in whole.items() if many}


def figures(runs: Sequence[Run], base: Sequence[Run]) -> Figures:
    """Of one contender's runs, *base* being the runs of random choice on the same set."""
    labels = list(runs[0]["labels"])
    curves = np.array([run["accuracy"] for run in runs])
    mean = curves.mean(axis=0).tolist()
    warm = [s for run in runs for s in run["query_seconds"][1:]]
    other = {run["seed"]: run["accuracy"] for run in base}
    gains = [
        saved(labels, run["accuracy"], other[run["seed"]]) for run in runs if run["seed"] in other
    ]
    return Figures(
        seeds=len(runs),
        labels=labels,
        curve=[spread(column) for column in curves.T.tolist()],
        area=spread([area(labels, run["accuracy"]) for run in runs]),
        to=[labels_to(labels, mean, target) for target in TARGETS],
        saved=spread(gains) if gains else None,
        rare=statistics.mean(run["rare"]["recall"] for run in runs),
        seconds=statistics.median(warm) if warm else 0.0,
    )


def spread(values: Sequence[float]) -> Spread:
    """Mean and its 95 % interval over seeds."""
    over = over_seeds(values)
    if over is None:
        return values[0], None, None
    return over.value, over.low, over.high


def against(runs: Runs) -> Against | None:
    """The product and the best peer of a set; None while either is missing.

    The best is chosen afterwards, by its mean over the seeds that it shares with the product.
    """
    areas = {
        key: {run["seed"]: area(run["labels"], run["accuracy"]) for run in many}
        for key, many in played(runs).items()
    }
    mine = areas.get(PRODUCT, {})
    shared = {
        key: sorted(mine.keys() & theirs.keys())
        for key, theirs in areas.items()
        if CONTENDERS[key].library != OURS
    }
    most = max((len(seeds) for seeds in shared.values()), default=0)
    if not most:
        return None
    full = {key: seeds for key, seeds in shared.items() if len(seeds) == most}
    means = {key: statistics.mean(areas[key][s] for s in seeds) for key, seeds in full.items()}
    peer = max(means, key=lambda key: means[key])
    return Against(
        peer=peer,
        seeds=len(full[peer]),
        product=statistics.mean(mine[s] for s in full[peer]),
        best=means[peer],
        gap=spread([mine[s] - areas[peer][s] for s in full[peer]]),
    )


@dataclass(frozen=True)
class Goal:
    """A target of the comparison: in words, what is to be reached, what was, and whether."""

    what: str
    reach: str
    measured: str
    met: bool | None


def gap_goals(sets: Sequence[Against], total: int) -> list[Goal]:
    """The three targets on the area: above on enough sets, by how much, the rest close behind."""
    if not sets:
        return [Goal("area above the best peer's", f"{ABOVE_ON} of {total} sets", "–", None)]
    gaps = [one.gap[0] for one in sets]
    above = sum(gap > 0 for gap in gaps)
    mean, rest = statistics.mean(gaps), [gap for gap in gaps if gap <= 0]
    whole = len(sets) == total
    return [
        Goal(
            "area above the best peer's",
            f"on ≥ {ABOVE_ON} of {total} sets",
            f"on {above} of {len(sets)}",
            above >= ABOVE_ON if whole else None,
        ),
        Goal(
            "mean lead over the best peers", f"≥ {MEAN_GAP}", f"{mean:+.4f}",
            mean >= MEAN_GAP if whole else None,
        ),
        Goal(
            "on the other sets", f"within {WITHIN}", f"{min(rest):+.4f}" if rest else "none left",
            all(gap >= -WITHIN for gap in rest) if whole else None,
        ),
    ]  # fmt: skip


def label_goal(what: str, needed: float | None, most: float) -> Goal:
    """A count of labels that is to be reached with at most so many; None if it never was."""
    shown = "not within the budget" if needed is None else f"{needed:.0f}"
    return Goal(what, f"≤ {most:.0f}", shown, needed is not None and needed <= most)


def share_goal(what: str, share: float, least: float) -> Goal:
    """A share that is to be reached at least."""
    return Goal(what, f"≥ {least:.1%}", f"{share:.1%}", share >= least)


def set_goals(name: str, rows: Mapping[str, Figures]) -> list[Goal]:
    """The targets that the issue names for a set."""
    mine = rows.get(PRODUCT)
    if mine is None or BASELINE not in rows:
        return []
    goals = []
    if name == "banking77":
        goals = [label_goal("BANKING77 labels to 80 %", mine.to[0], 215)]
        goals += [label_goal("BANKING77 labels to 85 %", mine.to[1], 330)]
        goals += [share_goal("BANKING77 accuracy at 770 labels", mine.curve[-1][0], 0.915)]
    if name == "clinc150":
        goals = [label_goal("CLINC150 labels to 85 %", mine.to[1], 390)]
        goals += [label_goal("CLINC150 labels to 90 %", mine.to[2], 640)]
    if goals and mine.saved is not None:
        words = f"{name}: labels saved against random at random's final accuracy"
        goals.append(share_goal(words, mine.saved[0], 0.65))
    return goals
