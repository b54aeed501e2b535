"""``init``, ``import``, ``doctor``: making a project, filling it, checking the machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from tiebreak.cli.output import emit, print_line, warn
from tiebreak.errors import UsageError

JSON = typer.Option(False, "--json", help="Print one JSON document on stdout.")
DIR = typer.Argument(..., metavar="DIR", help="The project's folder.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("init")(init_command)
    app.command("import")(import_command)
    app.command("doctor")(doctor_command)


def init_command(
    folder: Path = DIR,
    labels: str = typer.Option("", help="Names: a,b,c. Or a file: labels.yaml, or one a line."),
    labels_from: str = typer.Option("", metavar="FILE:COL", help="Read names from a column."),
    multiple: bool = typer.Option(
        False, "--multiple", help="Any number of labels may apply to a record, also none."
    ),
    task: str = typer.Option("", help="What the label says, in a sentence; the agent reads it."),
    agent: str = typer.Option("embedded", help="embedded, none, or openai:<model>."),
    embedder: str = typer.Option("all-MiniLM-L6-v2", help="A sentence-transformers name or path."),
    as_json: bool = JSON,
) -> None:
    """Make a project."""
    from tiebreak.files import labels_of_column
    from tiebreak.project import create_project, names_schema, read_labels

    if bool(labels) == bool(labels_from):
        raise UsageError(
            "A project needs its labels from one place.",
            mend="Give --labels a,b,c, or --labels FILE, or --labels-from FILE:COL.",
        )
    if labels_from:
        file, _, column = labels_from.rpartition(":")
        if not file:
            raise UsageError(
                f"--labels-from {labels_from!r} has no column.", mend="Write FILE:COL."
            )
        names = labels_of_column(Path(file), column, multiple=multiple)
        schema = names_schema(names, multiple=multiple)
    elif Path(labels).is_file():
        schema = read_labels(Path(labels))
        schema = replace(schema, multiple=schema.multiple or multiple)
    else:
        names = [x.strip() for x in labels.split(",") if x.strip()]
        schema = names_schema(names, multiple=multiple)
    create_project(folder, schema, task=task or None, agent=agent, embedder=embedder)

    def show(_: object) -> None:
        print_line(f"Made {folder} with {len(schema.names)} labels.")
        print_line(f"Next: tiebreak import {folder} FILE")

    emit({"project": str(folder), "labels": schema.names}, as_json, show)


def import_command(
    folder: Path = DIR,
    files: list[Path] = typer.Argument(..., metavar="FILE...", help="CSV, TSV, JSONL, Parquet"),
    text: str = typer.Option("", help="The text column (else guessed)."),
    label: str = typer.Option("", help="The label column (else guessed); 'none' for none."),
    id_: str = typer.Option("", "--id", help="The id column (else guessed, else made)."),
    split: str = typer.Option("", help="The split column (else guessed); 'none' for none."),
    labels_are: str = typer.Option("annotations", help="annotations, or gold (sealed)."),
    heldout: str = typer.Option("", help="Splits that only measure; default test,val,dev."),
    source: str = typer.Option("", help="Name of the source; default the file's name."),
    corrections: bool = typer.Option(
        False, "--corrections", help="Rows correct labels of known records, matched by id."
    ),
    who: str = typer.Option("", help="Who labelled the file; default the file's name."),
    encoding: str = typer.Option("", help="The encoding (else sniffed)."),
    delimiter: str = typer.Option("", help="The delimiter (else sniffed)."),
    as_json: bool = JSON,
) -> None:
    """Import files: records, and their labels where there are any."""
    from tiebreak.api import Project
    from tiebreak.cli.progress import TerminalProgress
    from tiebreak.files import ImportOptions
    from tiebreak.results import to_json

    options = ImportOptions(
        text=text or None,
        label=label or None,
        id=id_ or None,
        split=split or None,
        labels_are=labels_are,
        heldout={x.strip() for x in heldout.split(",")} if heldout else None,
        source=source or None,
        corrections=corrections,
        who=who or None,
        encoding=encoding or None,
        delimiter=delimiter.replace("\\t", "\t") or None,
    )
    with Project.open(folder, progress=TerminalProgress()) as project:
        summaries = [project.import_file(path, options) for path in files]

    def show(_: object) -> None:
        for summary in summaries:
            for line in summary.lines():
                print_line(line)
        print_line(f"Next: tiebreak run {folder}")

    files_read = [{**to_json(x), "lines": list(x.lines())} for x in summaries]
    emit({"files": files_read}, as_json, show)


def doctor_command(
    folder: Path | None = typer.Argument(None, metavar="[DIR]", help="A project to check too."),
    as_json: bool = JSON,
) -> None:
    """Check packages, store, embedder and whether the LLM answers; say what to mend."""
    from tiebreak.project import run_checks

    checks = run_checks(folder)
    ok = all(check.ok for check in checks)

    def show(_: object) -> None:
        for check in checks:
            print_line(f"{'ok  ' if check.ok else 'BAD '} {check.name}: {check.found}")
            if not check.ok:
                warn(f"     mend: {check.mend}")

    emit({"ok": ok, "checks": checks}, as_json, show)
    if not ok:
        raise typer.Exit(1)
