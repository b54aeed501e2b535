from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tiebreak.files.rows import clean_text, id_cell, label_cell, plain_value, text_cell


def test_clean_replaces_what_no_database_keeps():
    assert clean_text("a\0b\ud83dc") == "a\ufffdb\ufffdc"
    fit = "naïve 🙂 \t\n"
    assert clean_text(fit) == fit


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        (None, ()), ("", ()), ("  ", ()), (math.nan, ()), ([], ()), ([None, ""], ()),
        ("a", ("a",)), (" a ", ("a",)), (3, ("3",)), (3.0, ("3",)), (2.5, ("2.5",)),
        (True, ("True",)), (["a"], ("a",)), (["a", 2], ("a", "2")), ('["a", "b"]', ("a", "b")),
        ("[not json", ("[not json",)), ("[1]", ("1",)), ("[" * 9999, ("[" * 9999,)), ({"a": 1}, ()),
    ],
)  # fmt: skip
def test_labels(cell, names):
    assert label_cell(cell) == names


@pytest.mark.parametrize(
    ("cell", "id"),
    [(12.0, "12"), (12, "12"), (" x ", "x"), (None, ""), ("a\0", "a\ufffd"), (0, "0")],
)
def test_ids(cell, id):
    assert id_cell(cell) == id


@pytest.mark.parametrize(
    ("cell", "text"),
    [("a", "a"), (1.5, "1.5"), (None, ""), (math.nan, ""), (b"caf\xc3\xa9", "café"), ([], None)],
)
def test_texts(cell, text):
    assert text_cell(cell) == text


def test_plain_values_are_what_json_knows():
    when = datetime(2024, 5, 6, 7, 8, tzinfo=UTC)
    given = {
        1: [date(2024, 5, 6), when, when.time(), Decimal("1.50"), b"x", (1, None, True)],
        "n\0": {"deep": [math.inf, 1.5, 10**30, "\ud800"]},
    }
    assert plain_value(given) == {
        "1": ["2024-05-06", "2024-05-06T07:08:00+00:00", "07:08:00", "1.50", "x", [1, None, True]],
        "n\ufffd": {"deep": ["inf", 1.5, 10**30, "\ufffd"]},
    }
