from __future__ import annotations

import json
import math

from hypothesis import example, given, strategies as st

from tiebreak.agents.labelling import codes
from tiebreak.agents.labelling.fencing import fence, fenced, marker, neutralise
from tiebreak.agents.labelling.parsing import MAX_RATIONALE, read_answer

NAMES = ("spam", "ham", "not sure", "größer", '"quoted"')
jsonish = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.sampled_from(NAMES),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["label", "rationale"]), inner),
    max_leaves=6,
)
replies = st.one_of(
    st.text(),
    st.text(alphabet='{}[]":,\\labe spm<>think/`\n'),
    jsonish.map(json.dumps),
    st.tuples(st.text(max_size=20), jsonish.map(json.dumps), st.text(max_size=20)).map("".join),
)


@given(replies, st.sampled_from(["stop", "length", "content_filter"]))
@example("{" * 2000, "stop")
@example('{"label":' * 2000, "stop")
def test_arbitrary_text_gives_a_label_of_the_schema_or_a_reason(text: str, finish: str) -> None:
    said = read_answer(text, NAMES, finish=finish, secrets=("kvwx>",))
    assert (said.labels in {(name,) for name in NAMES}) != (said.abstain is not None)
    assert len(said.rationale) <= MAX_RATIONALE
    assert "\n" not in said.rationale


@given(st.sampled_from(NAMES), st.text(), st.text(alphabet=" \n#*ab", max_size=30))
def test_a_well_formed_answer_is_always_read(label: str, rationale: str, before: str) -> None:
    said = read_answer(before + json.dumps({"label": label, "rationale": rationale}), NAMES)
    assert said.labels == (label,)


@given(
    st.lists(st.tuples(st.text(max_size=3), st.floats(-30, 0)), max_size=25),
    st.text(max_size=5),
)
def test_a_score_is_a_label_of_the_table_with_a_probability(
    top: list[tuple[str, float]], text: str
) -> None:
    table = codes.assign_codes(NAMES, 0, text)
    said = codes.score(top, table)
    listed = [token for token, _ in top if token.strip() in table]
    assert (said is None) == (not listed)
    if said is not None:
        assert said.label in NAMES
        assert 0 <= said.confidence <= 1 + 1e-12
        mass: dict[str, float] = {}
        for token, logprob in top:
            if token.strip() in table:
                mass[token.strip()] = mass.get(token.strip(), 0) + math.exp(logprob)
        assert said.confidence <= max(mass.values()) / sum(mass.values()) + 1e-12


@given(st.text(), st.lists(st.text(), max_size=4), st.integers(0, 3))
def test_a_fenced_text_is_read_back_whole(text: str, others: list[str], seed: int) -> None:
    kept, hidden = neutralise(text)
    mark = marker(seed, [kept, *others])
    assert all(mark not in t for t in (kept, *others))
    assert fenced(fence(kept, mark)) == kept
    assert neutralise(kept) == (kept, 0)
    assert hidden >= 0


@given(st.text(), st.integers(0, 3), st.permutations(NAMES))
def test_codes_do_not_depend_on_the_order_of_the_labels(
    text: str, seed: int, names: list[str]
) -> None:
    table = codes.assign_codes(names, seed, text)
    assert table == codes.assign_codes(NAMES, seed, text)
    assert sorted(table.values()) == sorted(NAMES)
