"""``label-issues``, ``drift``, ``metrics``: what a project says of its labels, data and course."""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tiebreak.cli.output import emit, print_line, visible, warn
from tiebreak.cli.setup import DIR, JSON
from tiebreak.errors import UsageError

if TYPE_CHECKING:
    from tiebreak.drift import DriftReport
    from tiebreak.evaluation import LabelIssuesReport, MetricsRow

EXCERPT = 90


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("label-issues")(label_issues_command)
    app.command("doubts", hidden=True)(doubts_command)
    app.command("drift")(drift_command)
    app.command("metrics")(metrics_command)


def label_issues_command(
    folder: Path = DIR,
    of: str = typer.Option("people", "--of", help="Whose labels: people, agent or model."),
    limit: int = typer.Option(20, min=1, help="List so many, worst first."),
    queue: str = typer.Option(
        "", metavar="N|flagged", help="Put the worst N, or all flagged, into the review queue."
    ),
    as_json: bool = JSON,
) -> None:
    """Labels that are probably wrong, worst first; --queue has people look at them again."""
    from tiebreak.api import Project
    from tiebreak.cli.progress import TerminalProgress
    from tiebreak.evaluation import SOURCES
    from tiebreak.results import to_json

    source = next((s for s in SOURCES if s == of), None)
    if source is None:
        raise UsageError(f"--of {of!r} is unknown.", mend=f"Use {', '.join(SOURCES)}.")
    most = _count(queue)
    with Project.open(folder, agent="none", progress=TerminalProgress()) as project:
        report = project.label_issues(source, limit=limit)
        queued = project.queue_label_issues(source, most=most) if queue else None

    def show(_: object) -> None:
        _show_label_issues(report)
        if queued:
            left = ", ".join(f"{n} {why}" for why, n in to_json(queued.left_out).items() if n)
            print_line(f"Into the queue, blind: {queued.opened}. Left out: {left or 'none'}.")
            print_line(
                f"Next: tiebreak review {folder}   (in the terminal: tiebreak label {folder})"
            )

    emit({**to_json(report), **({"queue": queued} if queued else {})}, as_json, show)


@wraps(label_issues_command)
def doubts_command(**given: Any) -> None:
    """Deprecated: the former name of `label-issues`."""
    warn("tiebreak: 'doubts' is now 'label-issues'; the old name will go.")
    label_issues_command(**given)


def _count(typed: str) -> int | None:
    """A count; None for ``flagged`` and for nothing."""
    if typed in ("", "flagged"):
        return None
    if not typed.isdigit() or not int(typed):
        raise UsageError(f"--queue {typed!r} is no count.", mend="Give a number, or flagged.")
    return int(typed)


def _show_label_issues(report: LabelIssuesReport) -> None:
    """Two lines a record, which read well at any width: the label, and the text."""
    for row in report.suspects:
        text = visible(row.excerpt).replace("\n", " ")
        marks = "".join(f", {k}" for k in ("flagged", "control") if getattr(row, k))
        print_line(
            f"{visible(row.id)}: {row.given}, rather {row.better} "
            f"(quality {row.quality:.3f}{marks})"
        )
        print_line(f"    {text[:EXCERPT]}{'…' if len(text) > EXCERPT else ''}")
    print_line(
        f"Labels of {report.source}: {report.flagged} of {report.judged} are flagged; "
        f"{report.unjudged} have a label with too few rows to judge."
    )


def drift_command(
    folder: Path = DIR,
    after: int = typer.Option(
        0, min=0, metavar="ID", help="Compare what came after this record with what was before."
    ),
    window: int = typer.Option(0, min=0, help="Records a window; 0: 200."),
    acknowledge: bool = typer.Option(
        False, "--acknowledge", help="You looked: all records so far are known ones; a pause ends."
    ),
    looked: bool = typer.Option(False, "--looked", hidden=True),
    as_json: bool = JSON,
) -> None:
    """Are new records like the old ones? Sensors that pause, and never prove anything."""
    from tiebreak.api import Project
    from tiebreak.cli.progress import TerminalProgress

    with Project.open(folder, agent="none", progress=TerminalProgress()) as project:
        if looked:
            warn("--looked is --acknowledge now; the old name will go in a later version.")
        if acknowledge or looked:
            mark = project.acknowledge_drift()
        else:
            report = project.drift(after=after or None, window=window or None)
            emit(report, as_json, _show_drift)
            return
    ended = f"Known records are now those up to {mark}. A pause, if there was one, is over."
    acknowledged = {"acknowledged": True, "looked": True, "after": mark}
    emit(acknowledged, as_json, lambda _: print_line(ended))


def _show_drift(report: DriftReport) -> None:
    from tiebreak.cli.output import table

    peak, alarm = report.martingale.log10_peak, report.martingale.alarm_at
    rows = [
        ("state", f"{report.state}: {report.reason}"),
        ("known / new records", f"{report.reference} / {report.new} (after {report.after})"),
        ("the bet on farther texts", f"won 10^{peak:.1f} times its stake at most"
         + (f"; alarm at record {alarm}" if alarm else "")),
    ]  # fmt: skip
    for window in report.windows[-5:]:
        ps = ", ".join(f"{name} p = {p:.3g}" for name, p in window.p.items())
        rows.append((f"records {window.first} to {window.last}", f"{window.state}: {ps}"))
    for group in report.groups:
        rows.append((f"{group.size} far texts, alike", visible(", ".join(group.records[:8]))))
    table("Drift", rows)
    if report.do:
        print_line(report.do)


def metrics_command(
    folder: Path = DIR,
    to: Path | None = typer.Option(
        None, "--to", metavar="FILE", help="Write CSV, JSONL or Parquet, by extension."
    ),
    mlflow: str = typer.Option(
        "", metavar="FOLDER|URI", help="Log to MLflow: a folder, or a tracking URI."
    ),
    as_json: bool = JSON,
) -> None:
    """Every metric by labels, one row a trained model; for a table or a tracker."""
    from tiebreak.api import Project

    with Project.open(folder, agent="none") as project:
        rows = project.metrics()
        written = None if to is None else project.export_metrics(to)
        logged = project.log_metrics(mlflow) if mlflow else None

    def show(_: object) -> None:
        _show_metrics(rows)
        if written is not None:
            print_line(f"Wrote {to}: {written} rows.")
        if logged:
            print_line(f"Logged {logged.metrics} values to {logged.uri}, run {logged.run}.")

    document: dict[str, Any] = {"metrics": rows}
    if written is not None:
        document |= {"file": str(to), "rows": written}
    if logged:
        document["mlflow"] = logged
    emit(document, as_json, show)


def _show_metrics(metrics: Sequence[MetricsRow]) -> None:
    from rich.console import Console
    from rich.table import Table

    from tiebreak.results import to_json

    if not metrics:
        print_line("There are no metrics yet: no model was trained.")
        return
    rows = [to_json(row) for row in metrics]
    grid = Table(title="Metrics by model", title_justify="left")
    shown = {
        "head": "model", "labels": "labels", "control_accuracy": "control", "control_n": "n",
        "control_so_far_accuracy": "so far", "naive_accuracy": "naive", "agent_accuracy": "agent",
        "kappa": "kappa", "spend": "spend", "seconds_a_label": "s/label",
        "labels_an_hour": "labels/h",
    }  # fmt: skip
    for name in shown.values():
        grid.add_column(name, justify="right")
    for row in rows:
        grid.add_row(*(_cell(row[name]) for name in shown))
    Console().print(grid)
    print_line(f"{len(rows[0])} columns in all: --to FILE.csv, or --json.")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
