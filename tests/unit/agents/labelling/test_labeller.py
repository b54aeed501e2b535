from __future__ import annotations

import math
from typing import Any

import pytest
from agent_parts import labeller, ledger, neighbour, schema, task

from tiebreak.agents.backends.scripted import ScriptedModel, answer_script, text_reply
from tiebreak.agents.calling.calls import Failure
from tiebreak.config import Price
from tiebreak.domain.evidence import Suggestion, Usage
from tiebreak.domain.ports import Completion, Request
from tiebreak.errors import ConfigError, LLMRejected, LLMUnavailable

KNOWN = {"Win a prize!": "spam", "Lunch?": "ham"}
NEAR = (neighbour(11, "cheap\npills", "spam", 0.7), neighbour(12, "lunch?", "ham", 0.83))


def ask(model: ScriptedModel, *tasks: Any, **settings: Any) -> list[Suggestion | Failure]:
    found = labeller(model, **settings).label(tasks or (task(neighbours=NEAR),), ledger())
    return sorted(found, key=lambda s: s.record_id)


def only(model: ScriptedModel, **settings: Any) -> Suggestion:
    (said,) = ask(model, **settings)
    assert isinstance(said, Suggestion)
    return said


def test_a_scored_answer_has_a_confidence_and_cites_what_was_shown() -> None:
    said = only(ScriptedModel(answer_script(KNOWN, confidence=0.9)))
    assert said.labels == ("spam",)
    assert said.abstain is None
    assert said.confidence == pytest.approx(0.9)
    assert said.mode == "score"
    assert said.prompt == "classify-score/v1"
    assert said.neighbours == (11, 12)
    assert said.rationale_by == "neighbours"
    assert said.rationale == (
        "Most like: 'cheap pills' (label spam, similarity .70); "
        "'lunch?' (label ham, similarity .83)"
    )


def test_without_examples_there_is_no_rationale_to_cite() -> None:
    (said,) = ask(ScriptedModel(answer_script(KNOWN)), task())
    assert isinstance(said, Suggestion)
    assert said.labels == ("spam",)
    assert (said.rationale, said.rationale_by) == ("", "none")


def test_a_generated_answer_has_the_models_words_and_no_confidence() -> None:
    said = only(ScriptedModel(['{"label": "ham", "rationale": "It is lunch."}']), mode="generate")
    assert (said.labels, said.confidence) == (("ham",), None)
    assert (said.rationale, said.rationale_by) == ("It is lunch.", "model")
    assert said.usage.completion > 0


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (text_reply("nothing"), "invalid-json"),
        (text_reply('{"label": "eggs"}'), "unknown-label"),
        (text_reply('{"label": "sp', finish="length"), "truncated"),
        (text_reply(""), "empty"),
        (Completion(text="", usage=Usage(), refusal="No."), "refused"),
        (LLMRejected("too long", status=400), "rejected"),
    ],
)
def test_generate_abstains_with_the_reason(reply: Any, reason: str) -> None:
    said = only(ScriptedModel([reply]), mode="generate")
    assert (said.labels, said.abstain, said.rationale) == (None, reason, "")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Completion(text="Well", usage=Usage(), top=(("Well", -0.1),)), "no-code"),
        (Completion(text="", usage=Usage(), top=None), "empty"),
        (Completion(text="", usage=Usage(), refusal="No."), "refused"),
        (LLMRejected("too long", status=422), "rejected"),
    ],
)
def test_score_abstains_with_the_reason(reply: Any, reason: str) -> None:
    said = only(ScriptedModel([reply]))
    assert (said.labels, said.abstain, said.confidence) == (None, reason, None)


def test_an_echoed_marker_is_an_abstention() -> None:
    def echo(request: Request) -> str:
        start = request.messages[-1].content.index("<")
        copied = request.messages[-1].content[start : start + 6]
        return f'{{"label": "spam", "rationale": "{copied}"}}'

    assert only(ScriptedModel(echo), mode="generate").abstain == "echo"


def test_the_reference_in_the_prompt_must_not_come_back() -> None:
    def leak(request: Request) -> str:
        system = request.messages[0].content
        at = system.index("ref-")
        return f'{{"label": "spam", "rationale": "{system[at : at + 14]}"}}'

    assert only(ScriptedModel(leak), mode="generate").abstain == "echo"


def test_a_server_that_fails_at_one_record_is_a_failure_of_that_record() -> None:
    def script(request: Request) -> Any:
        if "Lunch" in request.messages[-1].content:
            return LLMUnavailable("500 until the retries were used up")
        return answer_script(KNOWN)(request)

    said = ask(ScriptedModel(script), task("Lunch?", 1), task(record_id=2))
    assert said[0] == Failure(1, "500 until the retries were used up")
    assert isinstance(said[1], Suggestion)


def test_auto_generates_once_the_server_was_seen_to_give_no_logprobs() -> None:
    def script(request: Request) -> Any:
        return text_reply("A") if request.top_logprobs else text_reply('{"label": "ham"}')

    model = ScriptedModel(script)
    said = ask(model, *(task(f"text {i}", i) for i in range(6)), concurrency=3)
    assert {s.mode for s in said if isinstance(s, Suggestion)} == {"generate"}
    assert len(said) == 6
    assert sum(r.top_logprobs > 0 for r in model.requests) == 1


def test_score_asked_of_a_server_without_logprobs_is_a_settings_error() -> None:
    with pytest.raises(ConfigError, match='mode = "generate"'):
        ask(ScriptedModel([text_reply("A")]), mode="score")


def test_a_model_without_logprobs_generates_from_the_start() -> None:
    model = ScriptedModel(['{"label": "ham"}'], max_top_logprobs=0)
    assert only(model).mode == "generate"
    assert len(model.requests) == 1


def test_cost_and_tokens_are_the_replys_whether_bought_or_recalled() -> None:
    model = ScriptedModel(answer_script(KNOWN))
    asks, book, price = labeller(model), ledger(), Price(input=1, output=2)
    first, second = (list(asks.label([task()], book, price=price)) for _ in range(2))
    assert first == second
    assert len(model.requests) == 1
    assert isinstance(first[0], Suggestion)
    assert first[0].cost_nanos > 0
    assert book.totals().nanos == first[0].cost_nanos


def test_probe_asks_once_and_needs_no_ledger() -> None:
    model = ScriptedModel(answer_script(KNOWN))
    assert labeller(model).probe(task()).labels == ("spam",)
    assert len(model.requests) == 1


def test_probe_finds_out_that_there_are_no_logprobs() -> None:
    model = ScriptedModel([text_reply("A"), '{"label": "ham"}'])
    assert labeller(model).probe(task()).mode == "generate"


def test_permuted_codes_take_the_bias_of_a_letter_out() -> None:
    likes_a = Completion(
        text="A", usage=Usage(prompt=1), top=(("A", math.log(0.6)), ("B", math.log(0.4)))
    )
    said = ask(ScriptedModel([likes_a]), *(task(f"text {i}", i) for i in range(400)))
    chosen = [s.labels for s in said if isinstance(s, Suggestion)]
    assert 150 < chosen.count(("spam",)) < 250


def test_seventy_seven_labels_are_scored_from_a_shortlist() -> None:
    labels = schema(*(f"label-{i}" for i in range(77)))
    model = ScriptedModel(answer_script({}, default="label-5"))
    one = task(shortlist=tuple(f"label-{i}" for i in range(10)))
    (said,) = labeller(model, labels).label([one], ledger())
    assert isinstance(said, Suggestion)
    assert (said.labels, said.mode) == (("label-5",), "score")
