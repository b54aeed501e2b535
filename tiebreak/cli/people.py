"""``tiebreak people``: what a project says of its people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from tiebreak.cli.output import print_json, print_line, visible
from tiebreak.cli.setup import DIR, JSON

PAUSE = {
    "errors": "errors grow within a session",
    "rushing": "the last answers took under a quarter of the usual time",
}
KINDS = {
    "adjudicate": "adjudications of audits",
    "second": "second answers",
    "repeat": "repeats",
    "gold": "agreed records",
}


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("people")(people)


def people(
    folder: Path = DIR,
    queue: bool = typer.Option(
        False, "--queue", help="Put the checks that are due into the review queue, blind."
    ),
    annotators: str = typer.Option(
        "skilled", help="How dear your people are, for the agent's test: expert, skilled, crowd."
    ),
    consensus: str = typer.Option(
        "",
        metavar="METHOD",
        help="List labels that several people's answers contradict: "
        "by majority, dawid_skene or crowdlab.",
    ),
    as_json: bool = JSON,
) -> None:
    """How far people agree, tire, are pulled by the agent, and err as the machine does."""
    from tiebreak.api.project import Project

    with Project.open(folder, agent="none") as project:
        report = project.people(annotators=annotators)
        if consensus:
            report["consensus"] = project.consensus(consensus)
        if queue:
            report["queue"] = project.queue_checks()
    if as_json:
        print_json(report)
        return
    _show(report)
    if consensus:
        _show_consensus(report["consensus"])
    if queue:
        opened = ", ".join(f"{n} {KINDS[kind]}" for kind, n in report["queue"].items())
        print_line(f"Into the queue, blind: {opened}.")


def _show(report: dict[str, Any]) -> None:
    from tiebreak.cli.output import table

    if not report["people"]:
        print_line("No person has answered anything yet.")
        return
    _show_people(report["people"])
    between = report["agreement"]
    meter, second = report["anchoring"], report["shared_errors"]
    rows = [
        ("records with several blind answers", str(between["records"])),
        ("Krippendorff's alpha", _figure(between["alpha"])),
    ]
    rows += [
        (f"kappa: {visible(p['first'])}, {visible(p['second'])}", _figure(p["kappa"]))
        for p in between["pairs"]
    ]
    rows += [
        ("pull of a shown suggestion", _figure(meter["pull"])),
        ("the agent, by blind cards", _figure(meter["accuracy"])),
        ("the agent, by cards that show it", _figure(meter["naive"])),
        ("wrong together with the machine", _shared(second)),
        ("may the agent replace a person", _alternative(report["alternative"])),
    ]
    table("Between people, and beside the agent", rows)
    for found in between["unclear"]:
        label, other = visible(found["label"]), found["other"]
        advice = f"merge it with {visible(other)}" if other else "hide it, or define it anew"
        print_line(f"{label}: people do not tell it apart (alpha {found['alpha']:.2f}); {advice}?")
    for row in report["people"]:
        for reason in row["fatigue"]["reasons"]:
            print_line(f"{visible(row['who'])} should pause: {PAUSE[reason]}.")


def _show_people(people: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(title="People", title_justify="left")
    grid.add_column("who")
    for name in ("answers", "blind", "right, where others agree", "same, when asked again", "s"):
        grid.add_column(name, justify="right")
    for row in people:
        seconds = row["median_seconds"]
        grid.add_row(
            Text(visible(row["who"])), str(row["answers"]), str(row["blind"]),
            Text(_short(row["gold"])), Text(_short(row["repeats"])),
            "–" if seconds is None else f"{seconds:.1f}",
        )  # fmt: skip
    Console().print(grid)


def _show_consensus(found: dict[str, Any]) -> None:
    for row in found["differ"]:
        said = ", ".join(f"{visible(who)}: {label}" for who, label in row["answers"].items())
        print_line(
            f"{visible(row['id'])}: {row['in_force']}, by {found['method']} {row['consensus']} "
            f"({row['confidence']:.2f}; {said})"
        )
    print_line(
        f"{len(found['differ'])} listed, of {found['records']} records with several answers."
    )


def _figure(found: dict[str, Any] | None) -> str:
    """A figure with its interval and count, or a dash."""
    if found is None:
        return "–"
    return f"{found['value']:.3f}  [{found['low']:.3f}, {found['high']:.3f}]  n={found['n']}"


def _short(found: dict[str, Any] | None) -> str:
    if found is None:
        return "–"
    return f"{found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}] n={found['n']}"


def _shared(found: dict[str, Any] | None) -> str:
    if found is None:
        return "no audit adjudicated yet"
    waiting = f", {found['pending']} still open" if found["pending"] else ""
    return f"at most {found['upper']:.3f}  ({found['wrong']} of {found['picked']}{waiting})"


def _alternative(found: dict[str, Any] | None) -> str:
    if found is None:
        return "needs 3 people with 30 shared records"
    said = "yes" if found["passed"] else "no"
    return f"{said}: it wins against {found['winning']:.0%} of {found['annotators']} people"
