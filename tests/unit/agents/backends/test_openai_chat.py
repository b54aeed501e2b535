"""`OpenAIChat` against a real HTTP server on loopback that misbehaves as real ones do."""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chat_stub import ChatStub, error, letters, refusal, reset, stalled, truncated

from benchmarks.agents.chat_server import Sent, chat_reply
from tiebreak import config
from tiebreak.agents.backends.hosts import chat_id, is_loopback
from tiebreak.agents.backends.openai_chat import OpenAIChat
from tiebreak.domain.evidence import Usage
from tiebreak.domain.ports import Message, Request
from tiebreak.errors import LLMError, LLMForbidden, LLMRejected, LLMUnavailable

KEY = "sk-canary-0123456789"
SCHEMA = {"type": "object", "properties": {"label": {"type": "string"}}}
ASK = Request(
    messages=(
        Message(role="system", content="Label it."),
        Message(role="user", content="one"),
        Message(role="assistant", content="A"),
        Message(role="user", content="two"),
    ),
    max_tokens=7,
)
SCORE = Request(messages=ASK.messages, max_tokens=1, top_logprobs=3)
GENERATE = Request(messages=ASK.messages, max_tokens=99, schema=SCHEMA)


@contextmanager
def chat(*steps: Any, **settings: Any) -> Iterator[tuple[OpenAIChat, ChatStub]]:
    settings = {"key": KEY, "retries": 2, "timeout": 5.0, **settings}
    with ChatStub(*steps) as stub:
        model = OpenAIChat("some-model", base_url=stub.url, **settings)
        try:
            yield model, stub
        finally:
            model.close()


# -- what is sent


def test_the_body_of_a_score_request_is_exactly_this() -> None:
    with chat(letters(("A", -0.1))) as (model, stub):
        model.complete(SCORE)
    assert stub.bodies == [
        {
            "model": "some-model",
            "messages": [
                {"role": "system", "content": "Label it."},
                {"role": "user", "content": "one"},
                {"role": "assistant", "content": "A"},
                {"role": "user", "content": "two"},
            ],
            "temperature": 0.0,
            "stream": False,
            "logprobs": True,
            "top_logprobs": 3,
            "max_tokens": 1,
        }
    ]


def test_the_body_of_a_generate_request_is_exactly_this() -> None:
    with chat("{}", seed=0) as (model, stub):
        model.complete(GENERATE)
    (body,) = stub.bodies
    body.pop("messages")
    assert body == {
        "model": "some-model",
        "temperature": 0.0,
        "stream": False,
        "max_tokens": 99,
        "seed": 0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
        },
    }


def test_the_key_is_sent_and_nothing_else_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ChatStub() as elsewhere:
        spies = {
            "OPENAI_API_KEY": "sk-other",
            "OPENAI_BASE_URL": elsewhere.url,
            "OPENAI_API_BASE": elsewhere.url,
            "OPENAI_ORG_ID": "org-spy",
            "OPENAI_PROJECT_ID": "proj-spy",
            "OPENAI_PROXY": elsewhere.url,
            "HTTP_PROXY": elsewhere.url,
            "ALL_PROXY": elsewhere.url,
            "LANGSMITH_TRACING": "true",
            "LANGCHAIN_TRACING_V2": "true",
            "LANGSMITH_ENDPOINT": elsewhere.url,
            "LANGSMITH_API_KEY": "ls-spy",
            "LANGSMITH_GATEWAY": "true",
        }
        for name, value in spies.items():
            monkeypatch.setenv(name, value)
        with chat("fine") as (model, stub):
            assert model.complete(ASK).text == "fine"
        assert elsewhere.calls == 0
    (headers,) = stub.headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert "spy" not in str(headers)


# -- what comes back


