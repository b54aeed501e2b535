"""``run``, ``label``, ``status``, ``demo``, ``review``: the loop, and the people in it."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tiebreak.cli.output import emit, print_line, warn
from tiebreak.cli.setup import DIR, JSON
from tiebreak.cli.show_status import show_status
from tiebreak.domain.promises import Promise
from tiebreak.errors import UsageError

if TYPE_CHECKING:
    from tiebreak.loop import RunEstimate
    from tiebreak.report import RunResult, Status

EXITS = {"budget": 3, "short": 4}
"""Exit codes by what is next after a run."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("run")(run_command)
    app.command("label")(label_command)
    app.command("status")(status_command)
    app.command("demo")(demo_command)
    app.command("review")(review_command)


def run_command(
    folder: Path = DIR,
    batch: int = typer.Option(0, min=0, help="Records per batch for people; 0: one a label."),
    max_error: float = typer.Option(
        0.0, "--max-error", help="Label without a person what is proved to have at most this error."
    ),
    confidence: float = typer.Option(0.0, help="Of that promise, for the project's life: 0.95."),
    promise: str = typer.Option(
        "", help="label (of the labels nobody looked at), or dataset (of the whole file)."
    ),
    rounds: int = typer.Option(
        0, min=0, help="With --reviewer labels: batches in all; 0: 10, or what a promise takes."
    ),
    max_labels: int = typer.Option(0, min=0, help="Stop at so many labels in all; 0: no limit."),
    prelabel: str = typer.Option("0", metavar="N|all", help="Records to pre-label beside batches."),
    score_heldout: int = typer.Option(0, min=0, help="Ask the agent about N held-out records."),
    reviewer: str = typer.Option("queue", help="queue (people), or labels (simulated, from gold)."),
    agent: str = typer.Option("", help="Another agent for this run: NAME, or none."),
    budget: float = typer.Option(-1.0, help="Money that may be spent in all."),
    accept_unproved: bool = typer.Option(
        False, "--accept-unproved", help="Label proposals without a person and without a proof."
    ),
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Only say about what it would take; buys and writes nothing."
    ),
    as_json: bool = JSON,
) -> None:
    """Run the loop until people are needed, the promise holds, or the budget or rounds are over.

    Ends with 3 when the budget is spent, and with 4 when the promise cannot be kept with the
    labels or rounds that are left.
    """
    from tiebreak.api import Project
    from tiebreak.cli.progress import TerminalProgress
    from tiebreak.loop import RunOptions

    if reviewer not in ("queue", "labels"):
        raise UsageError(f"--reviewer {reviewer!r} is unknown.", mend="Use queue or labels.")
    if promise not in _PROMISES:
        raise UsageError(f"--promise {promise!r} is unknown.", mend="Use label or dataset.")
    options = RunOptions(
        batch=batch or None,
        rounds=rounds or None,
        max_labels=max_labels or None,
        prelabel=count_or_all(prelabel),
        score_heldout=score_heldout,
        reviewer="labels" if reviewer == "labels" else "queue",
        budget=budget if budget >= 0 else None,
        accept_unproved=accept_unproved,
        max_error=max_error or None,
        confidence=confidence or None,
        promise=_PROMISES[promise],
    )
    with Project.open(folder, agent=agent or None, progress=TerminalProgress()) as project:
        if dry_run:
            emit(project.estimate_run(options), as_json, _show_estimate)
            return
        result = project.run(options)
    warn_unproved(result)
    emit(result, as_json, partial(_show_run, folder))
    if result.next in EXITS:
        raise typer.Exit(EXITS[result.next])


_PROMISES: dict[str, Promise | None] = {"": None, "label": "label", "dataset": "dataset"}


def _show_estimate(estimate: RunEstimate) -> None:
    for line in estimate.lines:
        print_line(line)


def _show_run(folder: Path, result: RunResult) -> None:
    show_status(result)
    print_line(result.message)
    print_line(_advice(result, folder))


def count_or_all(typed: str) -> int | None:
    """A count, or None for ``all``."""
    if typed == "all":
        return None
    if not typed.isdigit():
        raise UsageError(f"--prelabel {typed!r} is no count.", mend="Give a number, or all.")
    return int(typed)


def warn_unproved(status: Status) -> None:
    """Say UNPROVED on stderr wherever such labels are in a project."""
    if n := status.labelled.unproved:
        warn(f"UNPROVED: {n} labels were taken over without a person and without a proof.")


