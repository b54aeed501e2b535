from __future__ import annotations

from agent_parts import labeller, neighbour, task
from hypothesis import given, strategies as st

from tiebreak.agents.backends.scripted import ScriptedModel
from tiebreak.agents.labelling import fitting
from tiebreak.agents.labelling.fencing import fenced, neutralise

texts = st.text(max_size=400) | st.text(alphabet="ab 1é\n", max_size=3000)


@given(
    texts,
    st.integers(0, 300),
    st.lists(st.integers(0, 200), max_size=9),
    st.integers(0, 600),
)
def test_what_is_left_fits_and_no_more_was_cut_than_needed(
    text: str, fixed: int, demonstrations: list[int], limit: int
) -> None:
    left = fitting.fit_prompt(text, fixed=fixed, demonstrations=demonstrations, limit=limit)
    if left is None:
        assert fixed > limit
        return
    kept = demonstrations[left.demonstrations_cut :]
    assert fixed + sum(kept) + fitting.tokens(left.text) <= limit
    if left.demonstrations_cut:
        more = demonstrations[left.demonstrations_cut - 1 :]
        assert fixed + sum(more) + fitting.tokens(text) > limit
    if left.characters_cut:
        assert not kept
        assert left.characters_cut <= len(text)
    else:
        assert left.text == text


@given(texts, st.integers(0, 6), st.integers(600, 1200))
def test_every_record_gets_a_prompt_within_the_context(
    text: str, neighbours: int, context: int
) -> None:
    near = tuple(neighbour(i, f"example {i} " * 9, "spam", i / 10) for i in range(neighbours))
    for top in (0, 20):
        model = ScriptedModel(["x"], max_top_logprobs=top, context_tokens=context)
        prepared = labeller(model).prepare(task(text, neighbours=near))
        request = prepared.request
        length = sum(fitting.tokens(m.content) for m in request.messages) + request.max_tokens
        assert length <= context
        assert prepared.shown == near[neighbours - len(prepared.shown) :]
        if not prepared.cut:
            assert fenced(request.messages[-1].content) == neutralise(text)[0]


@given(st.text(max_size=300), st.text(max_size=300))
def test_the_length_of_a_whole_is_about_the_sum_of_its_parts(one: str, other: str) -> None:
    apart = fitting.tokens(one) + fitting.tokens(other)
    assert apart - 2 <= fitting.tokens(one + other) <= apart + 1
