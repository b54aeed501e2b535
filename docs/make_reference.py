"""Write `docs/commands.md` and `docs/configuration.md` from the code.

Run `python docs/make_reference.py`; a test fails when they are stale.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import typer.main
from pydantic import BaseModel

from tiebreak import config
from tiebreak.cli.main import app

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
        rows = [_row(p) for p in command.params if not _argument(p)]
        if rows:
            parts.append("| option | default | does |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


_EXITS = (
    "Every command with `--json` prints one JSON document on stdout and everything else on stderr."
    "\nExit codes: 0 done, 1 failed, 2 usage or bad input, 3 stopped by budget, 130 stopped by "
    "Ctrl-C.\n"
)


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


def main() -> None:
    """Write both files."""
    (HERE / "commands.md").write_text(commands(), encoding="utf-8")
    (HERE / "configuration.md").write_text(configuration(), encoding="utf-8")


if __name__ == "__main__":
    main()
