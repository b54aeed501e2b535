"""A language model behind a chat API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tiebreak.domain.evidence import Usage


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One turn: ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One chat call. ``top_logprobs`` 0 asks for none; ``schema`` is a JSON schema or None."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    top_logprobs: int = 0
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """A reply. ``top`` are (token, logprob) of the first token, best first, or None."""

    text: str
    usage: Usage
    refusal: str | None = None
    finish: str = "stop"
    top: tuple[tuple[str, float], ...] | None = None


class LabelModel(Protocol):
    """A language model behind a chat API.

    ``id`` names provider and model; ``remote`` is false for servers on this machine;
    ``max_top_logprobs`` 0 means it gives none; ``context_tokens`` None means unknown.
    """

    id: str
    remote: bool
    max_top_logprobs: int
    context_tokens: int | None

    def complete(self, request: Request) -> Completion:
        """Thread-safe. Raises `LLMUnavailable`, `LLMRejected` or `LLMForbidden`, after retries."""
        ...

    def close(self) -> None: ...
