"""Write `docs/commands.md`, `configuration.md`, `status.md` and `results.md` from the code.

Run `python docs/make_reference.py`; a test fails when they are stale.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer.main
from pydantic import BaseModel

from tiebreak import config
from tiebreak.cli.main import app
from tiebreak.drift.results import DriftReport
from tiebreak.evaluation.results import (
    LabelIssuesReport,
    LabelPrevalence,
    LoggedMetrics,
    MetricsRow,
    QueuedLabelIssues,
)
from tiebreak.loop.results import IntegrityProblem, RunEstimate
from tiebreak.project.doctor import DoctorCheck
from tiebreak.report.results import Report, RunResult, Status
from tiebreak.results import key_in_json
from tiebreak.review.quality.results import ConsensusReport, PeopleReport
from tiebreak.simulation.results import DemoReport, SimulationReport

HERE = Path(__file__).parent
NOTE = "<!-- Written by docs/make_reference.py; do not edit. -->\n"


def commands() -> str:
    """The command reference as Markdown."""
    root: Any = typer.main.get_command(app)
    parts = [NOTE, "# Commands\n", _EXITS]
    for name, command in root.commands.items():
        if command.hidden:  # former names
            continue
        arguments = " ".join(p.metavar or p.name.upper() for p in command.params if _argument(p))
        parts.append(f"## tiebreak {name} {arguments}".rstrip() + "\n")
        parts.append(f"{inspect.cleandoc(command.help or '')}\n")
        rows = [_row(p) for p in command.params if not (_argument(p) or p.hidden)]
        if rows:
            parts.append("| option | default | does |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


_EXITS = """\
Every command with `--json` prints one JSON document on stdout and everything else on stderr.
Exit codes: 0 done, 1 failed, 2 usage or bad input, 3 stopped by budget, 4 the promise takes more
than was allowed, 130 stopped by Ctrl-C.
"""


def _argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _row(param: Any) -> str:
    flag = max(param.opts, key=len)
    if param.metavar:
        flag += f" {param.metavar}".replace("|", r"\|")
    default = "" if param.default in (None, "", False, -1.0) else f"`{param.default}`"
    return f"| `{flag}` | {default} | {(param.help or '').replace('|', '&#124;')} |"


def configuration() -> str:
    """The settings reference as Markdown."""
    parts = [NOTE, "# `tiebreak.toml`\n", "Every key, with its default. Unknown keys are errors.\n"]
    for name, field in config.Settings.model_fields.items():
        part = field.annotation
        if not (inspect.isclass(part) and issubclass(part, BaseModel)):
            part, title = config.Price, f'[{name}."<model>"]'
        else:
            title = f"[{field.alias or name}]"
        parts.append(f"## `{title}`\n\n{inspect.cleandoc(part.__doc__ or '')}\n")
        rows = [f"| `{key}` | {_default(f)} |" for key, f in part.model_fields.items()]
        parts.append("| key | default |\n|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _default(field: Any) -> str:
    return "required" if field.is_required() else f"`{field.default!r}`"


def status() -> str:
    """What `tiebreak status` says, as Markdown."""
    of_run = [f for f in fields(RunResult) if f.name not in {x.name for x in fields(Status)}]
    parts = [
        NOTE,
        "# What `tiebreak status` says\n",
        "`tiebreak status DIR --json` prints one document, which `Project.status()` returns as a "
        "`Status`: its fields are the keys.\n",
        _table(Status),
        "`tiebreak run` prints the same, and so `Project.run()` returns it, with:\n",
        _table(RunResult, [f.name for f in of_run]),
        _STATUS_NOTES,
        *_nested(Status, set()),
    ]
    return "\n".join(parts)


_STATUS_NOTES = """\
**Control arm.** Every control record was scored by the head of its time, before its label. So
`control.model` is the accuracy on unlabelled records *over the run so far*; the newest head is
usually better. An abstention of the agent counts as not right
([decision 5](decisions/0005-agent-scores-abstentions-as-wrong.md)).

