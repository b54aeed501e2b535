"""Projects whose agent is a chat server on loopback, with the hashing encoder and few records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tiebreak.api.project import Project

QUICK = {"timeout": 5.0, "retries": 0, "mode": "generate"}


def agent_project(
    folder: Path,
    url: str,
    rows: Sequence[dict[str, Any]],
    *,
    labels: Sequence[str] = (),
    gold: bool = True,
    toml: str = "",
    **agent: Any,
) -> Path:
    """A project in *folder* with *rows* (id, text, label, split) imported; returns the folder.

    Args:
        url: the agent's ``base_url``.
        labels: the schema's names; default: those of the rows.
        gold: whether the rows' labels are sealed; else none of them is imported.
        toml: further tables of ``tiebreak.toml``.
        agent: keys of its ``[agent]`` table, over `QUICK`.
    """
    file = folder.with_name(f"{folder.name}.jsonl")
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    names = labels or sorted({row["label"] for row in rows})
    with Project.create(folder, labels=names, agent="openai:stub", embedder="hashing") as project:
        project.import_file(file, labels_are="gold", label=None if gold else "none")
    keys = {"base_url": url, **QUICK, **agent}
    settings = folder / "tiebreak.toml"
    lines = [f"{name} = {json.dumps(value)}" for name, value in keys.items()]
    # the template ends within [agent]
    settings.write_text("\n".join([settings.read_text(encoding="utf-8"), *lines, toml, ""]))
    return folder


def set_key(folder: Path, old: str, new: str) -> None:
    """Change a line of ``tiebreak.toml``."""
    settings = folder / "tiebreak.toml"
    text = settings.read_text(encoding="utf-8")
    assert old in text
    settings.write_text(text.replace(old, new), encoding="utf-8")
