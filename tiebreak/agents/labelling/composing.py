"""From a task to a chat request: static prefix, demonstrations as turns, the fenced text.

Each demonstration is its own user and assistant turn, the most similar one last: on the embedded
model all of them in one message were at chance, turns far above it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from tiebreak.agents.labelling import codes, fitting, prompt_book
from tiebreak.agents.labelling.fencing import fence, marker, neutralise
from tiebreak.domain.evidence import Neighbour, Purpose
from tiebreak.domain.labels import LabelSchema
from tiebreak.domain.ports import Message, Request
from tiebreak.errors import ConfigError

Mode = Literal["score", "generate"]
MIN_CANDIDATES = 10
"""With fewer labels to choose from, a code's probability would say nothing."""
ENUM_LIMIT = 500
"""Above this many labels a server may refuse the enum; our own check holds in any case."""


@dataclass(frozen=True, kw_only=True)
class LabelTask:
    """A record to label. ``neighbours`` are similar records with their human labels, in any order.

    ``shortlist`` are likely labels, best first: used when there are more labels than the server
    returns log-probabilities for.
    """

    record_id: int
    text: str
    neighbours: tuple[Neighbour, ...] = ()
    shortlist: tuple[str, ...] | None = None
    purpose: Purpose = "batch"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A request, and what is needed to read its reply."""

    task: LabelTask
    mode: Mode
    prompt: str
    request: Request
    shown: tuple[Neighbour, ...]
    cut: str
    codes: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Composer:
    """Writes the requests of one run: task, schema, prompt and limits do not change within it."""

    schema: LabelSchema
    task: str
    prompt: str
    seed: int
    context_tokens: int
    top_logprobs: int
    answer_tokens: int
    demonstrations: int

    def compose(self, task: LabelTask, mode: Mode) -> Prepared:
        """The request for *task*, fitted to the context.

        Raises:
            ConfigError: labels and guidelines alone pass the context, or the prompt is unknown.
        """
        kind = "sets" if self.schema.multiple else mode
        book = prompt_book.load_prompt(f"{self.prompt}-{kind}")
        text, hidden = neutralise(task.text)
        shown = self._demonstrations(task)
        candidates = self._candidates(task, shown)
        if mode == "score":
            shown = tuple(n for n in shown if n.labels[0] in candidates)
        table = codes.assign_codes(candidates, self.seed, text)
        mark = marker(self.seed, [text, *(n.text for n in shown)])
        inputs = self._inputs(mode, table)

        def message(section: str, content: str) -> Message:
            values = {**inputs, "text": fence(content, mark)}
            return Message(role="user", content=book.render(section, values))

        system = Message(role="system", content=_tidy(book.render("system", inputs)))
        answers = self._answers(mode, table, shown)
        examples = [
            (message("example", neutralise(n.text)[0]), Message(role="assistant", content=answer))
            for n, answer in zip(shown, answers, strict=True)
        ]
        tokens = 1 if mode == "score" else self.answer_tokens
        fitted = fitting.fit_prompt(
            text,
            fixed=_length(system, message("question", "")) + tokens,
            demonstrations=[_length(*pair) for pair in examples],
            limit=self.context_tokens,
        )
        if fitted is None:
            raise ConfigError(
                f"{len(self.schema.names)} labels with their definitions do not fit into "
                f"{self.context_tokens} tokens.",
                mend="Raise agent.context_tokens if the model allows, or shorten labels.yaml.",
            )
        kept = examples[fitted.demonstrations_cut :]
        return Prepared(
            task=task,
            mode=mode,
            prompt=book.id,
            request=Request(
                messages=(system, *chain(*kept), message("question", fitted.text)),
                max_tokens=tokens,
                top_logprobs=self.top_logprobs if mode == "score" else 0,
                schema=self._json_schema() if mode == "generate" else None,
            ),
            shown=shown[fitted.demonstrations_cut :],
            cut=fitted.cut(hidden),
            codes=table if mode == "score" else {},
            secrets=(f"{mark}>", self._canary) if mode == "generate" else (),
        )

    def can_score(self, task: LabelTask) -> bool:
        """Whether a code for every label fits, or there is something to make a shortlist from."""
        if len(self.schema.names) <= self._max_codes:
            return True
        return bool(task.shortlist) or bool(self._demonstrations(task))

    # -- parts

    @property
    def _max_codes(self) -> int:
        return min(self.top_logprobs, len(codes.CODES))

    @property
    def _canary(self) -> str:
        raw = f"{self.seed}/{self.schema.fingerprint}".encode()
        return "ref-" + hashlib.sha256(raw).hexdigest()[:10]

    def _demonstrations(self, task: LabelTask) -> tuple[Neighbour, ...]:
        usable = [n for n in task.neighbours if self.schema.fits(n.labels)]
        usable.sort(key=lambda n: (n.similarity, -n.record_id))
        return tuple(usable[-self.demonstrations :]) if self.demonstrations else ()

    def _candidates(self, task: LabelTask, shown: Sequence[Neighbour]) -> list[str]:
        """Labels to choose among: all, or those of the demonstrations and the shortlist.

        A short list is filled up with others, because a choice between two is no measure.
        """
        names = self.schema.names
        if len(names) <= self._max_codes:
            return list(names)
        known = set(names)
        near = [name for n in reversed(shown) for name in n.labels]
        picked = list(dict.fromkeys([*near, *(x for x in task.shortlist or () if x in known)]))
        if len(picked) < MIN_CANDIDATES:
            rest = [name for name in names if name not in picked]
            picked += codes.assign_codes(rest, self.seed, task.text).values()
            picked = picked[:MIN_CANDIDATES]
        return picked[: self._max_codes]

    def _inputs(self, mode: Mode, table: Mapping[str, str]) -> dict[str, str]:
        meanings = {x.name: _meaning(x.definition, x.examples) for x in self.schema.labels}
        inputs = {"task": self.task, "guidelines": self.schema.guidelines}
        if mode == "score":
            return {**inputs, "codes": codes.code_table(table, meanings)}
        lines = [f"- {x}" + (f": {meanings[x]}" if meanings[x] else "") for x in self.schema.names]
        return {**inputs, "labels": "\n".join(lines), "canary": self._canary}

    def _answers(
        self, mode: Mode, table: Mapping[str, str], shown: Sequence[Neighbour]
    ) -> list[str]:
        if self.schema.multiple:
            return [_json_answer({"labels": list(n.labels)}) for n in shown]
        if mode == "generate":
            return [_json_answer({"label": n.labels[0]}) for n in shown]
        code = {label: letter for letter, label in table.items()}
        return [code[n.labels[0]] for n in shown]

    def _json_schema(self) -> dict[str, Any]:
        label: dict[str, Any] = {"type": "string"}
        if len(self.schema.names) <= ENUM_LIMIT:
            label["enum"] = list(self.schema.names)
        what = {"label": label}
        if self.schema.multiple:
            what = {"labels": {"type": "array", "items": label}}
        return {
            "type": "object",
            "properties": {**what, "rationale": {"type": "string"}},
            "required": [*what, "rationale"],
            "additionalProperties": False,
        }


def _meaning(definition: str, examples: Sequence[str]) -> str:
    parts = [definition.strip()] if definition.strip() else []
    if examples:
        parts.append("such as " + "; ".join(f'"{x}"' for x in examples))
    return " ".join(" ".join(parts).split())


def _json_answer(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False)


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _length(*messages: Message) -> int:
    return sum(fitting.tokens(m.content) + fitting.PER_MESSAGE for m in messages)
