"""What commands print: one JSON document for programs, short lines for people."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from tiebreak.results import to_json

if TYPE_CHECKING:
    from tiebreak.domain.evidence import Estimate

Result = TypeVar("Result")

_DRIVES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Somebody's text, fit for a terminal: what could drive it or turn letters round is U+FFFD."""
    return _DRIVES.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def emit(result: Result, as_json: bool, show: Callable[[Result], object]) -> None:
    """A command's result: as one JSON document, or as *show* prints it for people."""
    if as_json:
        print_json(result)
    else:
        show(result)


def print_json(document: Any) -> None:
    """One JSON document on stdout; what no terminal or encoding takes well is escaped."""
    raw = json.dumps(to_json(document), ensure_ascii=False, default=str)
    sys.stdout.write(_DRIVES.sub(lambda match: f"\\u{ord(match[0]):04x}", raw) + "\n")
    sys.stdout.flush()


def print_line(text: str = "") -> None:
    """A line for people, on stdout."""
    typer.echo(text)


def warn(text: str) -> None:
    """A line for people, on stderr."""
    typer.echo(text, err=True)


def accuracy(value: Estimate | None) -> str:
    """An accuracy with its interval and count, or a dash."""
    if value is None:
        return "–"
    return f"{value.accuracy:.3f}  [{value.low:.3f}, {value.high:.3f}]  n={value.n}"


def table(title: str, rows: list[tuple[str, str]]) -> None:
    """A two-column table on stdout."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=title, show_header=False, title_justify="left")
    for left, right in rows:
        grid.add_row(Text(left), Text(right))
    Console().print(grid)
