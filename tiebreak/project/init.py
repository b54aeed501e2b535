"""Make a project: its folder, ``tiebreak.toml``, ``labels.yaml``, the empty database."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tiebreak import config
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.errors import ConfigError, InputError

LABELS = "labels.yaml"
SETS_TASK = "Choose every label that applies to the text."
"""The task of a multi-label project that was given none."""

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


def create_project(
    folder: Path,
    schema: LabelSchema,
    *,
    task: str | None = None,
    agent: str = "embedded",
    embedder: str = config.EmbedderPart().name,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write a new project's files. A folder that is a project already is left as it is.

    Args:
        settings: further keys by table, as in ``docs/configuration.md``.

    Raises:
        ConfigError: *folder* is a project already; a setting that is unknown or out of range.
    """
    config.parse(dict(settings or {}), where="settings")
    if (folder / config.FILE).exists():
        raise ConfigError(
            f"{str(folder)!r} is a project already.",
            mend="Choose another folder, or go on with: tiebreak import",
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_labels(folder / LABELS, schema)
    text = TEMPLATE.format(
        name=_toml(folder.resolve().name),
        task=_toml(task or (SETS_TASK if schema.multiple else config.ProjectPart().task)),
        embedder=_toml(embedder),
        agent=_toml(agent),
    )
    for table, keys in (settings or {}).items():
        text = _put_table(text, table, keys)
    (folder / config.FILE).write_text(text, encoding="utf-8")


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # of plain values JSON is TOML


def _put_table(text: str, table: str, keys: Mapping[str, Any]) -> str:
    """A settings file with these keys; None leaves a key at its default."""
    for key, value in keys.items():
        if isinstance(value, Mapping):
            text = _put_table(text, f"{table}.{_toml(key)}", value)
        elif value is not None:
            text = _put(text, table, f"{key} = {_toml(value)}")
    return text


def _put(text: str, table: str, line: str) -> str:
    """The line in the place of its key's, else as the table's first, the table made at need."""
    head = f"\n[{table}]\n"
    if head not in text:
        return f"{text}{head}{line}\n"
    before, _, after = text.partition(head)
    body, mark, others = after.partition("\n[")
    old = re.compile(rf"^{re.escape(line.partition(' = ')[0])} = .*$", re.MULTILINE)
    body = old.sub(lambda _: line, body) if old.search(body) else f"{line}\n{body}"
    return f"{before}{head}{body}{mark}{others}"


def write_labels(path: Path, schema: LabelSchema) -> None:
    """Write ``labels.yaml``: names, definitions, examples, tier, guidelines, multiple."""
    body: dict[str, Any] = {"guidelines": schema.guidelines, "labels": []}
    if schema.multiple:
        body = {"multiple": True, **body}
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
    multiple = raw.get("multiple", False)
    if not isinstance(multiple, bool):
        raise ConfigError(f"{path}: multiple is {multiple!r}.", mend="Write true or false.")
    return LabelSchema(
        labels=tuple(_label(row, path) for row in raw["labels"]),
        guidelines=str(raw.get("guidelines") or ""),
        multiple=multiple,
    )


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


def names_schema(names: list[str], *, multiple: bool = False) -> LabelSchema:
    """A schema of bare names."""
    return LabelSchema(labels=tuple(Label(name=name) for name in names), multiple=multiple)
