"""``tiebreak report``: what is promised and what is known, as a page and as JSON."""

from __future__ import annotations

from pathlib import Path

import typer

from tiebreak.cli.output import print_json, print_line, visible
from tiebreak.cli.setup import DIR, JSON
from tiebreak.results import to_json


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("report")(report_command)


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
        result = project.report(page)
    if as_json:
        print_json(to_json(result))
        return
    for promise in result.promised:
        print_line(visible(promise.sentence))
    if result.nothing is not None:
        print_line("Nothing is promised.")
        for line in (*result.nothing.why, *result.nothing.takes):
            print_line(visible(line))
    print_line(f"Wrote {page}")
