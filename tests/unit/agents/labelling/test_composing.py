from __future__ import annotations

import json

import pytest
from agent_parts import labeller, neighbour, schema, task

from tiebreak.agents.backends.scripted import ScriptedModel
from tiebreak.agents.labelling.codes import read_table
from tiebreak.agents.labelling.fencing import fenced
from tiebreak.domain.labels import Label, LabelSchema
from tiebreak.errors import ConfigError

NEAR = (
    neighbour(11, "cheap pills", "spam", 0.7),
    neighbour(12, "lunch?", "ham", 0.9),
    neighbour(13, "you won", "spam", 0.8),
)
MANY = schema(*(f"label-{i}" for i in range(77)))


def silent(top: int = 20, context: int | None = 8192) -> ScriptedModel:
    return ScriptedModel(["x"], max_top_logprobs=top, context_tokens=context)


def test_each_demonstration_is_a_turn_of_its_own_and_the_most_similar_comes_last() -> None:
    prepared = labeller(silent(0)).prepare(task(neighbours=NEAR))
    roles = [m.role for m in prepared.request.messages]
    assert roles == ["system", *["user", "assistant"] * 3, "user"]
    texts = [fenced(m.content) for m in prepared.request.messages if m.role == "user"]
    assert texts == ["cheap pills", "you won", "lunch?", "Win a prize!"]
    said = [json.loads(m.content) for m in prepared.request.messages if m.role == "assistant"]
    assert said == [{"label": "spam"}, {"label": "spam"}, {"label": "ham"}]
    assert [n.record_id for n in prepared.shown] == [11, 13, 12]


def test_the_generated_prefix_is_the_same_for_every_record() -> None:
    asks = labeller(silent(0), schema("a", "b", guidelines="Mind the gap."))
    systems = {
        asks.prepare(task(f"text {i}", i, neighbours=NEAR[: i % 4])).request.messages[0].content
        for i in range(50)
    }
    assert len(systems) == 1
    assert "Mind the gap." in systems.pop()


def test_definitions_and_examples_stand_in_both_prompts() -> None:
    labels = LabelSchema(
        labels=(
            Label(name="spam", definition="Nobody asked\nfor it.", examples=("Win!",)),
            Label(name="ham"),
        )
    )
    for top in (0, 20):
        system = labeller(silent(top), labels).prepare(task()).request.messages[0].content
        assert 'spam: Nobody asked for it. such as "Win!"' in system


def test_score_asks_for_one_token_and_shows_codes() -> None:
    prepared = labeller(silent(5)).prepare(task(neighbours=NEAR))
    request = prepared.request
    assert (request.max_tokens, request.top_logprobs, request.schema) == (1, 5, None)
    assert read_table(request.messages[0].content) == prepared.codes
    said = [m.content for m in request.messages if m.role == "assistant"]
    assert [prepared.codes[code] for code in said] == ["spam", "spam", "ham"]


def test_generate_sends_a_schema_that_lists_the_labels() -> None:
    request = labeller(silent(0)).prepare(task()).request
    assert request.schema is not None
    assert request.schema["properties"]["label"]["enum"] == ["spam", "ham"]
    assert request.schema["required"] == ["label", "rationale"]


def test_a_shortlist_holds_the_demonstrated_labels_first_and_no_more_than_fit() -> None:
    shortlist = tuple(f"label-{i}" for i in range(40))
    near = (neighbour(1, "t", "label-70", 0.5), neighbour(2, "u", "label-71", 0.6))
    prepared = labeller(silent(20), MANY).prepare(task(neighbours=near, shortlist=shortlist))
    assert set(prepared.codes.values()) == {"label-70", "label-71", *shortlist[:18]}


def test_a_short_shortlist_is_filled_up() -> None:
    prepared = labeller(silent(20), MANY).prepare(task(shortlist=("label-3", "no such label")))
    assert len(prepared.codes) == 10
    assert "label-3" in prepared.codes.values()


def test_without_anything_to_shortlist_from_too_many_labels_are_generated() -> None:
    prepared = labeller(silent(20), MANY).prepare(task())
    assert prepared.mode == "generate"
    assert prepared.prompt == "classify-generate/v1"


def test_neighbours_whose_labels_the_schema_lost_are_not_shown() -> None:
    gone = neighbour(14, "old", "junk", 0.95)
    assert labeller(silent()).prepare(task(neighbours=(*NEAR, gone))).shown[-1].record_id == 12


def test_only_the_nearest_are_shown() -> None:
    asks = labeller(silent(), demonstrations=1)
    assert [n.record_id for n in asks.prepare(task(neighbours=NEAR)).shown] == [12]
    none = labeller(silent(), demonstrations=0)
    assert none.prepare(task(neighbours=NEAR)).shown == ()


def test_a_model_that_does_best_with_few_is_shown_few_unless_told_otherwise() -> None:
    model = silent()
    model.usual_demonstrations = 2  # type: ignore[attr-defined]
    assert [n.record_id for n in labeller(model).prepare(task(neighbours=NEAR)).shown] == [13, 12]
    told = labeller(model, demonstrations=3)
    assert len(told.prepare(task(neighbours=NEAR)).shown) == 3


def test_what_does_not_fit_is_cut_and_the_cut_is_told() -> None:
    long = "start " + "middle " * 5000 + "end"
    prepared = labeller(silent(20, 512)).prepare(task(long + "\u200b", neighbours=NEAR))
    last = prepared.request.messages[-1].content
    assert prepared.shown == ()
    assert len(prepared.request.messages) == 2
    kept = fenced(last)
    assert kept is not None
    assert kept.startswith("start ")
    assert kept.endswith("end")
    dropped = len(long) - (len(kept) - len("\n[…]\n"))
    assert prepared.cut == f"demos:3 chars:{dropped} hidden:1"


def test_demonstrations_go_least_similar_first() -> None:
    text = "word " * 380
    prepared = labeller(silent(20, 920)).prepare(task(text, neighbours=NEAR))
    assert prepared.cut.startswith("demos:")
    assert "chars" not in prepared.cut
    assert 0 < len(prepared.shown) < 3
    assert prepared.shown[-1].record_id == 12


def test_labels_that_pass_the_context_alone_are_a_settings_error() -> None:
    with pytest.raises(ConfigError, match=r"77 labels .* 256 tokens\..*agent\.context_tokens"):
        labeller(silent(0, 256), MANY).prepare(task())


def test_an_unknown_prompt_is_named() -> None:
    with pytest.raises(ConfigError, match="no prompt 'poem-score'"):
        labeller(silent(), prompt="poem").prepare(task())
