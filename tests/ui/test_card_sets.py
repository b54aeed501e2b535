"""The review card where any number of labels may apply, in Chromium before a stub of the routes."""

from __future__ import annotations

from typing import Any

import pytest
from browser import accessibility
from card_page import Desk, blind, card, schema
from card_reader import LABELS, Open, Reader, reader

__all__ = ["reader"]  # a fixture

pytestmark = pytest.mark.browser

TWO = ["fee", "top_up"]
ON = ".tb-label[aria-pressed='true']"


def proposed(record: int, *labels: str, **parts: Any) -> dict[str, Any]:
    """A card whose agent proposes these labels, in the order of the schema."""
    full = card(record, **parts)
    del full["suggestion"]["label"]
    for near in full["near"]:
        near["labels"] = [near.pop("label")]
    full["suggestion"]["labels"] = list(labels)
    full["model"] |= {"labels": ["fee"], "order": [0, 1, 2, 3]}
    return full


def open_sets(reader: Open, *cards: dict[str, Any]) -> Reader:
    desk = Desk([*cards, *(proposed(n, *TWO) for n in range(50, 60))], schema(*LABELS))
    desk.multiple = True
    return reader(desk=desk)


def stored(desk: Reader) -> list[tuple[int, str, list[str] | None]]:
    desk.saved()
    assert not any(each.get("label") for each in desk.desk.stored)
    return [(e["record"], e["outcome"], e.get("labels")) for e in desk.desk.stored]


def on(desk: Reader) -> list[str]:
    return desk.at(f"{ON} .tb-name").all_inner_texts()


def test_digits_turn_labels_on_and_off_and_enter_confirms(reader: Open) -> None:
    desk = open_sets(reader, proposed(1, *TWO), proposed(2, *TWO), blind(3), blind(4))
    desk.on(1)
    assert on(desk) == TWO  # the agent's
    assert desk.at(".tb-accept").inner_text().startswith("Accept fee + top_up")
    assert desk.at(".tb-verdict").inner_text() == "≠ model disagrees"
    desk.press("Enter", on=1)
    desk.press("4", on=2)
    desk.press("2", on=2)
    assert desk.desk.stored[1:] == []  # nothing is an answer before it is confirmed
    assert on(desk) == ["top_up", "other"]
    assert desk.at(".tb-accept").inner_text().startswith("Confirm top_up + other")
    assert "fee off: top_up + other" in desk.at(".tb-live").inner_text()
    desk.press("Enter", on=2)
    desk.press("1", on=3)
    desk.press("Enter", on=3)
    desk.on(4)
    assert stored(desk) == [
        (1, "label", TWO),
        (2, "label", ["top_up", "other"]),
        (3, "label", ["card_arrival"]),
    ]


def test_a_blind_card_has_nothing_on_and_no_label_is_said_on_purpose(reader: Open) -> None:
    desk = open_sets(reader, *(blind(n) for n in range(1, 4)), proposed(4))
    desk.on(1)
    assert on(desk) == []
    assert desk.at(".tb-accept").get_attribute("aria-disabled") == "true"
    desk.press("Enter", on=1)  # nothing was chosen, which is no answer
    assert "Choose the labels first" in desk.at(".tb-say").inner_text()
    desk.press("d", on=1)  # none applies
    desk.press("2", on=2)
    desk.press("2", on=2)  # on and off again, then confirmed
    desk.press("Enter", on=2)
    desk.press("s", on=3)
    desk.on(4)
    assert desk.at(".tb-accept").inner_text().startswith("Accept no label")
    desk.press("Enter", on=4)
    desk.on(50)
    assert stored(desk) == [
        (1, "label", []),
        (2, "label", []),
        (3, "skip", None),
        (4, "label", []),
    ]


def test_undo_and_looking_back_show_what_was_on(reader: Open) -> None:
    desk = open_sets(reader, *(proposed(n, *TWO) for n in range(1, 5)))
    desk.press("1", on=1)
    desk.press("Enter", on=1)
    desk.press("u", on=2)
    desk.on(1)
    assert on(desk) == ["card_arrival", *TWO]  # the reader's own answer, not the agent's
    desk.press("2", on=1)
    desk.press("Enter", on=1)
    desk.press("ArrowLeft", on=2)
    desk.on(1)
    assert "Already answered: card_arrival + top_up" in desk.at(".tb-was").inner_text()
    assert on(desk) == ["card_arrival", "top_up"]
    desk.press("4", on=1)  # not confirmed, so forgotten
    desk.press("ArrowRight", on=1)
    desk.press("ArrowLeft", on=2)
    desk.on(1)
    assert on(desk) == ["card_arrival", "top_up"]
    desk.press("4", on=1)
    desk.press("Enter", on=1)
    desk.on(2)
    assert stored(desk) == [
        (1, "label", ["card_arrival", *TWO]),
        (1, "undo", None),
        (1, "label", ["card_arrival", "top_up"]),
        (1, "undo", None),
        (1, "label", ["card_arrival", "top_up", "other"]),
    ]


def test_names_are_found_by_typing_and_clicked(reader: Open) -> None:
    desk = open_sets(reader, blind(1), blind(2))
    desk.press("/", on=1)
    desk.page.keyboard.type("top")
    desk.page.keyboard.press("Enter")
    assert on(desk) == ["top_up"]
    assert desk.at(".tb-filter").input_value() == ""
    assert desk.record == 1
    desk.press("Enter")  # the filter was left: this confirms
    desk.on(2)
    desk.page.wait_for_timeout(600)  # past the time of a double click
    desk.at(".tb-label", has_text="other").click()
    desk.at(".tb-label", has_text="fee").click()
    assert on(desk) == ["fee", "other"]
    desk.at(".tb-accept").click()
    desk.on(50)
    assert stored(desk) == [(1, "label", ["top_up"]), (2, "label", ["fee", "other"])]


def test_the_key_sheet_says_what_the_keys_do_here(reader: Open) -> None:
    from tiebreak.ui.pages.status import keys

    desk = open_sets(reader, proposed(1, *TWO))
    desk.press("?", on=1)
    said = {
        (", ".join(keys_.all_inner_texts()), title.inner_text())
        for title, keys_ in (
            (at, desk.at(".tb-keys dd").nth(i).locator("kbd"))
            for i, at in enumerate(desk.at(".tb-keys dt").all())
        )
    }
    assert said == set(keys(multiple=True))
    assert not any("agent's label" in does for _, does in said)
    desk.page.keyboard.press("Escape")


def test_what_is_on_is_told_to_every_reader(reader: Open) -> None:
    desk = open_sets(reader, proposed(1, *TWO))
    desk.press("1", on=1)
    assert desk.at(".tb-label").count() == desk.at(".tb-label[aria-pressed]").count()
    assert accessibility(desk.page, "#page") == []


def test_one_label_a_record_has_no_buttons_to_turn_on(reader: Open) -> None:
    desk = reader()
    desk.on(1)
    assert desk.at(".tb-label[aria-pressed]").count() == 0