def label_command(
    folder: Path = DIR,
    who: str = typer.Option("", help="Your name; kept with each label. Default: the login name."),
) -> None:
    """Answer the review queue in the terminal, one key each."""
    import getpass

    from tiebreak.api import Project
    from tiebreak.cli.desk import TerminalDesk

    with Project.open(folder, agent="none") as project:
        answered = TerminalDesk(project, who or getpass.getuser()).work()
    print_line(f"{answered} answered. Next: tiebreak run {folder}")


def status_command(folder: Path = DIR, as_json: bool = JSON) -> None:
    """Counts, accuracies with intervals, costs, what next."""
    from tiebreak.api import Project

    with Project.open(folder) as project:
        status = project.status()
    warn_unproved(status)
    emit(status, as_json, partial(_show_status, folder))


def _show_status(folder: Path, status: Status) -> None:
    show_status(status)
    print_line(_advice(status, folder))


def _advice(status: Status, folder: Path) -> str:
    """What to do next, as a command."""
    steps = {
        "import": f"tiebreak import {folder} FILE",
        "review": f"tiebreak review {folder}   (in the terminal: tiebreak label {folder})",
        "run": f"tiebreak run {folder}",
        "budget": f"tiebreak run {folder} --budget MORE",
        "short": f"tiebreak report {folder}   (why, and what more labels would buy)",
        "done": f"tiebreak export {folder} labels.csv",
    }
    return f"Next: {steps[status.next]}"


def demo_command(
    folder: Path | None = typer.Option(None, "--dir", help="Keep the demo's project here."),
    agent: str = typer.Option("embedded", help="embedded, none, or openai:<model>."),
    open_desk: bool = typer.Option(
        False, "--open", help="Then open the review desk: the next batch waits for you."
    ),
    as_json: bool = JSON,
) -> None:
    """The whole loop on shipped real data, offline, no key."""
    from tiebreak.cli.progress import TerminalProgress
    from tiebreak.cli.show_demo import show_demo
    from tiebreak.simulation import run_demo

    if open_desk and folder is None:
        folder = Path(tempfile.mkdtemp(prefix="tiebreak-demo-")) / "project"
    emit(run_demo(folder, agent=agent, progress=TerminalProgress()), as_json, show_demo)
    if open_desk and folder is not None:
        warn(f"The demo's project is kept in {folder}. You are its reviewer now.")
        _open_desk(folder)


def _open_desk(folder: Path) -> None:
    from tiebreak.loop import RunOptions
    from tiebreak.simulation import BATCH
    from tiebreak.ui import LearnerOptions, ReviewOptions, serve_project

    options = ReviewOptions(open_browser=True, learner=LearnerOptions(run=RunOptions(batch=BATCH)))
    serve_project(folder, options, say=warn)


def review_command(
    folder: Path = DIR,
    port: int = typer.Option(0, min=0, max=65535, help="Port; 0: the first free one from 8501."),
    host: str = typer.Option("127.0.0.1", help="Address to serve at; loopback by default."),
    who: str = typer.Option("", help="Your name; without it each person is asked for theirs."),
    learn: bool = typer.Option(True, help="Learn and choose the next records in the background."),
    agent: str = typer.Option("", help="Another agent for the learner: NAME, or none."),
    batch: int = typer.Option(0, min=0, help="Records per batch for people; 0: one a label."),
    prelabel: str = typer.Option("0", metavar="N|all", help="Records to pre-label beside batches."),
    budget: float = typer.Option(-1.0, help="Money that the agent may spend in all."),
    open_browser: bool = typer.Option(True, "--open/--no-open", help="Open a browser."),
) -> None:
    """Review the agent's pre-labels in a web app, one key a decision; learns meanwhile."""
    from tiebreak.loop import RunOptions
    from tiebreak.ui import LOOPBACK, LearnerOptions, ReviewOptions, serve_project

    if host not in LOOPBACK:
        warn(
            f"Serving at {host}: whoever can reach this machine can label, under any name. "
            "Put a proxy that knows people in front."
        )
    serve_project(
        folder,
        ReviewOptions(
            host=host,
            port=port,
            who=who,
            learn=learn,
            open_browser=open_browser,
            learner=LearnerOptions(
                agent=agent or None,
                run=RunOptions(
                    batch=batch or None,
                    prelabel=count_or_all(prelabel),
                    budget=budget if budget >= 0 else None,
                ),
            ),
        ),
        say=print_line,
    )
