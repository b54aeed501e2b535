"""``report``: what is promised and known. ``simulate``: replay strategies on labelled records."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tiebreak.cli.output import emit, print_line, visible
from tiebreak.cli.setup import DIR, JSON
from tiebreak.errors import UsageError
from tiebreak.results import to_json

if TYPE_CHECKING:
    from tiebreak.report import Report
    from tiebreak.simulation import LabelledData


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("report")(report_command)
    app.command("simulate")(simulate_command)


def report_command(
    folder: Path = DIR,
    out: Path | None = typer.Option(
        None, "--out", metavar="FILE", help="The page to write; else report.html in DIR."
    ),
    as_json: bool = JSON,
) -> None:
    """What is promised, and what is known: one HTML file for who decides and who checks.

    With --json the document is printed, and the page is written only where --out says so.
    """
    from tiebreak.api import Project

    page = out if out is not None or as_json else folder / "report.html"
    with Project.open(folder, agent="none") as project:
        emit(project.report(page), as_json, partial(_show_report, page))


def _show_report(page: Path | None, report: Report) -> None:
    for promise in report.promised:
        print_line(visible(promise.sentence))
    if report.nothing is not None:
        print_line("Nothing is promised.")
        for line in (*report.nothing.why, *report.nothing.takes):
            print_line(visible(line))
    print_line(f"Wrote {page}")


def simulate_command(
    data: Path = typer.Argument(
        ..., metavar="FILE_OR_DIR", help="A labelled file, or a project that people labelled in."
    ),
    text: str = typer.Option("", help="A file's text column (else guessed)."),
    label: str = typer.Option("", help="Its label column (else guessed)."),
    split: str = typer.Option("", help="Its split column (else guessed); 'none' for none."),
    multiple: bool = typer.Option(
        False, "--multiple", help="A file's rows may have any number of labels."
    ),
    strategies: str = typer.Option(
        "", metavar="A,B", help="Strategies; default the product's. Random is always played too."
    ),
    seeds: int = typer.Option(3, min=1, help="Replays of each strategy."),
    seed: int = typer.Option(0, min=0, help="The first seed."),
    batch: int = typer.Option(0, min=0, help="Records per batch; 0: as the product would."),
    labels: int = typer.Option(
        0, min=0, help="Labels in all; 0: ten a label, eight batches at least, 60 % at most."
    ),
    target: str = typer.Option(
        "", metavar="A,B", help="Accuracies to reach; default .80,.85,.90 as far as reached."
    ),
    embedder: str = typer.Option("", help="Another text encoder: a name or a path."),
    out: Path | None = typer.Option(
        None, "--out", metavar="FOLDER", help="Write report.json, curve.csv and curve.svg here."
    ),
    as_json: bool = JSON,
) -> None:
    """Replay query strategies on labelled records: what would each have saved?"""
    from tiebreak.cli.progress import TerminalProgress
    from tiebreak.simulation import (
        SimulateOptions,
        compare_strategies,
        simulation_lines,
        write_simulation,
    )

    begun = time.perf_counter()
    columns = {"text": text or None, "label": label or None, "split": split or None}
    options = SimulateOptions(
        strategies=_parts(strategies),
        seeds=seeds,
        seed=seed,
        batch=batch or None,
        labels=labels or None,
        targets=_accuracies(target),
    )
    labelled = _labelled(data, columns, embedder or None, seed, multiple)
    report = compare_strategies(labelled, options, TerminalProgress())
    files = write_simulation(report, out) if out is not None else []

    def show(_: object) -> None:
        for line in simulation_lines(report):
            print_line(visible(line))
        for path in files:
            print_line(f"Wrote {path}")

    seconds = round(time.perf_counter() - begun, 1)
    emit({**to_json(report), "files": files, "seconds": seconds}, as_json, show)


def _labelled(
    data: Path, columns: dict[str, str | None], embedder: str | None, seed: int, multiple: bool
) -> LabelledData:
    from tiebreak.simulation import from_file, from_project

    if not data.is_dir():
        return from_file(data, **columns, embedder=embedder, seed=seed, multiple=multiple)
    if named := [f"--{name}" for name, column in columns.items() if column]:
        raise UsageError(
            f"{str(data)!r} is a project, which has no columns to name with {', '.join(named)}.",
            mend="Leave that out, or give a file.",
        )
    from tiebreak.api import Project

    with Project.open(data, agent="none") as project:
        return from_project(project.context, embedder=embedder, seed=seed)


def _parts(typed: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in typed.split(",") if part.strip())


def _accuracies(typed: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in _parts(typed))
    except ValueError:
        raise UsageError(
            f"--target {typed!r} is no list of accuracies.", mend="Write for example .85,.90"
        ) from None
