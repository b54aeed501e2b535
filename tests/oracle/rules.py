"""What two plays of one and the same code do not have in common, and is left out therefore.

Each rule has its reason. Whatever no rule names is compared as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TEXT_RULES = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|Z| UTC)?", "<moment>", "a clock"),
    (r"(?m)^(tiebreak |(ok  |BAD ) [\w-]+: )\d+(\.\d+)+\S*", r"\1<version>", "packages' releases"),
    (r"^\d+(\.\d+)+(\+\w+)?$", "<version>", "packages' releases, in documents"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>", "a free port is taken"),
)
"""(pattern, what stands instead, why) in everything printed and in every file."""

PRINTED_RULES = (
    (r"\d+(\.\d+)? (s|seconds|minutes|min|h)\b", "<n> s", "a forecast of time, measured"),
    (r"\d+ a second", "<n> a second", "a speed, measured"),
    (r"(sqlite|postgresql), (\d+) records", r"<store>, \2 records", "played on each"),
    (r"about [\d.]+ [GM]B of memory", "about <n> MB of memory", "the process's memory"),
    (r"(?m)^.* should pause: .*\n?", "", "whether answers are rushed: their seconds, measured"),
)
"""More of them in what is printed, also in a document's texts, but not in files."""

JSON_RULES: Mapping[str, str] = {
    **dict.fromkeys(
        ("seconds", "seconds_total", "minutes", "seconds_a_label", "labels_an_hour",
         "median_seconds"),
        "durations, measured",
    ),
    "fatigue": "follows from durations",
    "memory": "the process's memory",
}  # fmt: skip
"""Keys of documents whose values differ, by why; which keys there are is compared."""


def clean_text(text: str) -> str:
    """A text by `TEXT_RULES`."""
    for pattern, instead, _ in TEXT_RULES:
        text = re.sub(pattern, instead, text)
    return text


def clean_printed(text: str) -> str:
    """What a command printed, by `TEXT_RULES` and `PRINTED_RULES`."""
    text = clean_text(text)
    for pattern, instead, _ in PRINTED_RULES:
        text = re.sub(pattern, instead, text)
    return text


def clean_stderr(text: str) -> list[str]:
    """What a command wrote on stderr, in sentences: where its lines are wrapped depends on the
    numbers in them, which are measured."""
    text = clean_printed(" ".join(text.split()))
    return re.split(r"(?<=[.;:]) ", text) if text else []


def clean_json(value: Any) -> Any:
    """A document by `JSON_RULES`, and its texts as printed ones."""
    if isinstance(value, dict):
        return {k: _measured(v) if k in JSON_RULES else clean_json(v) for k, v in value.items()}
    if isinstance(value, list):
        return [clean_json(x) for x in value]
    return clean_printed(value) if isinstance(value, str) else value


def _measured(value: Any) -> Any:
    """The keys without their values; what is null stays so."""
    if isinstance(value, dict):
        return {k: _measured(v) for k, v in value.items()}
    return None if value is None else "<measured>"
