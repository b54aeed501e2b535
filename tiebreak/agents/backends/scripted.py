"""A language model that says what you tell it to: the public, deterministic double for tests."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence

from tiebreak import config
from tiebreak.agents.labelling.codes import read_table
from tiebreak.agents.labelling.fencing import fenced
from tiebreak.domain.evidence import Usage
from tiebreak.domain.ports import Completion, Request
from tiebreak.errors import LLMForbidden

IMPOSSIBLE_LOGPROB = -100.0
"""The log-probability of what is never said."""

Reply = Completion | str | BaseException
Script = Callable[[Request], Reply] | Sequence[Reply]


class ScriptedModel:
    """A `LabelModel` that follows a script and keeps what it was asked.

    Args:
        script: a function of the request, or a list of replies (the last one is repeated). A
            string is a complete reply; an exception is raised, as the real ones raise it.
        max_top_logprobs: 0 for a server that gives none.
        remote: whether the kill switch stops it and a budget needs a price.

    Attributes:
        requests: every request, in the order of arrival.
        peak: the most calls that were under way at once.
    """

    def __init__(
        self,
        script: Script,
        *,
        id: str = "scripted:double",
        remote: bool = False,
        max_top_logprobs: int = 20,
        context_tokens: int | None = 8192,
    ) -> None:
        self.id = id
        self.remote = remote
        self.max_top_logprobs = max_top_logprobs
        self.context_tokens = context_tokens
        self.requests: list[Request] = []
        self.peak = 0
        self._script = script
        self._under_way = 0
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Completion:
        """The script's next reply."""
        if self.remote and config.remote_forbidden():
            raise LLMForbidden(f"{config.KILL_SWITCH} is set.", mend=f"Unset {config.KILL_SWITCH}.")
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
            self._under_way += 1
            self.peak = max(self.peak, self._under_way)
        try:
            script = self._script
            reply = script(request) if callable(script) else script[min(number, len(script) - 1)]
        finally:
            with self._lock:
                self._under_way -= 1
        if isinstance(reply, BaseException):
            raise reply
        return reply if isinstance(reply, Completion) else text_reply(reply, request)

    def close(self) -> None:
        """Nothing to close."""


def text_reply(text: str, request: Request | None = None, *, finish: str = "stop") -> Completion:
    """A plain reply; tokens are counted as words."""
    sent = sum(len(m.content.split()) for m in request.messages) if request else 0
    return Completion(
        text=text, usage=Usage(prompt=sent, completion=len(text.split())), finish=finish
    )


def answer_script(
    labels: Mapping[str, str], *, confidence: float = 0.95, default: str | None = None
) -> Callable[[Request], Completion]:
    """A script that knows the label of each text, and answers in either mode as a server would.

    It reads the text from the last message's fence and, for a score request, the codes from the
    system message; *confidence* is the probability of the label's code, the rest is spread.
    """

    def script(request: Request) -> Completion:
        text = fenced(request.messages[-1].content) or ""
        label = labels.get(text, default)
        if not request.top_logprobs:
            return text_reply(f'{{"label": "{label}", "rationale": "As scripted."}}', request)
        codes = {code: rest.split(":")[0] for code, rest in read_table(_system(request)).items()}
        code = next((c for c, name in codes.items() if name == label), "?")
        others = [c for c in codes if c != code]
        top = code_logprobs(code, others, confidence)[: request.top_logprobs]
        return Completion(
            text=code, usage=text_reply(code, request).usage, finish="length", top=top
        )

    return script


def code_logprobs(
    code: str, others: Sequence[str], confidence: float, n: int = 0
) -> tuple[tuple[str, float], ...]:
    """(token, logprob), best first: *code* at *confidence*, the rest shared by the *others*.

    Filled up with tokens that are no codes to *n* of them, which is how many a server gives.
    """
    rest = (
        math.log((1 - confidence) / max(len(others), 1)) if confidence < 1 else IMPOSSIBLE_LOGPROB
    )
    top = [(code, math.log(confidence)), *((other, rest) for other in others)]
    more = [(f"<{i}>", IMPOSSIBLE_LOGPROB) for i in range(n - len(top))]
    return tuple([*top, *more][: n or None])


def _system(request: Request) -> str:
    return "\n".join(m.content for m in request.messages if m.role == "system")
