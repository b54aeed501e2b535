"""``predict``, ``export``, ``verify``, ``backup``, ``restore``: what comes out, and its care."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from tiebreak.cli.output import emit, print_json, print_line, warn
from tiebreak.cli.setup import DIR, JSON

CHUNK = 256


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("predict")(predict_command)
    app.command("export")(export_command)
    app.command("verify")(verify_command)
    app.command("backup")(backup_command)
    app.command("restore")(restore_command)


def predict_command(
    folder: Path = DIR,
    top: int = typer.Option(3, min=1, help="How many labels to give with probabilities."),
) -> None:
    """JSONL in on stdin ({"text": …}), JSONL out on stdout: label (or labels), confidence, top."""
    from tiebreak.api import Project

    bad = 0
    with Project.open(folder, agent="none") as project:
        multiple = project.schema.multiple
        for chunk in _chunks():
            good = [row for row in chunk if "error" not in row]
            answers = project.predict([row["text"] for row in good], top=top)
            predictions = iter(list(answers) if good else [])
            for row in chunk:
                if "error" in row:
                    bad += 1
                    print_json(row)
                    continue
                made = next(predictions)
                print_json(
                    {
                        **({"id": row["id"]} if "id" in row else {}),
                        **({"labels": made.labels} if multiple else {"label": made.label}),
                        "confidence": made.confidence,
                        "top": [{"label": n, "probability": p} for n, p in made.top],
                        "model_version": made.model_version,
                    }
                )
    if bad:
        warn(f"tiebreak: {bad} lines were no JSON object with a text; each says so in its place.")
        raise typer.Exit(2)


def _chunks() -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for number, line in enumerate(sys.stdin, start=1):
        if line.strip():
            chunk.append(_row(number, line))
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _row(number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as problem:
        return {"line": number, "error": f"no JSON: {problem}"}
    if isinstance(row, str):
        row = {"text": row}
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        return {"line": number, "error": "no object with a text"}
    return row


def export_command(
    folder: Path = DIR,
    file: Path = typer.Argument(..., metavar="FILE", help="CSV, JSONL or Parquet, by extension."),
    format: str = typer.Option("", help="csv, jsonl or parquet, whatever the extension."),
    only_labelled: bool = typer.Option(False, "--only-labelled", help="Leave the rest out."),
    as_json: bool = JSON,
) -> None:
    """Write labels with their provenance."""
    from tiebreak.api import Project

    with Project.open(folder, agent="none") as project:
        counts = project.export(file, format=format or None, only_labelled=only_labelled)
    if counts.get("unproved"):
        warn(f"UNPROVED: {counts['unproved']} rows have labels without a person or a proof.")
    rows = ", ".join(f"{n} {by}" for by, n in sorted(counts.items()))
    written = {"file": str(file), "rows": counts}
    emit(written, as_json, lambda _: print_line(f"Wrote {file}: {rows}"))


def verify_command(
    folder: Path = DIR,
    hash_: bool = typer.Option(False, "--hash", help="Print only the project's hash."),
    as_json: bool = JSON,
) -> None:
    """Derive again what can be derived, and say what does not match."""
    from tiebreak.api import Project

    with Project.open(folder, agent="none") as project:
        digest = project.hash()
        problems = [] if hash_ else project.verify()
    sentences = [problem.text for problem in problems]

    def show(_: object) -> None:
        for sentence in sentences:
            warn(sentence)
        print_line(digest if hash_ else f"{len(sentences)} problems. Hash {digest}")

    emit({"hash": digest, "problems": sentences}, as_json, show)
    if problems:
        raise typer.Exit(1)


def backup_command(
    folder: Path = DIR,
    file: Path = typer.Argument(..., metavar="FILE", help="The archive to write (.zip)."),
    as_json: bool = JSON,
) -> None:
    """Write everything that cannot be rebuilt into one archive, whatever the database."""
    from tiebreak.project import backup_project

    written = backup_project(folder, file)
    emit(written, as_json, lambda _: print_line(f"Wrote {file}: {written.rows} rows."))


def restore_command(
    file: Path = typer.Argument(..., metavar="FILE", help="An archive of `tiebreak backup`."),
    folder: Path = DIR,
    store: str = typer.Option("", help="Restore into this store.url instead."),
    as_json: bool = JSON,
) -> None:
    """Make a project again from an archive, in a new folder."""
    from tiebreak.project import restore_project

    restored = restore_project(file, folder, store_url=store or None)
    emit(restored, as_json, lambda _: print_line(f"Restored {restored.rows} rows into {folder}."))
