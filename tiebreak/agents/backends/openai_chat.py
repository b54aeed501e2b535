"""`LabelModel` on langchain-openai's ``ChatOpenAI``: OpenAI, or any server with its chat API.

The environment does not steer it: base address, gateway and tracing variables of the SDKs are shut
out, because record text must go nowhere that ``tiebreak.toml`` does not name. Exceptions: the
system's proxies, never for this machine, and OpenAI's own organisation and project variables,
only for OpenAI.
"""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import openai
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from langsmith import tracing_context
from pydantic import SecretStr

from tiebreak import config
from tiebreak.agents.backends.failures import Server, translate
from tiebreak.agents.backends.hosts import NO_KEY, OPENAI, chat_id, is_loopback, is_openai
from tiebreak.domain.evidence import Usage
from tiebreak.domain.ports import Completion, Request
from tiebreak.errors import LLMForbidden, LLMRejected

_DROPPABLE = ("response_format", "temperature", "top_logprobs", "logprobs", "max_tokens")


class OpenAIChat:
    """A chat model behind HTTP. See `tiebreak.domain.ports.LabelModel`.

    Args:
        model: the name that the server knows.
        base_url: where the API is, up to and with ``/v1``.
        key: the API key; it stands in no message, log or error of ours.
        key_env: the variable it came from, for the mend of a 401.
        timeout: seconds that one attempt may wait for the server.
        retries: further attempts after 429 (honouring Retry-After), 5xx, a timeout, a lost
            connection.
        seed: sent along if not None.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str = OPENAI,
        key: str = NO_KEY,
        key_env: str = "OPENAI_API_KEY",
        timeout: float = 60.0,
        retries: int = 5,
        top_logprobs: int = 20,
        context_tokens: int | None = None,
        seed: int | None = None,
        id: str | None = None,
    ) -> None:
        host = urlsplit(base_url).hostname or ""
        self.remote = not is_loopback(host)
        self.id = id or chat_id(model, base_url)
        self.max_top_logprobs = top_logprobs
        self.context_tokens = context_tokens
        self._server = Server(self.id, base_url, key_env, key)
        self._is_openai = is_openai(host)
        self._extra = {} if seed is None else {"seed": seed}
        self._dropped: set[str] = set()
        self._reachable = self.remote  # a proxy may stand before it: only loopback is knocked at
        self._http = openai.DefaultHttpxClient(
            base_url=base_url, timeout=timeout, trust_env=self.remote, follow_redirects=False
        )
        self._chat = ChatOpenAI(
            model=model,
            base_url=base_url,
            api_key=SecretStr(key),
            openai_proxy="",
            http_socket_options=(),
            max_retries=retries,
            timeout=timeout,
            http_client=self._http,
            use_responses_api=False,
            output_version="v0",
            stream_usage=False,
            cache=False,
        )
        if not is_openai(host):  # the SDK reads these from the environment: OpenAI's business only
            self._chat.root_client.organization = None
            self._chat.root_client.project = None

    def complete(self, request: Request) -> Completion:
        """One reply. A feature that the server names as unsupported is left out from then on.

        Raises:
            LLMForbidden: the kill switch is on and the server is not on this machine.
            LLMUnavailable: no usable reply after all retries.
            LLMRejected: a 4xx; ``status`` says which.
        """
        if self.remote and config.remote_forbidden():
            raise LLMForbidden(
                f"{config.KILL_SWITCH} is set, and {self.id!r} is not on this machine.",
                mend=f"Unset {config.KILL_SWITCH}, or use agent embedded or none.",
            )
        self._check_listening()
        for _ in _DROPPABLE:
            try:
                return self._ask(request)
            except LLMRejected as problem:
                if not self._drop(problem, request):
                    raise
        return self._ask(request)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # -- parts

    def _ask(self, request: Request) -> Completion:
        try:
            with tracing_context(enabled=False):
                message = self._chat.bind(**self._options(request)).invoke(
                    [(m.role, m.content) for m in request.messages]
                )
        except Exception as problem:
            raise translate(problem, self._server) from _root(problem)
        return self._read(message, request)

    def _options(self, request: Request) -> dict[str, Any]:
        """Call options. ``response_format`` goes round the SDK's own parse, which raises on a
        truncated reply and loses its text and tokens."""
        options: dict[str, Any] = {}
        body: dict[str, Any] = dict(self._extra)
        if self._is_openai or "max_tokens" in self._dropped:
            options["max_completion_tokens"] = request.max_tokens
        else:
            body["max_tokens"] = request.max_tokens
        if "temperature" not in self._dropped:
            options["temperature"] = request.temperature
        if request.top_logprobs and "logprobs" not in self._dropped:
            options |= {"logprobs": True, "top_logprobs": request.top_logprobs}
        if request.schema is not None and "response_format" not in self._dropped:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": dict(request.schema)},
            }
        if body:
            options["extra_body"] = body
        return options

    def _drop(self, problem: LLMRejected, request: Request) -> bool:
        """Leave out the feature that a 400 names, if we sent it; whether to try again."""
        if problem.status not in (400, 422):
            return False
        named = next((name for name in _DROPPABLE if name in problem.fact), None)
        feature = "logprobs" if named == "top_logprobs" else named
        sent = {
            "response_format": request.schema is not None,
            "logprobs": request.top_logprobs > 0,
            "temperature": True,
            "max_tokens": not self._is_openai,
        }
        if feature is None or feature in self._dropped or not sent[feature]:
            return False
        self._dropped.add(feature)
        return True

    def _read(self, message: AIMessage, request: Request) -> Completion:
        text = message.content if isinstance(message.content, str) else ""
        metadata = message.response_metadata
        top = _first_top(metadata.get("logprobs"))
        if request.top_logprobs and text and top is None:
            self.max_top_logprobs = 0
        return Completion(
            text=text,
            usage=_usage(message),
            refusal=message.additional_kwargs.get("refusal") or None,
            finish=metadata.get("finish_reason") or "stop",
            top=top,
        )

    def _check_listening(self) -> None:
        """Fail at once, without the retries' waits, where nothing listens on this machine."""
        if self._reachable:
            return
        place = urlsplit(self._server.base_url)
        port = place.port or (443 if place.scheme == "https" else 80)
        try:
            socket.create_connection((place.hostname or "", port), timeout=10).close()
        except OSError as problem:
            raise self._server.unreachable(str(problem)) from problem
        self._reachable = True


def _usage(message: AIMessage) -> Usage:
    counts = message.usage_metadata
    if counts is None:
        return Usage()
    return Usage(
        prompt=counts["input_tokens"],
        completion=counts["output_tokens"],
        cached=(counts.get("input_token_details") or {}).get("cache_read") or 0,
    )


def _first_top(logprobs: Any) -> tuple[tuple[str, float], ...] | None:
    content = (logprobs or {}).get("content") or []
    if not content or not content[0].get("top_logprobs"):
        return None
    return tuple((t["token"], float(t["logprob"])) for t in content[0]["top_logprobs"])


def _root(problem: BaseException | None) -> OSError | None:
    """The operating system's error at the bottom of a chain: it holds no request and no key."""
    while problem is not None and not isinstance(problem, OSError):
        problem = problem.__cause__ or problem.__context__
    return problem
