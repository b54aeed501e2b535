"""The prompts, as data: ``prompts/<name>/v<N>.md`` with front matter and named sections.

A file starts with ``name``, ``version`` and ``inputs`` between ``---`` lines. Its sections start
with ``[system]``, ``[example]``, ``[question]`` on a line of their own; ``{{input}}`` is put in
once and never looked into again, so that a record's text cannot smuggle in another input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import yaml

from tiebreak.errors import ConfigError

_FILE = re.compile(r"---\n(?P<head>.*?)\n---\n(?P<body>.*)", re.DOTALL)
_SECTION = re.compile(r"^\[(\w+)\]\n", re.MULTILINE)
_INPUT = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Prompt:
    """One version of a prompt. ``inputs`` are the names that its sections may ask for."""

    name: str
    version: int
    inputs: tuple[str, ...]
    sections: Mapping[str, str]

    @property
    def id(self) -> str:
        """``<name>/v<version>``, as suggestions record it."""
        return f"{self.name}/v{self.version}"

    def render(self, section: str, values: Mapping[str, str]) -> str:
        """A section with its inputs put in.

        Raises:
            ConfigError: the section or one of its inputs is missing.
        """
        if section not in self.sections:
            raise ConfigError(
                f"Prompt {self.id!r} has no section {section!r}.",
                mend=f"It has: {', '.join(self.sections)}.",
            )

        def fill(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in values:
                raise ConfigError(
                    f"Prompt {self.id!r} asks for {name!r}, which was not given.",
                    mend=f"Given: {', '.join(sorted(values))}.",
                )
            return values[name]

        return _INPUT.sub(fill, self.sections[section])


@cache
def load_prompt(name: str, version: int | None = None) -> Prompt:
    """A prompt by name, in its newest version unless one is named.

    Raises:
        ConfigError: no such prompt or version; the message lists what there is.
    """
    book = files("tiebreak.prompts")
    versions = {
        d.name: _versions(d) for d in book.iterdir() if d.is_dir() and d.name[0] not in "_."
    }
    if not versions.get(name):
        raise ConfigError(
            f"There is no prompt {name!r}.", mend=f"Known: {', '.join(sorted(versions))}."
        )
    number = max(versions[name]) if version is None else version
    if number not in versions[name]:
        raise ConfigError(
            f"Prompt {name!r} has no version {number!r}.", mend=f"It has: {sorted(versions[name])}."
        )
    return parse_prompt(
        (book / name / f"v{number}.md").read_text(encoding="utf-8"), f"{name}/v{number}"
    )


def parse_prompt(text: str, where: str) -> Prompt:
    """A prompt from the text of its file; *where* names it in errors.

    Raises:
        ConfigError: no front matter, a wrong name or version, an input that is not declared.
    """
    match = _FILE.fullmatch(text)
    head = yaml.safe_load(match["head"]) if match else None
    if match is None or not isinstance(head, dict) or {"name", "version", "inputs"} - set(head):
        raise ConfigError(
            f"Prompt {where!r} has no front matter with name, version and inputs.",
            mend="Start it with a line ---, those three keys, and a line ---.",
        )
    _, *parts = _SECTION.split(match["body"])
    sections = {key: body.strip("\n") for key, body in zip(parts[::2], parts[1::2], strict=True)}
    prompt = Prompt(str(head["name"]), int(head["version"]), tuple(head["inputs"]), sections)
    if prompt.id != where:
        raise ConfigError(f"Prompt {where!r} calls itself {prompt.id!r}.", mend="Mend its head.")
    used = {name for body in sections.values() for name in _INPUT.findall(body)}
    if stray := used - set(prompt.inputs):
        raise ConfigError(
            f"Prompt {where!r} uses {sorted(stray)!r}, which its inputs do not name.",
            mend="Add them to inputs.",
        )
    return prompt


def _versions(folder: Traversable) -> list[int]:
    names = [entry.name for entry in folder.iterdir()]
    return [int(n[1:-3]) for n in names if re.fullmatch(r"v\d+\.md", n)]
