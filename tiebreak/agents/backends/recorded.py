"""An agent that says again what a real model said once: recorded answers, read from a file.

So a loop, or a proof, meets the errors that models really make, and pays nothing. Its id begins
with ``recorded:`` and stands wherever an agent's name does. A recording is JSON Lines (``.jsonl``
or ``.jsonl.gz``), an answer a line: ``text``, ``label`` (null where the model gave none), and where
there is one ``confidence`` (a vote share, or the probability of the answer's token), ``run`` (which
model, if there are several in the file) and ``reply`` (its words).
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiebreak.agents.backends.scripted import code_logprobs, text_reply
from tiebreak.agents.labelling.codes import read_table
from tiebreak.agents.labelling.fencing import fenced, neutralise
from tiebreak.domain.ports import Completion, Request
from tiebreak.errors import ConfigError, InputError, LLMRejected

KIND = "recorded"
UNLIMITED_CONTEXT = 1_000_000
"""Tokens of context: a recording has read its texts already, none needs cutting."""
MAX_CODES = 100
EPSILON = 1e-9
"""Keeps the label that was said before the others where its confidence alone would not."""
UNPROCESSABLE = 422
_NO_CODE = "-"


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """What a model said about a text: a label or None, its confidence or None, its words."""

    label: str | None
    confidence: float | None = None
    reply: str = ""


class RecordedModel:
    """A `tiebreak.domain.ports.LabelModel` over a recording. Free, and never remote.

    Args:
        path: the recording. A text that it has twice is answered as the first time.
        run: whose answers, where the file has several runs.

    Raises:
        ConfigError: no such file, no such run, or several runs and none was named.
        InputError: a line that is no answer.
    """

    remote = False
    context_tokens: int | None = UNLIMITED_CONTEXT
    usual_demonstrations = 0
    """Examples would change nothing that is said."""

    def __init__(self, path: Path, run: str | None = None) -> None:
        self.id = recorded_id(path, run)
        self.answers = read_recording(path, run)
        confidences = [
            x.confidence is not None for x in self.answers.values() if x.label is not None
        ]
        self.max_top_logprobs = MAX_CODES if confidences and all(confidences) else 0

    def complete(self, request: Request) -> Completion:
        """The recorded answer about the text of the last message, in the mode that is asked.

        In score mode the recorded confidence is the probability of the label's code, as a server's
        log-probabilities would tell it, and the rest is shared by the other codes; what is not
        above their even share is told as that share. A recording in which a label has none is one
        of a server without log-probabilities. A null label is a refusal.

        Raises:
            LLMRejected: (422) there is no answer about this text. The record is abstained on.
        """
        question = request.messages[-1].content
        text = fenced(question)
        answer = self.answers.get(_key(question if text is None else text))
        if answer is None:
            raise LLMRejected(
                f"{self.id!r} has no answer about this text.",
                mend="Record one, or leave the record to people.",
                status=UNPROCESSABLE,
            )
        if answer.label is None:
            refusal = answer.reply or "No label was recorded."
            return Completion(text="", usage=text_reply(refusal, request).usage, refusal=refusal)
        if request.top_logprobs and answer.confidence is not None:
            return _scored(answer.label, answer.confidence, request)
        if request.schema is None:
            return text_reply(answer.label, request)
        generated = {"label": answer.label, "rationale": answer.reply}
        return text_reply(json.dumps(generated, ensure_ascii=False), request)

    def close(self) -> None:
        """Nothing to close."""


def recorded_id(path: Path, run: str | None) -> str:
    """``recorded:<run>@<file>``, without its ending; known without reading it."""
    stem = path.name.removesuffix(".gz").removesuffix(".jsonl")
    return f"{KIND}:{run}@{stem}" if run else f"{KIND}:{stem}"


def read_recording(path: Path, run: str | None = None) -> dict[str, RecordedAnswer]:
    """Answers by text, as prompts clean it; see `RecordedModel`."""
    runs: dict[str | None, dict[str, RecordedAnswer]] = {}
    for number, row in _rows(path):
        answer = _answer(path, number, row)
        runs.setdefault(row.get("run"), {}).setdefault(_key(row["text"]), answer)
    if run is None and len(runs) == 1:
        return next(iter(runs.values()))
    if run not in runs or run is None:
        names = ", ".join(sorted(str(name) for name in runs if name)) or "none"
        raise ConfigError(
            f"The recording {str(path)!r} has no run {run!r}."
            if run
            else f"The recording {str(path)!r} has several runs.",
            mend=f'Name one, as in agent.name = "{KIND}:{path.name}#RUN"; it has: {names}.',
        )
    return runs[run]


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    open_file = gzip.open if path.suffix == ".gz" else open
    try:
        with open_file(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, json.loads(line)
    except OSError as problem:
        why = problem.strerror or problem
        raise ConfigError(
            f"The recording {str(path)!r} cannot be read: {why}.",
            mend=f'Name a file: agent.name = "{KIND}:FILE.jsonl#RUN".',
        ) from None
    except ValueError as problem:  # no JSON, or no UTF-8
        raise InputError(f"{str(path)!r} is no JSON Lines: {problem}.", mend="Mend it.") from None


def _answer(path: Path, number: int, row: Any) -> RecordedAnswer:
    is_text = isinstance(row, dict) and isinstance(row.get("text"), str)
    label = row.get("label") if is_text else None
    confidence = row.get("confidence") if is_text else None
    if not is_text or not (label is None or isinstance(label, str)) or not _is_share(confidence):
        raise InputError(
            f"{str(path)!r}, line {number}, is no recorded answer: {str(row)[:80]!r}.",
            mend='Write {"text": "…", "label": "…" or null, "confidence": 0 to 1 or null}.',
        )
    return RecordedAnswer(
        label, None if confidence is None else float(confidence), str(row.get("reply") or "")
    )


def _is_share(value: Any) -> bool:
    if value is None:
        return True
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value <= 1


def _scored(label: str, confidence: float, request: Request) -> Completion:
    table = read_table("\n".join(m.content for m in request.messages if m.role == "system"))
    codes = {line: code for code, line in table.items()}
    code = codes.get(label) or next((codes[x] for x in codes if x.startswith(f"{label}: ")), None)
    if code is None:  # a label that was not among those to choose from
        code, table = (_NO_CODE, {}) if table else (label, {})
    others = [other for other in table if other != code]
    even_share = min(1.0, 1 / (len(others) + 1) + EPSILON)
    top = code_logprobs(code, others, max(confidence, even_share), request.top_logprobs)
    return Completion(text=code, usage=text_reply(code, request).usage, finish="length", top=top)


def _key(text: str) -> str:
    """A text as prompts have it, whatever its spaces."""
    return " ".join(neutralise(text)[0].split())