def test_text_tokens_and_the_reason_for_ending_are_read() -> None:
    said = chat_reply("hello", prompt_tokens=100, completion_tokens=7, cached_tokens=64)
    with chat(Sent(said)) as (model, _):
        reply = model.complete(ASK)
    assert (reply.text, reply.finish, reply.refusal, reply.top) == ("hello", "stop", None, None)
    assert reply.usage == Usage(prompt=100, completion=7, cached=64)


def test_logprobs_of_the_first_token_are_read() -> None:
    with chat(letters(("A", -0.5), (" B", -1.5))) as (model, _):
        assert model.complete(SCORE).top == (("A", -0.5), (" B", -1.5))


def test_a_refusal_is_read() -> None:
    with chat(refusal("No, thank you.")) as (model, _):
        reply = model.complete(GENERATE)
    assert (reply.text, reply.refusal) == ("", "No, thank you.")


def test_a_truncated_reply_keeps_its_text_and_its_tokens() -> None:
    with chat(truncated()) as (model, _):
        reply = model.complete(GENERATE)
    assert reply.text == '{"label": "yes", "ratio'
    assert reply.finish == "length"
    assert reply.usage.completion == 5


def test_a_wrong_enum_comes_back_as_it_is_with_its_tokens() -> None:
    with chat('{"label": "eggs"}') as (model, _):
        reply = model.complete(GENERATE)
    assert reply.text == '{"label": "eggs"}'
    assert reply.usage.prompt == 10


def test_a_filtered_reply_says_so() -> None:
    with chat(Sent(chat_reply(None, finish="content_filter"))) as (model, _):
        assert model.complete(GENERATE).finish == "content_filter"


def test_a_server_that_counts_no_tokens_is_taken_as_it_is() -> None:
    body = chat_reply("x")
    del body["usage"]
    with chat(Sent(body)) as (model, _):
        assert model.complete(ASK).usage == Usage()


def test_a_server_that_gives_no_logprobs_is_remembered() -> None:
    with chat("A") as (model, _):
        assert model.max_top_logprobs == 20
        assert model.complete(SCORE).top is None
        assert model.max_top_logprobs == 0


def test_a_model_that_ends_at_once_says_nothing_about_logprobs() -> None:
    with chat(Sent(chat_reply("", top=[]))) as (model, _):
        assert model.complete(SCORE).top is None
        assert model.max_top_logprobs == 20


# -- faults


def test_a_429_is_retried_after_the_time_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with chat(error(429, Retry_After="17"), error(429, Retry_After="3"), "ok") as (m, stub):
        assert m.complete(ASK).text == "ok"
    assert stub.calls == 3
    assert slept == [17.0, 3.0]


def test_a_500_and_a_broken_connection_are_retried() -> None:
    with chat(error(500, Retry_After="0.01"), reset(), "ok") as (model, stub):
        assert model.complete(ASK).text == "ok"
    assert stub.calls == 3


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (error(429, "slow down", Retry_After="0.01"), "answered 429 .*slow down"),
        (error(503, "busy", Retry_After="0.01"), "answered 503 .*busy"),
        (reset(), "cannot be reached"),
        (Sent(b"<html>hello</html>"), "no chat completion"),
        (Sent(b'{"choices": ['), "no chat completion"),
        (Sent({"object": "chat.completion"}), "no chat completion"),
        (Sent({"error": {"message": "sorry"}}), "no chat completion.*sorry"),
    ],
)
def test_no_usable_reply_after_all_retries_is_unavailable(step: Sent, words: str) -> None:
    with chat(step, retries=1) as (model, _), pytest.raises(LLMUnavailable, match=words):
        model.complete(ASK)


def test_a_stalled_server_is_given_up() -> None:
    with (
        chat(stalled(1.0), retries=0, timeout=0.1) as (model, _),
        pytest.raises(LLMUnavailable, match=r"took too long.*agent\.timeout"),
    ):
        model.complete(ASK)


