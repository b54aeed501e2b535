"""The agent that ``tiebreak.toml`` names: ``embedded``, ``none``, a server's, or a recording."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from tiebreak.config import AgentPart
from tiebreak.domain.ports import LabelModel
from tiebreak.errors import ConfigError

NAMES = "embedded, none, openai:<model>, recorded:<file>#<run>"


def agent_id(settings: AgentPart) -> str | None:
    """What the model's ``id`` will be, without starting anything; None for no agent.

    Raises:
        ConfigError: no such agent.
    """
    if settings.name == "none":
        return None
    if settings.name == "embedded":
        from tiebreak.agents.backends.embedded import ID

        return ID
    if (named := _recording(settings)) is not None:
        from tiebreak.agents.backends.recorded import recorded_id

        return recorded_id(*named)
    from tiebreak.agents.backends.hosts import OPENAI, chat_id

    return chat_id(_model_name(settings), settings.base_url or OPENAI)


def open_agent(settings: AgentPart) -> LabelModel | None:
    """The language model of these settings, ready to be called; None for no agent.

    Nothing is asked of a server yet, and the embedded one starts with its first call.

    Raises:
        ConfigError: no such agent, a bad address, a key or a recording that is missing.
        InputError: a recording with a line that is no answer.
        MissingPackage: the embedded model is not installed and cannot be downloaded.
    """
    if settings.name == "none":
        return None
    if settings.name == "embedded":
        from tiebreak.agents.backends.embedded import EmbeddedModel

        return EmbeddedModel(settings)
    if (named := _recording(settings)) is not None:
        from tiebreak.agents.backends.recorded import RecordedModel

        return RecordedModel(*named)
    return _open_chat(_model_name(settings), settings)


def _recording(settings: AgentPart) -> tuple[Path, str | None] | None:
    """(file, run or None) of ``recorded:<file>#<run>``; None for another kind of agent."""
    kind, _, rest = settings.name.partition(":")
    if kind != "recorded" or not rest.strip():
        return None
    file, _, run = rest.strip().partition("#")
    return Path(file).expanduser(), run or None


def _model_name(settings: AgentPart) -> str:
    kind, _, model = settings.name.partition(":")
    if kind != "openai" or not model.strip():
        raise ConfigError(f"There is no agent {settings.name!r}.", mend=f"Known: {NAMES}.")
    return model.strip()


def _open_chat(model: str, settings: AgentPart) -> LabelModel:
    from tiebreak.agents.backends.hosts import NO_KEY, OPENAI, is_openai

    base_url = settings.base_url or OPENAI
    place = urlsplit(base_url)
    if place.scheme not in ("http", "https") or not place.hostname:
        raise ConfigError(
            f"agent.base_url = {base_url!r} is no address.",
            mend='Give one such as "http://127.0.0.1:8000/v1".',
        )
    key = _key(settings, trusted=is_openai(place.hostname))
    if key is None and is_openai(place.hostname):
        raise ConfigError(
            f"The agent {settings.name!r} needs a key, and {settings.key_env} is not set.",
            mend=f"Set {settings.key_env}, or use --agent embedded or --agent none.",
        )
    from tiebreak.agents.backends.openai_chat import OpenAIChat

    return OpenAIChat(
        model,
        base_url=base_url,
        key=key or NO_KEY,
        key_env=settings.key_env,
        timeout=settings.timeout,
        retries=settings.retries,
        top_logprobs=settings.top_logprobs,
        context_tokens=settings.context_tokens,
    )


def _key(settings: AgentPart, *, trusted: bool) -> str | None:
    """The key, unless it is OpenAI's own by default and the server is somebody else's."""
    if not trusted and "key_env" not in settings.model_fields_set:
        return None
    return os.environ.get(settings.key_env, "").strip() or None
