from __future__ import annotations

import itertools

import pytest

from tiebreak.agents.labelling.fencing import _LETTERS, fence, fenced, marker, neutralise


@pytest.mark.parametrize(
    ("text", "kept", "hidden"),
    [
        ("plain", "plain", 0),
        ("two\r\nlines\rthree\tand a tab", "two\nlines\nthree\tand a tab", 0),
        ("pay\u200bpal \u202eevil\u202c", "paypal evil", 3),
        ("tag\U000e0041\U000e0042s", "tags", 2),
        ("bell\x07 nul\x00", "bell nul", 2),
        ("half \ud800 a pair", "half  a pair", 1),
        ("grüße 你好 🙂", "grüße 你好 🙂", 0),
    ],
)
def test_clean_takes_out_what_cannot_be_seen_and_counts_it(
    text: str, kept: str, hidden: int
) -> None:
    assert neutralise(text) == (kept, hidden)


def test_a_marker_is_the_same_for_the_same_request_and_else_another() -> None:
    assert marker(0, ["a", "b"]) == marker(0, ["a", "b"])
    drawn = {marker(seed, [text]) for seed in range(5) for text in "abcdefgh"}
    assert len(drawn) > 35


def test_a_text_never_holds_its_own_marker() -> None:
    every_four = "".join(map("".join, itertools.product(_LETTERS, repeat=4)))
    mark = marker(0, [every_four])
    assert len(mark) > 4
    assert mark not in every_four


def test_the_fence_is_read_back() -> None:
    text = "a <b>bold</b> move\nin two lines"
    assert fenced("Before. " + fence(text, "kvwx") + " After.") == text
    assert fenced("no fence") is None