**Why not the accuracy on all labels?** Because people were asked about the records that the head
was least sure of. On such labels a head that is right on 85 % of your data looks like 60 %. The
curve shows that figure beside the honest one, as `selected`.
"""


def results() -> str:
    """What the other commands print with `--json`, and the methods of `Project` return."""
    parts = [
        NOTE,
        "# Results\n",
        "What `--json` prints is what a method of `Project` returns, typed: the fields are the "
        "keys. `tiebreak.to_json(result)` makes the document of a result; a number that JSON lacks "
        "becomes its text (`inf`). `status` and `run` have [a page of their own](status.md).\n",
    ]
    told: set[type] = {Status}
    for kind, where in _RESULTS.items():
        parts += [f"## `{kind.__name__}`: {where}\n", *_described(kind)]
        told.add(kind)
    for kind in _RESULTS:
        parts += _nested(kind, told)
    return "\n".join(parts)


_RESULTS: dict[type, str] = {
    DriftReport: "`drift`, `Project.drift()`",
    MetricsRow: "a row of `metrics`, `Project.metrics()`",
    LoggedMetrics: "`mlflow` of `metrics --mlflow`, `Project.log_metrics()`",
    LabelPrevalence: "an item of `Project.prevalence()`",
    RunEstimate: "`run --dry-run`, `Project.estimate_run()`",
    Report: "`report`, `Project.report()`",
    PeopleReport: "`people`, `Project.people()`",
    ConsensusReport: "`consensus` of `people --consensus`, `Project.consensus()`",
    LabelIssuesReport: "`label-issues`, `Project.label_issues()`",
    QueuedLabelIssues: "`queue` of `label-issues --queue`, `Project.queue_label_issues()`",
    IntegrityProblem: "an item of `Project.verify()`; `verify --json` prints its text",
    DoctorCheck: "an item of `checks` of `doctor`",
    SimulationReport: "`simulate`",
    DemoReport: "`demo`",
}


def _described(kind: type) -> Iterator[str]:
    """What a result is, and its fields."""
    words, _ = _words(kind)
    yield f"{words}\n"
    yield _table(kind)


def _table(kind: type, names: list[str] | None = None) -> str:
    _, described = _words(kind)
    rows = [("key", "type", "is"), ("---", "---", "---")]
    rows += [
        (f"`{key_in_json(f)}`", _type(str(f.type)), described.get(f.name, ""))
        for f in fields(kind)
        if names is None or f.name in names
    ]
    return "".join(f"| {' | '.join(row if described else row[:2])} |\n" for row in rows)


def _words(kind: type) -> tuple[str, dict[str, str]]:
    """A docstring's own words, and its fields' by name; a base's fields are described there."""
    described: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        _, _, attributes = inspect.cleandoc(base.__dict__.get("__doc__") or "").partition(
            "Attributes:\n"
        )
        lines = re.sub(r"\n {5,}", " ", attributes).splitlines()
        described |= dict(line.strip().split(": ", 1) for line in lines if line.strip())
    words = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")[0].strip()
    return _plain(words), {name: _plain(text) for name, text in described.items()}


def _plain(text: str) -> str:
    words = re.sub(r"``docs/(guides/([a-z-]+)\.md)``", _guide, text)
    words = words.replace("``", "`").replace("|", "&#124;")
    return re.sub(r"\bNone\b", "null", words)


def _guide(path: re.Match[str]) -> str:
    """A guide named by its path, as a link."""
    return f"[{path[2].replace('-', ' ')}]({path[1]})"


def _type(annotation: str) -> str:
    """A type in the words of JSON."""
    words = re.sub(r"(tuple|list)\[([\w |]+)(, \.\.\.)?\]", r"list of \2", annotation)
    words = re.sub(r"(Mapping|dict)\[str, (.+)\]", r"mapping of \2", words)
    words = re.sub(r"Literal\[(.+)\]", r"\1", words)
    return words.replace(" | None", " or null").replace("|", "or")


def _nested(kind: type, told: set[type]) -> list[str]:
    """The results that a result is made of, each once."""
    parts: list[str] = []
    for other in _parts_of(kind):
        if other not in told:
            told.add(other)
            parts += [f"### `{other.__name__}`\n", *_described(other), *_nested(other, told)]
    return parts


def _parts_of(kind: type) -> Iterator[type]:
    def inside(hint: Any) -> Iterator[type]:
        if is_dataclass(hint) and isinstance(hint, type):
            yield hint
        for part in get_args(hint):
            yield from inside(part)

    for hint in get_type_hints(kind).values():
        yield from inside(hint)


PAGES = {
    "commands": commands,
    "configuration": configuration,
    "status": status,
    "results": results,
}


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        (HERE / f"{name}.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