def test_a_server_that_is_down_is_noticed_at_once_and_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    model = OpenAIChat("m", base_url=f"http://127.0.0.1:{port}/v1", retries=5)
    with pytest.raises(LLMUnavailable, match=f"running at http://127.0.0.1:{port}/v1.*doctor") as e:
        model.complete(ASK)
    model.close()
    assert isinstance(e.value.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_4xx_is_rejected_without_a_retry(status: int) -> None:
    with chat(error(status, "because")) as (model, stub):
        with pytest.raises(LLMRejected, match=f"answered {status}") as caught:
            model.complete(ASK)
        assert caught.value.status == status
    assert stub.calls == 1


def test_a_refused_key_names_its_variable_and_never_the_key() -> None:
    with chat(error(401, f"Incorrect API key: {KEY}"), key_env="MY_KEY") as (model, _):
        with pytest.raises(LLMRejected, match="environment variable MY_KEY") as caught:
            model.complete(ASK)
        assert KEY not in "".join(traceback.format_exception(caught.value))


def test_a_key_in_the_servers_words_is_blotted_out() -> None:
    with chat(error(400, f"Bad header: {KEY}")) as (model, _):
        with pytest.raises(LLMRejected, match=r"Bad header: \*\*\*") as caught:
            model.complete(ASK)
        assert KEY not in "".join(traceback.format_exception(caught.value))


def test_a_redirect_is_not_followed() -> None:
    with ChatStub() as elsewhere, chat(error(307, Location=elsewhere.url)) as (model, _):
        with pytest.raises(LLMError):
            model.complete(ASK)
        assert elsewhere.calls == 0


# -- features that a server does not know


def test_features_that_a_400_names_are_left_out_from_then_on() -> None:
    def picky(body: dict[str, Any]) -> Sent:
        for name in ("temperature", "logprobs", "max_tokens"):
            if name in body:
                return error(400, f"Unsupported parameter: '{name}'.", param=name)
        return Sent(chat_reply("ok"))

    with chat(picky) as (model, stub):
        assert model.complete(SCORE).text == "ok"
        assert model.max_top_logprobs == 0
        assert stub.calls == 4
        assert model.complete(SCORE).text == "ok"
        assert stub.calls == 5
    assert stub.bodies[-1]["max_completion_tokens"] == 1


def test_a_schema_that_a_400_names_is_left_out() -> None:
    def picky(body: dict[str, Any]) -> Sent:
        if "response_format" in body:
            return error(400, "'response_format' of type 'json_schema' is not supported")
        return Sent(chat_reply("{}"))

    with chat(picky) as (model, stub):
        assert model.complete(GENERATE).text == "{}"
    assert stub.calls == 2


def test_a_400_about_something_that_was_not_sent_is_final() -> None:
    with chat(error(400, "response_format is wrong")) as (model, stub), pytest.raises(LLMRejected):
        model.complete(ASK)
    assert stub.calls == 1


# -- where it may go


def test_the_kill_switch_stops_remote_calls_and_no_local_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(config.KILL_SWITCH, "1")
    remote = OpenAIChat("m", base_url="https://llm.example/v1")
    assert remote.remote
    with pytest.raises(LLMForbidden, match=config.KILL_SWITCH):
        remote.complete(ASK)
    remote.close()
    with chat("ok") as (model, _):
        assert not model.remote
        assert model.complete(ASK).text == "ok"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("127.0.0.1.example", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("api.openai.com", False),
        ("", False),
    ],
)
def test_only_loopback_is_local(host: str, local: bool) -> None:
    assert is_loopback(host) is local


def test_an_id_names_the_host_where_the_same_name_may_be_another_model() -> None:
    assert chat_id("m", "https://api.openai.com/v1") == "openai:m"
    assert chat_id("m", "http://127.0.0.1:8000/v1") == "openai:m"
    assert chat_id("m", "https://llm.example/v1") == "openai:m@llm.example"
    assert chat_id("m", "https://notopenai.com/v1") == "openai:m@notopenai.com"
