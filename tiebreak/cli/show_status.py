"""The status, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tiebreak.cli.output import accuracy, print_line, table, visible


def show_status(report: dict[str, Any]) -> None:
    """Print counts and accuracies as a table, the learning curve, and what is to come."""
    labelled = ", ".join(f"{n} {by}" for by, n in report["labelled"].items() if n) or "none"
    reasons = ", ".join(f"{n} {why}" for why, n in report["queue_by_reason"].items())
    control = report["control"]
    rows = [
        ("records", f"{report['records']} ({report['pool']} in the pool)"),
        ("labelled", labelled.upper() if report["labelled"]["unproved"] else labelled),
        ("in the queue", f"{report['queue']}" + (f" ({reasons})" if reasons else "")),
        ("proposed (no person yet)", str(report["proposed"])),
        ("abstained / skipped / flagged / none fits",
         f"{report['abstained']} / {report['skipped']} / {report['flagged']} / "
         f"{report['none_fits']}"),
        (f"model, control arm (n={control['n']} labelled)", accuracy(control["model"])),
        ("agent, control arm", accuracy(control["agent"])),
    ]  # fmt: skip
    measured = {"control arm": control}
    for split, figures in (report["heldout"] or {}).items():
        measured[f"split {split}"] = figures
        rows.append((f"model, split {split}", accuracy(figures["model"])))
        rows.append((f"agent, split {split}", accuracy(figures["agent"])))
    if report["multiple"]:
        rows.append(("the figures above are of", "exact sets: every label right"))
        rows += _micro_f1(measured)
    spend = report["spend"]
    rows.append(
        ("spent", f"{spend['money']:.4f} in {spend['calls']} calls, {spend['tokens']} tokens")
    )
    table("Tiebreak", rows)
    show_curve(report["curve"])
    for line in outlook_lines(report):
        print_line(visible(line))
    for line in promise_lines(report):
        print_line(visible(line))


def _micro_f1(measured: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for where, figures in measured.items():
        for who, value in figures["micro_f1"].items():
            if value is not None:
                yield f"{who}, {where}: micro-F1", f"{value:.3f}"


def show_curve(points: list[dict[str, Any]]) -> None:
    """The learning curve as a table, the naive figure beside it; nothing without a point."""
    if not points:
        return
    from rich.console import Console
    from rich.table import Table

    grid = Table(title="Model by labels", title_justify="left")
    grid.add_column("labels", justify="right")
    grid.add_column("accuracy: control arm, with the pool's help")
    grid.add_column("naive: on selected records")
    for point in points:
        own = f"{point['from']} to {point['to']}"
        naive = point["selected"]
        grid.add_row(
            own if point["from"] != point["to"] else str(point["to"]),
            accuracy(point["accuracy"]),
            "–" if naive is None else f"{naive['accuracy']:.3f}  n={naive['n']}",
        )
    Console().print(grid)
    print_line(
        "The naive figure is of the records that the model was least sure of: not of your data."
    )


def outlook_lines(report: dict[str, Any]) -> Iterator[str]:
    """What is to come, a line each: the forecast, whether to stop, a drift sensor that fired."""
    told, drift = report["forecast"], report["drift"]
    if told is not None:
        yield f"Forecast: {told['text']}"
        stop = told["stop"]
        if stop is not None:
            yield f"{'Stop selecting' if stop['stop'] else 'Go on'}: {stop['why']}"
    if drift is not None and drift["state"] != "ok":
        word = "paused" if drift["state"] == "pause" else "drift"
        yield f"{word}: {drift['reason']}. {drift['do']}"


def promise_lines(report: dict[str, Any]) -> Iterator[str]:
    """What is promised, a certificate each: the sentence, why not more, what more would buy."""
    for told in report["certificates"]:
        name = f"Policy {told['policy']}, tier {told['tier']}"
        if told["mode"] == "stream":
            name += ", what arrives"
        yield f"{name}: {told['sentence']}"
        if told["why"]:
            yield f"  Why not more: {told['why']}"
        if told["next"] is not None:
            yield f"  Next: {told['next']['text']}."
