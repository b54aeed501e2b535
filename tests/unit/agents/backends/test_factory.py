from __future__ import annotations

import pytest

from tiebreak.agents.backends.factory import agent_id, open_agent
from tiebreak.config import AgentPart
from tiebreak.errors import ConfigError


def part(**settings: object) -> AgentPart:
    return AgentPart.model_validate(settings)


def test_none_is_no_agent() -> None:
    assert open_agent(part(name="none")) is None
    assert agent_id(part(name="none")) is None


@pytest.mark.parametrize("name", ["gpt-5", "openai", "openai:", "openai: ", "ollama:x", ""])
def test_an_unknown_agent_lists_the_known_ones(name: str) -> None:
    for function in (agent_id, open_agent):
        with pytest.raises(ConfigError, match="embedded, none, openai:<model>"):
            function(part(name=name))


@pytest.mark.parametrize("base_url", ["", "http://127.0.0.1:1/v1", "https://llm.example/v1"])
def test_the_id_is_known_without_opening(base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    settings = part(name="openai:m", base_url=base_url)
    model = open_agent(settings)
    assert model is not None
    assert model.id == agent_id(settings)
    model.close()


def test_the_embedded_id_is_known_without_opening() -> None:
    assert agent_id(part(name="embedded")) == "embedded:SmolLM2-135M-Instruct-Q4_1"


def test_openai_without_a_key_names_the_variable_and_the_ways_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ConfigError, match=r"MY_KEY is not set.*--agent embedded or --agent none"):
        open_agent(part(name="openai:m", key_env="MY_KEY"))


@pytest.mark.parametrize("base_url", ["localhost:8000", "ftp://x/v1", "http://", "nonsense"])
def test_a_base_url_that_is_no_address_is_named(base_url: str) -> None:
    with pytest.raises(ConfigError, match=r"agent\.base_url"):
        open_agent(part(name="openai:m", base_url=base_url))


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, "sk-openai"),
        ({"base_url": "https://api.openai.com/v1"}, "sk-openai"),
        ({"base_url": "https://llm.example/v1"}, "none"),
        ({"base_url": "http://127.0.0.1:8000/v1"}, "none"),
        ({"base_url": "https://llm.example/v1", "key_env": "OPENAI_API_KEY"}, "sk-openai"),
        ({"base_url": "https://llm.example/v1", "key_env": "OTHER_KEY"}, "sk-other"),
    ],
)
def test_openais_key_goes_to_others_only_when_told_so(
    settings: dict[str, str], sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    monkeypatch.setenv("OTHER_KEY", "sk-other")
    model = open_agent(part(name="openai:m", **settings))
    assert model is not None
    assert model._chat.root_client.api_key == sent  # type: ignore[attr-defined]
    model.close()


def test_settings_reach_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    model = open_agent(part(name="openai:m", top_logprobs=5, context_tokens=4096))
    assert model is not None
    assert (model.max_top_logprobs, model.context_tokens, model.remote) == (5, 4096, True)
    model.close()
