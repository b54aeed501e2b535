"""The sentences: the promise with its numbers, and what it leaves open."""

from __future__ import annotations

from dataclasses import replace

from tiebreak.assurance.sentence import Claim, percent, promised, promised_stream

CLAIM = Claim(eps=0.05, delta=0.05, promise="label", labels=3712, audited=288, wrong=3)


def test_the_sentence_of_a_file() -> None:
    text = promised(CLAIM)
    assert text.startswith(
        "Before we looked, there was at most a 5 % chance that this procedure would hand you a"
        " file in which more than 5 % of the labels that no person checked differ from what a"
        " blind person would say."
    )
    assert "3,712 labels were given without a person" in text
    assert "288 blind audits, 3 counted as wrong." in text
    assert "of all labels of the file" in promised(replace(CLAIM, promise="dataset"))
    assert "2 of them not answered yet" in promised(replace(CLAIM, pending=2))


def test_without_a_certificate_nothing_is_promised() -> None:
    for claim in (replace(CLAIM, in_force=False), replace(CLAIM, labels=0)):
        assert promised(claim).startswith("Nothing is promised now. Evidence: 288")
        assert "chance" not in promised(claim)


def test_an_annotator_who_shares_the_machines_errors_does_not_make_them_none() -> None:
    """All audits agree, because the blind person errs as the machine does."""
    agreed = replace(CLAIM, wrong=0)
    assert "was not measured, and would come on top" in promised(agreed)
    measured = promised(replace(agreed, shared=0.071))
    assert "On top of that come at most 7.1 %" in measured
    for text in (promised(agreed), measured):
        assert " 0 %" not in text


def test_the_sentence_of_a_stream() -> None:
    text = promised_stream(CLAIM, 82)
    assert "of 3,712 labels issued without a person at most 82 differ" in text
    assert "at most 5 % of them" in text
    assert "About labels not yet issued nothing is promised." in text
    lapsed = promised_stream(replace(CLAIM, in_force=False), 300)
    assert "more than 5 % of them, so no label goes out as proven" in lapsed


def test_percent() -> None:
    assert [percent(x) for x in (0.05, 1 / 30, 0.005, 1.0)] == ["5 %", "3.33 %", "0.5 %", "100 %"]
