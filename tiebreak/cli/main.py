"""The ``tiebreak`` command. Commands are thin: each opens a `Project` and calls it.

Only typer and the errors are imported here; whatever is heavy loads inside a command.
"""

from __future__ import annotations

import sys

import typer

from tiebreak import __version__
from tiebreak.cli import data, insight, loop, people, reports, setup
from tiebreak.cli.output import print_json
from tiebreak.errors import TiebreakError

INTERRUPTED = 130

app = typer.Typer(
    name="tiebreak",
    help="An LLM agent and a fast model label your text data, and people break the ties.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for module in (setup, loop, data, insight, people, reports):
    module.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tiebreak {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version.", callback=_version, is_eager=True
    ),
) -> None:
    """An LLM agent and a fast model label your text data, and people break the ties."""


def main(argv: list[str] | None = None) -> None:
    """Run the command line; ends with `SystemExit`.

    Exit codes: 0 done, 1 failed, 2 usage or bad input, 3 stopped by budget, 130 stopped by Ctrl-C.
    An error is one sentence with its mend on stderr; with ``--json`` also a document on stdout.
    """
    args = sys.argv[1:] if argv is None else argv
    try:
        app(args=args)
    except TiebreakError as problem:
        if "--json" in args:
            kind = type(problem).__name__
            print_json({"error": {"kind": kind, "fact": problem.fact, "mend": problem.mend}})
        typer.echo(f"tiebreak: {problem}", err=True)
        sys.exit(problem.exit_code)
    except SystemExit as end:  # typer makes one of a Ctrl-C
        if end.code == INTERRUPTED:
            typer.echo("tiebreak: stopped. Nothing is lost: run it again to go on.", err=True)
        raise
