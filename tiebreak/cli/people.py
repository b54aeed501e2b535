"""``tiebreak people``: what a project says of its people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tiebreak.cli.output import print_json, print_line, visible
from tiebreak.cli.setup import DIR, JSON

if TYPE_CHECKING:
    from tiebreak.annotators import AlternativeAnnotatorTest, Interval, SharedErrors
    from tiebreak.review.quality import ConsensusReport, PeopleReport, PersonReport

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
    from tiebreak.api import Project
    from tiebreak.results import to_json

    with Project.open(folder, agent="none") as project:
        report = project.people(annotators=annotators)
        contradicted = project.consensus(consensus) if consensus else None
        opened = project.queue_checks() if queue else None
    if as_json:
        more = {"consensus": contradicted, "queue": opened}
        print_json(to_json(report) | {k: to_json(v) for k, v in more.items() if v is not None})
        return
    _show(report)
    if contradicted:
        _show_consensus(contradicted)
    if opened:
        counts = ", ".join(f"{n} {KINDS[kind]}" for kind, n in to_json(opened).items())
        print_line(f"Into the queue, blind: {counts}.")


def _show(report: PeopleReport) -> None:
    from tiebreak.cli.output import table

    if not report.people:
        print_line("No person has answered anything yet.")
        return
    _show_people(report.people)
    between, meter = report.agreement, report.anchoring
    rows = [
        ("records with several blind answers", str(between.records)),
        ("Krippendorff's alpha", _figure(between.alpha)),
    ]
    rows += [
        (f"kappa: {visible(p.first)}, {visible(p.second)}", _figure(p.kappa)) for p in between.pairs
    ]
    rows += [
        ("pull of a shown suggestion", _figure(meter.pull)),
        ("the agent, by blind cards", _figure(meter.accuracy)),
        ("the agent, by cards that show it", _figure(meter.naive)),
        ("wrong together with the machine", _shared(report.shared_errors)),
        ("may the agent replace a person", _alternative(report.alternative)),
    ]
    table("Between people, and beside the agent", rows)
    for unclear in between.unclear:
        label, other = visible(unclear.label), unclear.other
        advice = f"merge it with {visible(other)}" if other else "hide it, or define it anew"
        print_line(f"{label}: people do not tell it apart (alpha {unclear.alpha:.2f}); {advice}?")
    for person in report.people:
        for reason in person.fatigue.reasons:
            print_line(f"{visible(person.who)} should pause: {PAUSE[reason]}.")


def _show_people(people: Sequence[PersonReport]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(title="People", title_justify="left")
    grid.add_column("who")
    for name in ("answers", "blind", "right, where others agree", "same, when asked again", "s"):
        grid.add_column(name, justify="right")
    for person in people:
        seconds = person.median_seconds
        grid.add_row(
            Text(visible(person.who)), str(person.answers), str(person.blind),
            Text(_figure(person.gold, 2)), Text(_figure(person.repeats, 2)),
            "–" if seconds is None else f"{seconds:.1f}",
        )  # fmt: skip
    Console().print(grid)


def _show_consensus(report: ConsensusReport) -> None:
    for row in report.differ:
        answers = ", ".join(f"{visible(who)}: {label}" for who, label in row.answers.items())
        print_line(
            f"{visible(row.id)}: {row.in_force}, by {report.method} {row.consensus} "
            f"({row.confidence:.2f}; {answers})"
        )
    print_line(f"{len(report.differ)} listed, of {report.records} records with several answers.")


def _figure(figure: Interval | None, digits: int = 3) -> str:
    """A figure with its interval and count, or a dash."""
    if figure is None:
        return "–"
    value, low, high = (f"{x:.{digits}f}" for x in (figure.value, figure.low, figure.high))
    gap = "  " if digits > 2 else " "
    return gap.join((value, f"[{low}, {high}]", f"n={figure.n}"))


def _shared(bound: SharedErrors | None) -> str:
    if bound is None:
        return "no audit adjudicated yet"
    waiting = f", {bound.pending} still open" if bound.pending else ""
    return f"at most {bound.upper:.3f}  ({bound.wrong} of {bound.picked}{waiting})"


def _alternative(test: AlternativeAnnotatorTest | None) -> str:
    if test is None:
        return "needs 3 people with 30 shared records"
    passed = "yes" if test.passed else "no"
    return f"{passed}: it wins against {test.winning:.0%} of {test.annotators} people"
