"""Make a project: its folder, ``tiebreak.toml``, ``labels.yaml``, the empty database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tiebreak import config
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.errors import ConfigError, InputError

LABELS = "labels.yaml"

TEMPLATE = """\
# Tiebreak project. Every key and its default: docs/configuration.md
[project]
name = {name}
task = {task}
seed = 0

[embedder]
name = {embedder}

[agent]
# "embedded": a small model on this machine, no key (weak: Tiebreak measures how weak).
# "openai:<model>": OpenAI, or any compatible server with base_url = "http://...".
# "none": no agent.
name = {agent}

# A budget needs the model's prices, in money per million tokens:
# [budget]
# money = 5.00
# [prices."<model>"]
# input = 0.15
# output = 0.60
"""


def init(
    folder: Path,
    schema: LabelSchema,
    *,
    task: str | None = None,
    agent: str = "embedded",
    embedder: str = config.EmbedderPart().name,
) -> None:
    """Write a new project's files. A folder that is a project already is left as it is.

    Raises:
        ConfigError: *folder* is a project already.
    """
    if (folder / config.FILE).exists():
        raise ConfigError(
            f"{str(folder)!r} is a project already.",
            mend="Choose another folder, or go on with: tiebreak import",
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_labels(folder / LABELS, schema)
    text = TEMPLATE.format(
        name=_toml(folder.resolve().name),
        task=_toml(task or config.ProjectPart().task),
        embedder=_toml(embedder),
        agent=_toml(agent),
    )
    (folder / config.FILE).write_text(text, encoding="utf-8")


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML basic string


def write_labels(path: Path, schema: LabelSchema) -> None:
    """Write ``labels.yaml``: names, definitions, examples, tier, guidelines."""
    body: dict[str, Any] = {"guidelines": schema.guidelines, "labels": []}
    for label in schema.labels:
        row: dict[str, Any] = {"name": label.name, "definition": label.definition}
        if label.examples:
            row["examples"] = list(label.examples)
        if label.tier != "normal":
            row["tier"] = label.tier
        body["labels"].append(row)
    path.write_text(yaml.safe_dump(body, sort_keys=False, allow_unicode=True), encoding="utf-8")


def read_labels(path: Path) -> LabelSchema:
    """A schema from a YAML file: a list of names, or the form that `write_labels` writes.

    A text file with one name a line is taken as well.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        raw = yaml.safe_load(text) if path.suffix in (".yaml", ".yml", ".json") else None
    except FileNotFoundError:
        raise InputError(f"There is no label file {str(path)!r}.", mend="Check the path.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: {problem}.", mend="Mend the file at that place.") from None
    if raw is None:
        raw = [line.strip() for line in text.splitlines() if line.strip()]
    if isinstance(raw, list):
        raw = {"labels": raw}
    if not isinstance(raw, dict) or not isinstance(raw.get("labels"), list):
        raise ConfigError(
            f"{path} has no list of labels.", mend="Write: labels: [{name: a}, {name: b}]"
        )
    labels = tuple(_label(row, path) for row in raw["labels"])
    return LabelSchema(labels=labels, guidelines=str(raw.get("guidelines") or ""))


def _label(row: Any, path: Path) -> Label:
    if not isinstance(row, dict):
        return Label(name=str(row))
    unknown = set(row) - {"name", "definition", "examples", "tier"}
    if unknown or "name" not in row:
        fact = f"{path}: label {row!r} has " + (
            f"unknown keys {sorted(unknown)!r}." if unknown else "no name."
        )
        raise ConfigError(fact, mend="A label has: name, definition, examples, tier.")
    return Label(
        name=str(row["name"]),
        definition=str(row.get("definition") or ""),
        examples=tuple(str(x) for x in row.get("examples") or ()),
        tier=str(row.get("tier") or "normal"),
    )


def names_schema(names: list[str]) -> LabelSchema:
    """A schema of bare names."""
    return LabelSchema(labels=tuple(Label(name=name) for name in names))
