"""The page of the comparison, in Markdown, with a plot for each set, from the results there are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.selection.contenders import (
    BASELINE,
    CONTENDERS,
    OURS,
    PLAIN,
    PRODUCT,
    PRODUCT_HEAD,
    PRODUCT_RANDOM,
    SKA,
    SMALL,
)
from benchmarks.selection.figures import (
    TARGETS,
    TEN_TIMES,
    Against,
    Figures,
    Goal,
    Runs,
    Spread,
    against,
    figures,
    gap_goals,
    played,
    read,
    set_goals,
)
from benchmarks.selection.sets import QUICK, SETS
from benchmarks.selection.speed import WHOLE
from tiebreak.learner.choose_c import DEFAULT_C
from tiebreak.report.charts import Curve
from tiebreak.simulation.report import plural, simulation_svg

PLOTTED_PEERS = 3
ROOM = 20
"""Characters of a name beside a plot."""
HEADER = "| who | start | seeds | area | 80 % | 85 % | 90 % | saved | rare recall | s a batch |"


def write(folder: Path, page: Path, *, quick: bool) -> dict[str, Any]:
    """Write ``selection.md`` and its plots into *page*; returns the figures in short."""
    runs_by_set = read(folder, quick=quick)
    names = [name for name in (QUICK if quick else SETS) if name in runs_by_set]
    speed = folder / "speed.json"
    timed = json.loads(speed.read_text(encoding="utf-8")) if speed.is_file() else None
    by_set = {name: by_contender(runs_by_set[name]) for name in names}
    leads = {name: lead for name in names if (lead := against(runs_by_set[name])) is not None}
    goals = [*gap_goals([*leads.values()], len(SETS))]
    goals += [goal for name in names for goal in set_goals(name, by_set[name])]
    goals += _speed_goals(timed)
    page.mkdir(parents=True, exist_ok=True)
    lines = [*_head(quick), *_goals(goals), *_leads(leads)]
    for name in names:
        if BASELINE in by_set[name]:
            lines += _set(name, by_set[name], runs_by_set[name])
            (page / f"selection-{name}.svg").write_text(
                _plot(name, by_set[name], runs_by_set[name]), encoding="utf-8"
            )
    lines += [*_speed(timed), *_skipped({name: runs_by_set[name] for name in names}), *_foot()]
    (page / "selection.md").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return {
        "benchmark": "selection",
        "page": str(page / "selection.md"),
        "sets": {n: {"lead": round(x.gap[0], 4), "peer": x.peer} for n, x in leads.items()},
        "goals": {f"{g.what}, {g.reach}": [g.measured, g.met] for g in goals},
        "met": all(goal.met for goal in goals),
    }


def by_contender(runs: Runs) -> dict[str, Figures]:
    """Figures of each contender that has a curve, the highest area first."""
    whole = played(runs)
    base = whole.get(BASELINE, [])
    figures_of = {key: figures(many, base) for key, many in whole.items()}
    return dict(sorted(figures_of.items(), key=lambda item: -item[1].area[0]))


def _head(quick: bool) -> Iterator[str]:
    yield "# Selection against scikit-activeml and small-text"
    yield ""
    yield f"`make bench-selection{' ARGS=--quick' if quick else ''}` plays and writes this page."
    yield ""
    yield (
        f"{', '.join(_version(name) for name in (OURS, SKA, SMALL))}: the peers' own code with "
        "their own settings. The same frozen embeddings (all-MiniLM-L6-v2) for all. A seed's pool "
        "is 90 % of the train part, drawn by lot, the same for every contender, and so is a random "
        "start; accuracy is on the whole test part, on which nothing was tuned. Labels come from "
        "the data: the person is **simulated** and never errs."
    )
    yield ""
    yield (
        f"All but two have one plain head, logistic regression with C = {DEFAULT_C:.0f}, for "
        "choosing and for scoring, and no control arm: only the choice of records differs. "
        f"**{_name(PRODUCT)}** is the product: its default strategy and start, the "
        f"`{PRODUCT_HEAD}` head, its own choice of C, and a control arm of 10 % by lot that it "
        f"pays for. **{_name(PRODUCT_RANDOM)}** separates what that head is worth."
    )
    yield ""


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:  # the page can be written where no peer is installed
        return name


def _goals(goals: Sequence[Goal]) -> Iterator[str]:
    yield "## Targets"
    yield ""
    yield "| what | reach | found | |"
    yield "|---|---|---|---|"
    words = {True: "met", False: "**not met**", None: "not measured"}
    for goal in goals:
        yield f"| {goal.what} | {goal.reach} | {goal.measured} | {words[goal.met]} |"
    yield ""


def _leads(leads: Mapping[str, Against]) -> Iterator[str]:
    yield (
        "The best peer of a set is the one with the highest area on it, chosen afterwards, which "
        "favours it. Intervals are 95 % over seeds (Student's t), of these test records alone."
    )
    yield ""
    yield "| set | seeds of both | product | best peer | its area | lead |"
    yield "|---|---|---|---|---|---|"
    for name, lead in leads.items():
        peer = f"{_name(lead.peer)}, start: {_start(lead.peer)}"
        gap = _spread(lead.gap, "+.3f")
        yield f"| {name} | {lead.seeds} | {lead.product:.3f} | {peer} | {lead.best:.3f} | {gap} |"
    yield ""


def _set(name: str, figures_of: Mapping[str, Figures], runs: Runs) -> Iterator[str]:
    base = figures_of[BASELINE]
    data, one = SETS[name], played(runs)[BASELINE][0]
    batch = base.labels[1] - base.labels[0]
    yield f"## {name}"
    yield ""
    note = f" ({data.note})" if data.note else ""
    yield (
        f"{data.licence}{note}. {base.labels[-1]} labels in batches of {batch}, "
        f"{base.seeds} {plural(base.seeds, 'seed')}. Random ends at {base.curve[-1][0]:.3f}. "
        f"Rare recall: {one['rare']['of']}."
    )
    yield ""
    yield f"![Accuracy by labels on {name}](selection-{name}.svg)"
    yield ""
    yield HEADER
    yield "|" + "---|" * (HEADER.count("|") - 1)
    for key, row in figures_of.items():
        yield _row(key, row)
    yield ""
    if PRODUCT in figures_of and PRODUCT_RANDOM in figures_of:
        head = figures(played(runs)[PRODUCT], played(runs)[PRODUCT_RANDOM]).saved
        if head is not None:
            yield (
                "Against random choice **with the same head** the product saves "
                f"{_spread(head, '.0%')} of the labels."
            )
            yield ""


def _row(key: str, row: Figures) -> str:
    to = [f"> {row.labels[-1]}" if n is None else f"{n:.0f}" for n in row.to]
    gain = "" if key == BASELINE or row.saved is None else _spread(row.saved, ".0%")
    cells = [_name(key), _start(key), str(row.seeds), _spread(row.area, ".3f"), *to, gain]
    if key in (PRODUCT, PLAIN):
        cells[0] = f"**{cells[0]}**"
    return "| " + " | ".join([*cells, f"{row.rare:.3f}", f"{row.seconds:.3f}"]) + " |"


def _spread(value: Spread, form: str) -> str:
    mean, low, high = value
    return f"{mean:{form}}" + ("" if low is None else f" [{low:{form}}, {high:{form}}]")


def _name(key: str) -> str:
    named = {
        PRODUCT: "tiebreak as it comes",
        PRODUCT_RANDOM: "random, product's head",
        BASELINE: "random",
        PLAIN: "tiebreak default, plain head",
    }
    one = CONTENDERS[key]
    return named.get(key) or f"{one.library} {one.strategy}"


def _start(key: str) -> str:
    one = CONTENDERS[key]
    return "own" if one.cold == one.strategy and one.cold != "random" else one.cold


def _plot(name: str, figures_of: Mapping[str, Figures], runs: Runs) -> str:
    """Ours and random, and the peers that do best on the set."""
    peers = [key for key in figures_of if CONTENDERS[key].library != OURS][:PLOTTED_PEERS]
    shown = [k for k in (PRODUCT, PLAIN, *peers, PRODUCT_RANDOM, BASELINE) if k in figures_of]
    curves = [_curve(_short(key), figures_of[key]) for key in shown]
    return simulation_svg(
        curves,
        name=name,
        test=played(runs)[BASELINE][0]["test_rows"],
        seeds=figures_of[BASELINE].seeds,
        targets=TARGETS,
    )


def _short(key: str) -> str:
    """A name that has room beside a plot: ``ska`` scikit-activeml, ``st`` small-text."""
    one = CONTENDERS[key]
    if one.library == OURS:
        named = {PRODUCT: "tiebreak", PLAIN: "default, plain head", BASELINE: "random"}
        return named.get(key, "random, same head")
    start = {"random": "", one.strategy: " own"}.get(one.cold, f"/{one.cold}")
    word = f"{ {SKA: 'ska', SMALL: 'st'}[one.library] } {one.strategy}{start}".replace("_", " ")
    return word if len(word) <= ROOM else word[: ROOM - 1] + "…"


def _curve(name: str, row: Figures) -> Curve:
    mean, low, high = zip(*row.curve, strict=True)
    clipped = [
        [None if x is None else float(np.clip(x, 0, 1)) for x in side] for side in (low, high)
    ]
    return Curve(name=name, labels=row.labels, accuracy=mean, low=clipped[0], high=clipped[1])


def _speed_goals(timed: Mapping[str, Any] | None) -> list[Goal]:
    """Ours against a peer's same strategy; a pool smaller than the target's decides nothing."""
    what, reach = "a batch of 77 from 10,000, against the peer's", f"each ≥ {TEN_TIMES:.0f} ×"
    if timed is None or timed["pool"] < WHOLE:
        return [Goal(what, reach, "–", None)]
    ratios = {f"{lib} {its}": theirs / ours for _, ours, lib, its, theirs, _ in timed["rows"]}
    least = min(ratios, key=lambda key: ratios[key])
    enough = sum(ratio >= TEN_TIMES for ratio in ratios.values())
    words = f"{enough} of {len(ratios)}; least {ratios[least]:.1f} × ({least})"
    return [Goal(what, reach, words, enough == len(ratios))]


def _speed(timed: Mapping[str, Any] | None) -> Iterator[str]:
    if timed is None:
        return
    yield "## Seconds of a batch"
    yield ""
    yield (
        f"{timed['batch']} of {timed['pool']:,} x 384 with {timed['labelled']} labels and 77 "
        "classes, CPU seconds of one thread, medians (of three; fewer where it takes minutes). "
        "The head's scores of the pool are given to both; the same head takes "
        f"{timed['scoring']:.3f} s for them. "
        "DropQuery scores what it has masked itself."
    )
    yield ""
    yield "| ours | s | the peer's | s | ratio |"
    yield "|---|---|---|---|---|"
    for mine, ours, library, its, theirs, _ in timed["rows"]:
        yield f"| {mine} | {ours:.3f} | {library} {its} | {theirs:.2f} | {theirs / ours:.1f} × |"
    yield ""


def _skipped(runs_by_set: Mapping[str, Runs]) -> Iterator[str]:
    """What was not played, and why: nothing is left out in silence."""
    rows = sorted(
        {
            f"| {name} | {_name(key)}, start: {_start(key)} | {_why(run['skipped'])} |"
            for name, runs in runs_by_set.items()
            for key, many in runs.items()
            for run in many
            if "skipped" in run
        }
    )
    if rows:
        yield "## Not run"
        yield ""
        yield "| set | who | why |"
        yield "|---|---|---|"
        yield from rows
        yield ""


def _why(skipped: Mapping[str, Any]) -> str:
    if "seconds" in skipped:
        return f"too slow: {skipped['seconds']:.0f} s for a batch"
    if "gib" in skipped:
        return f"too big: about {skipped['gib']:.0f} GiB for a batch"
    return f"failed: {skipped['error']}"


def _foot() -> Iterator[str]:
    yield "## How to read it"
    yield ""
    yield (
        "*Area*: mean height of the accuracy curve between the first batch and the last. *80, 85, "
        "90 %*: labels where the mean curve first reaches it, a straight line between batches; the "
        "first batch's size means that or fewer. *Saved*: share of the labels saved against random "
        "choice with the plain head, at the accuracy where random ends (below 0: lost), paired by "
        "seed. *s a batch*: CPU seconds, median after the first batch, scoring the pool included."
    )
    yield ""
    yield (
        "Not compared: small-text's SEALS (needs hnswlib), BALD (needs dropout in a network) and "
        "multi-label strategies; scikit-activeml's committees, expected-error and discriminative "
        "strategies, which fit heads by the pool's size. In the plots `ska` is scikit-activeml, "
        "`st` small-text, `own` a strategy's own start, `/x` a start by x."
    )
