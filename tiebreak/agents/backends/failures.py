"""What went wrong at a chat server, as one of our errors with its mend. Keys never get in."""

from __future__ import annotations

from dataclasses import dataclass, field

import openai

from tiebreak.errors import LLMError, LLMRejected, LLMUnavailable

_QUOTED = 300
_MENDS = {
    401: "Check the key in the environment variable {key_env}.",
    403: "The key in {key_env} may not use this model.",
    404: "Check agent.name and agent.base_url: the server knows no such model or address.",
    402: "Check the credit of the account behind {key_env}.",
}


@dataclass(frozen=True)
class Server:
    """The server an error is about."""

    id: str
    base_url: str
    key_env: str
    key: str = field(repr=False)

    def unreachable(self, why: str) -> LLMUnavailable:
        """Nothing answers there."""
        return LLMUnavailable(
            f"The server of {self.id!r} cannot be reached: {self.scrub(why)}.",
            mend=f"Is it running at {self.base_url}? Check with: tiebreak doctor",
        )

    def scrub(self, text: str) -> str:
        """Server's words, short, on one line, without the key should they repeat it."""
        line = " ".join(text.split())
        if len(self.key) >= 8:
            line = line.replace(self.key, "***")
        return line[:_QUOTED].rstrip(".")


def translate(problem: Exception, server: Server) -> LLMError:
    """The error of ours for an exception of the SDK. Source: openai's exception tree."""
    if isinstance(problem, openai.APITimeoutError):
        return LLMUnavailable(
            f"The server of {server.id!r} took too long.",
            mend="Raise agent.timeout, or lower agent.concurrency.",
        )
    if isinstance(problem, openai.APIConnectionError):
        return server.unreachable(_bottom(problem))
    if isinstance(problem, openai.APIStatusError):
        return _status(problem, server)
    return LLMUnavailable(
        f"The server of {server.id!r} sent something that is no chat completion: "
        f"{type(problem).__name__}: {server.scrub(str(problem))}.",
        mend=f"Is {server.base_url} an OpenAI-compatible API (with /v1)? tiebreak doctor asks it.",
    )


def _status(problem: openai.APIStatusError, server: Server) -> LLMError:
    code = problem.status_code
    reason = server.scrub(problem.message)
    if code in (408, 409, 429) or code >= 500:
        return LLMUnavailable(
            f"The server of {server.id!r} answered {code} until the retries were used up: "
            f"{reason}.",
            mend="Wait, lower agent.concurrency, or check the account's limits.",
        )
    if code in (401, 403):
        reason = "the key was refused"  # the server's own words may hold a part of the key
    return LLMRejected(
        f"The server of {server.id!r} answered {code}: {reason}.",
        mend=_MENDS.get(code, "").format(key_env=server.key_env),
        status=code,
    )


def _bottom(problem: BaseException) -> str:
    while (deeper := problem.__cause__ or problem.__context__) is not None:
        problem = deeper
    return str(problem) or type(problem).__name__
