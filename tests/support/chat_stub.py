"""A chat server on loopback that follows a script, faults included."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.agents.chat_server import ChatServer, Sent, chat_reply
from tiebreak.agents.labelling.codes import read_table
from tiebreak.agents.labelling.fencing import fenced

Step = Sent | str | Callable[[dict[str, Any]], Sent]


class ChatStub(ChatServer):
    """Sends the steps in order, the last one for ever. A string is a plain reply."""

    def __init__(self, *steps: Step) -> None:
        super().__init__(self._next)
        self._steps: Sequence[Step] = steps or ("ok",)
        self._at = 0
        self._turn = threading.Lock()

    def _next(self, body: dict[str, Any]) -> Sent:
        with self._turn:
            step = self._steps[min(self._at, len(self._steps) - 1)]
            self._at += 1
        if callable(step):
            return step(body)
        return Sent(chat_reply(step)) if isinstance(step, str) else step


def error(status: int, message: str = "no", *, param: str | None = None, **headers: str) -> Sent:
    """An error as OpenAI sends it; header names with underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"error": {"message": message, "type": "error", "param": param, "code": None}}
    return Sent(body, status=status, headers=named)


def letters(*top: tuple[str, float], **parts: Any) -> Sent:
    """A one-token reply with log-probabilities."""
    return Sent(chat_reply(top[0][0] if top else "", top=list(top), finish="length", **parts))


def refusal(words: str = "I will not.") -> Sent:
    """A refusal as OpenAI sends it."""
    return Sent(chat_reply(None, refusal=words))


def reset() -> Sent:
    """The connection breaks."""
    return Sent(reset=True)


def stalled(seconds: float) -> Sent:
    """A reply that comes too late."""
    return Sent(chat_reply("late"), delay=seconds)


def truncated() -> Sent:
    """A reply that the token limit cut off within its JSON."""
    return Sent(chat_reply('{"label": "yes", "ratio', finish="length"))


def question(body: dict[str, Any]) -> str:
    """The text that a request asks about."""
    return fenced(body["messages"][-1]["content"]) or ""


def demonstrations(body: dict[str, Any]) -> list[tuple[str, str]]:
    """(text, label) of a request's demonstrations, in either mode."""
    turns = body["messages"][1:-1]
    return [
        (fenced(asked["content"]) or "", _label(body, told["content"]))
        for asked, told in zip(turns[::2], turns[1::2], strict=True)
    ]


def _label(body: dict[str, Any], answer: str) -> str:
    if body.get("logprobs"):
        return code_labels(body)[answer]
    label: str = json.loads(answer)["label"]
    return label


def code_labels(body: dict[str, Any]) -> dict[str, str]:
    """Code to label, as a score request's system message has them."""
    table = read_table(body["messages"][0]["content"])
    return {code: line.split(":")[0] for code, line in table.items()}


def labelled(label: str, rationale: str = "It says so.", **parts: Any) -> Sent:
    """A generated answer."""
    return Sent(chat_reply(json.dumps({"label": label, "rationale": rationale}), **parts))


def sure(body: dict[str, Any], label: str, confidence: float = 0.97, **parts: Any) -> Sent:
    """A scored answer: *label*'s code with this probability, the others share the rest."""
    codes = code_labels(body)
    rest = (1 - confidence) / max(len(codes) - 1, 1)
    top = [(c, math.log(confidence if name == label else rest)) for c, name in codes.items()]
    return letters(*sorted(top, key=lambda pair: -pair[1])[: body["top_logprobs"]], **parts)
