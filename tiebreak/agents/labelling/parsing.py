"""Reading a generated answer: JSON with a label of the schema, or a reason to abstain.

Nothing is guessed: no fuzzy matching, no mending of broken JSON. Source: the parse of
with_structured_output loses the reply and its tokens on a wrong enum, so we read it ourselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from tiebreak.agents.labelling.fencing import neutralise
from tiebreak.domain.labels import LabelValue

MAX_RATIONALE = 240
_THINK = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)
_READER = json.JSONDecoder()


@dataclass(frozen=True)
class ParsedAnswer:
    """A reply's label value in schema order, or None and in ``abstain`` the reason why not."""

    labels: LabelValue | None
    abstain: str | None = None
    rationale: str = ""


def read_answer(
    text: str,
    names: Sequence[str],
    *,
    multiple: bool = False,
    finish: str = "stop",
    secrets: Collection[str] = (),
) -> ParsedAnswer:
    """Read ``{"label": …, "rationale": …}`` from a reply; with *multiple* ``{"labels": […], …}``.

    Thoughts and code fences are skipped; the first JSON object counts; each label must be in
    *names* exactly, after trimming. An empty list of labels is an answer. ``finish`` is the
    server's reason for ending; *secrets* are strings (marker, canary) whose echo makes the reply
    untrustworthy.

    Reasons: ``empty``, ``refused``, ``echo``, ``truncated``, ``invalid-json``, ``unknown-label``.
    """
    answer = _object(text, finish, secrets)
    if isinstance(answer, str):
        return ParsedAnswer(None, answer)
    listed = answer.get("labels") if multiple else [answer.get("label")]
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        return ParsedAnswer(None, "unknown-label")
    labels = {name.strip() for name in listed}
    if not labels.issubset(names):
        return ParsedAnswer(None, "unknown-label")
    in_order = tuple(name for name in names if name in labels)
    return ParsedAnswer(in_order, rationale=shorten(answer.get("rationale")))


def _object(text: str, finish: str, secrets: Collection[str]) -> dict[str, Any] | str:
    """The reply's JSON object, or the reason to abstain."""
    if finish == "content_filter":
        return "refused"
    body = _THINK.sub("", text).strip()
    answer = _first_object(body)
    checked = text if answer is None else text + json.dumps(answer, ensure_ascii=False)
    if any(secret in checked for secret in secrets):
        return "echo"
    if answer is None:
        if finish == "length":
            return "truncated"
        return "invalid-json" if body else "empty"
    return answer


def shorten(words: Any, limit: int = MAX_RATIONALE) -> str:
    """A rationale as one clean line of at most *limit* characters; not a string: empty."""
    if not isinstance(words, str):
        return ""
    line = " ".join(neutralise(words)[0].split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _first_object(text: str) -> dict[str, Any] | None:
    at = text.find("{")
    if at < 0:
        return None
    try:
        value, _ = _READER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
