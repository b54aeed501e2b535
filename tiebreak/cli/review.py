"""``tiebreak review``: the web app at which people review."""

from __future__ import annotations

from pathlib import Path

import typer

from tiebreak.cli.loop import count_or_all
from tiebreak.cli.output import print_line, warn
from tiebreak.cli.setup import DIR


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("review")(review_command)


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
    from tiebreak.ui.background import LearnerOptions
    from tiebreak.ui.server.app import LOOPBACK, ReviewOptions, serve_project

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
