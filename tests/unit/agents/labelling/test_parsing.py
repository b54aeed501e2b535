from __future__ import annotations

import pytest

from tiebreak.agents.labelling.parsing import ParsedAnswer, read_answer, shorten

NAMES = ("spam", "ham")


@pytest.mark.parametrize(
    "text",
    [
        '{"label": "spam", "rationale": "It sells."}',
        '```json\n{"label": "spam", "rationale": "It sells."}\n```',
        'Sure! {"label": " spam ", "rationale": "It  sells."} Anything else?',
        '<think>{"label": "ham"} or not?</think>{"label": "spam", "rationale": "It sells."}',
        '{"label": "spam", "rationale": "It sells."} {"label": "ham"}',
    ],
)
def test_an_answer_is_found(text: str) -> None:
    assert read_answer(text, NAMES) == ParsedAnswer(("spam",), None, "It sells.")


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        ("", "stop", "empty"),
        ("  \n", "stop", "empty"),
        ("<think>still thinking", "length", "truncated"),
        ('{"label": "spam", "ratio', "length", "truncated"),
        ('{"label": "spam", "ratio', "stop", "invalid-json"),
        ("spam", "stop", "invalid-json"),
        ('["spam"]', "stop", "invalid-json"),
        ('{"label": "Spam"}', "stop", "unknown-label"),
        ('{"label": "spam!"}', "stop", "unknown-label"),
        ('{"label": ["spam"]}', "stop", "unknown-label"),
        ('{"label": null}', "stop", "unknown-label"),
        ('{"answer": "spam"}', "stop", "unknown-label"),
        ('{"wrong": {"label": "spam"}}', "stop", "unknown-label"),
        ('{"broken {"label": "spam"}', "stop", "invalid-json"),
        ('{"label": "spam"}', "content_filter", "refused"),
        ("{" * 5000, "stop", "invalid-json"),
        ('{"a":' * 5000, "stop", "invalid-json"),
    ],
)
def test_anything_else_is_an_abstention_with_its_reason(
    text: str, finish: str, reason: str
) -> None:
    assert read_answer(text, NAMES, finish=finish) == ParsedAnswer(None, reason)


def test_a_complete_answer_counts_even_if_the_reply_was_cut_after_it() -> None:
    assert read_answer('{"label": "ham"} and so', NAMES, finish="length").labels == ("ham",)


@pytest.mark.parametrize(
    "text",
    [
        '{"label": "spam", "rationale": "the text in <kvwx> says so"}',
        '{"label": "spam", "rationale": "\\u006bvwx> says so"}',
        'My reference is kvwx>. {"label": "spam"}',
    ],
)
def test_an_echo_of_the_marker_is_an_abstention(text: str) -> None:
    assert read_answer(text, NAMES, secrets=("kvwx>",)) == ParsedAnswer(None, "echo")


def test_a_rationale_is_one_short_clean_line() -> None:
    long = shorten("word " * 100)
    assert len(long) <= 240
    assert long.endswith("…")
    assert shorten("two\nlines\u200b \x07and\ttabs") == "two lines and tabs"
    assert shorten(["no", "string"]) == ""
