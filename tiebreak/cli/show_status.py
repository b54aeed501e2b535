"""The status, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tiebreak.cli.output import accuracy, print_line, table, visible
from tiebreak.results import to_json

if TYPE_CHECKING:
    from tiebreak.evaluation import LearningCurvePoint
    from tiebreak.learner import AnswerScores
    from tiebreak.report import Status


def show_status(status: Status) -> None:
    """Print counts and accuracies as a table, the learning curve, and what is to come."""
    counts = to_json(status.labelled)
    labelled = ", ".join(f"{n} {by}" for by, n in counts.items() if n) or "none"
    reasons = ", ".join(f"{n} {why}" for why, n in status.queue_by_reason.items())
    control = status.control
    rows = [
        ("records", f"{status.records} ({status.pool} in the pool)"),
        ("labelled", labelled.upper() if status.labelled.unproved else labelled),
        ("in the queue", f"{status.queue}" + (f" ({reasons})" if reasons else "")),
        ("proposed (no person yet)", str(status.proposed)),
        ("abstained / skipped / flagged / none fits",
         f"{status.abstained} / {status.skipped} / {status.flagged} / {status.none_fits}"),
        (f"model, control arm (n={control.n} labelled)", accuracy(control.model)),
        ("agent, control arm", accuracy(control.agent)),
    ]  # fmt: skip
    measured = {"control arm": control}
    for split, scores in (status.heldout or {}).items():
        measured[f"split {split}"] = scores
        rows.append((f"model, split {split}", accuracy(scores.model)))
        rows.append((f"agent, split {split}", accuracy(scores.agent)))
    if status.multiple:
        rows.append(("the figures above are of", "exact sets: every label right"))
        rows += _micro_f1(measured)
    spend = status.spend
    rows.append(("spent", f"{spend.money:.4f} in {spend.calls} calls, {spend.tokens} tokens"))
    table("Tiebreak", rows)
    show_curve(status.curve)
    for line in outlook_lines(status):
        print_line(visible(line))
    for line in promise_lines(status):
        print_line(visible(line))


def _micro_f1(measured: Mapping[str, AnswerScores]) -> Iterator[tuple[str, str]]:
    for where, scores in measured.items():
        for who, value in (scores.micro_f1 or {}).items():
            if value is not None:
                yield f"{who}, {where}: micro-F1", f"{value:.3f}"


def show_curve(points: Sequence[LearningCurvePoint]) -> None:
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
        naive = point.selected
        grid.add_row(
            str(point.most) if point.least == point.most else f"{point.least} to {point.most}",
            accuracy(point.accuracy),
            "–" if naive is None else f"{naive.accuracy:.3f}  n={naive.n}",
        )
    Console().print(grid)
    print_line(
        "The naive figure is of the records that the model was least sure of: not of your data."
    )


def outlook_lines(status: Status) -> Iterator[str]:
    """What is to come, a line each: the forecast, whether to stop, a drift sensor that fired."""
    forecast, drift = status.forecast, status.drift
    if forecast is not None:
        yield f"Forecast: {forecast.text}"
        if forecast.stop is not None:
            yield f"{'Stop selecting' if forecast.stop.stop else 'Go on'}: {forecast.stop.why}"
    if drift is not None and drift.state != "ok":
        word = "paused" if drift.state == "pause" else "drift"
        yield f"{word}: {drift.reason}. {drift.do}"


def promise_lines(status: Status) -> Iterator[str]:
    """What is promised, a certificate each: the sentence, why not more, what more would buy."""
    for certificate in status.certificates:
        name = f"Policy {certificate.policy}, tier {certificate.tier}"
        if certificate.mode == "stream":
            name += ", what arrives"
        yield f"{name}: {certificate.sentence}"
        if certificate.why:
            yield f"  Why not more: {certificate.why}"
        if certificate.next is not None:
            yield f"  Next: {certificate.next.text}."
